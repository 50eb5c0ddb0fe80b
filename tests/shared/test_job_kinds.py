"""Declarations of job kinds: complete, and independent of each other."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from shared.errors import PROBLEMS
from shared.job_kinds.compare_faces import ComparisonOptions
from shared.job_kinds.declaration import JobKind
from shared.job_kinds.options import Options
from shared.job_kinds.registry import KINDS, find_kind, kind_named
from shared.jobs.record import Job, NewJob, parse_pairs
from shared.queue import BULK
from shared.schemas import ANY_JOB, JobView

JOB = {"id": "x", "status": "succeeded", "attempts": 1, "created_at": "2026-11-24T08:00:00Z"}
STORED = {**JOB, "queue": BULK, "created_at": "1780000000.5", "inputs": "{}"}


@pytest.fixture(params=KINDS, ids=lambda kind: str(kind.name))
def kind(request: pytest.FixtureRequest) -> JobKind:
    found: JobKind = request.param
    return found


def test_a_kind_is_found_by_its_name(kind: JobKind) -> None:
    assert kind_named(kind.name) is find_kind(kind.name) is kind
    assert find_kind("unknown") is None


def test_every_error_of_a_kind_is_in_the_table_of_errors(kind: JobKind) -> None:
    assert {*kind.errors, *kind.options.error_codes()} <= PROBLEMS.keys()


def test_no_option_has_the_name_of_another_field_of_a_record(kind: JobKind) -> None:
    others = Job.__dataclass_fields__.keys() | {"token", "ended_by", "lease", *kind.input_names}
    assert not kind.options.names() & others


def test_the_example_is_a_result_of_the_kind(kind: JobKind) -> None:
    result = kind.result.model_validate(kind.example)
    assert json.loads(result.model_dump_json()) == kind.example


def test_every_column_has_a_cell_for_the_example(kind: JobKind) -> None:
    cells = {name: cell(kind.example) for name, cell in kind.columns.items()}
    assert all(cell is not None for cell in cells.values()), cells


def test_pictures_are_omitted_and_nothing_else(kind: JobKind) -> None:
    pictured = json.loads(json.dumps(kind.example))
    for path in kind.pictures:
        *outer, last = path
        inside: dict[str, Any] = pictured
        for name in outer:
            inside = inside[name]
        inside[last] = "data:image/jpeg;base64,AAAA"
    before = json.dumps(pictured)
    without = kind.without_pictures(pictured)
    assert json.dumps(pictured) == before
    assert "data:image" not in json.dumps(without)
    assert without.keys() | {path[0] for path in kind.pictures} == pictured.keys()
    assert kind.without_pictures(without) == without


def test_the_result_of_a_job_is_that_of_its_kind(kind: JobKind) -> None:
    view = ANY_JOB.validate_python({**JOB, "kind": kind.name, "result": kind.example})
    assert isinstance(view, JobView)
    assert isinstance(view.result, kind.result)
    for other in KINDS:
        if other is not kind:
            with pytest.raises(ValidationError):
                ANY_JOB.validate_python({**JOB, "kind": kind.name, "result": other.example})


def test_a_job_of_a_kind_that_is_not_declared_can_be_shown_but_not_read() -> None:
    job = {**JOB, "kind": "newer"}
    assert JobView.model_validate(job).kind == "newer"
    with pytest.raises(ValidationError):
        ANY_JOB.validate_python(job)


def test_a_record_stores_each_option_that_is_chosen_under_its_name() -> None:
    options = ComparisonOptions.read({"threshold": "0.25", "portraits": "yes"})
    fields = parse_pairs(NewJob("compare-faces", BULK, {}, options).dump())
    assert fields == {"kind": "compare-faces", "inputs": "{}", "threshold": "0.25", "portraits": "1"}
    assert Job.parse({**fields, **{name: str(value) for name, value in STORED.items()}}).options == options


def test_a_record_of_a_kind_that_this_version_does_not_have_can_be_read() -> None:
    job = Job.parse({**{name: str(value) for name, value in STORED.items()}, "kind": "newer", "depth": "3"})
    assert (job.kind, job.options) == ("newer", Options())
