"""Handlers: one for each declared kind, and what becomes of their errors."""

import dataclasses

import pytest

from shared.errors import SetupError
from shared.job_kinds.compare_faces import ComparisonOptions
from shared.job_kinds.registry import KINDS
from tests.support.compose import card, jpeg
from worker.handlers import compare_faces, registry
from worker.handlers.handler import HandlerContext, HandlerError
from worker.handlers.registry import HANDLERS
from worker.vision import Engine, Limits, QualityLimits

CARD = jpeg(card())
PAIR = {"selfie": CARD, "id_photo": CARD}


@pytest.fixture
def context(engine: Engine) -> HandlerContext:
    return HandlerContext(engine, Limits(), QualityLimits(), threshold=0.4)


def test_every_kind_has_a_handler_that_returns_its_result(context: HandlerContext) -> None:
    assert HANDLERS.keys() == {kind.name for kind in KINDS}
    for kind in KINDS:
        result = HANDLERS[kind.name](dict.fromkeys(kind.input_names, CARD), kind.options(), context)
        assert isinstance(result, kind.result)


def test_a_kind_without_a_handler_is_a_mistake_of_the_set_up() -> None:
    kind = dataclasses.replace(KINDS[0], name="not-there")
    with pytest.raises(SetupError, match=r"not-there has no handler: worker\.handlers\.not_there"):
        registry._load(kind)


@pytest.mark.parametrize(("threshold", "expected"), [(None, 0.4), (0.0, 0.0), (1.5, 1.5)])
def test_the_threshold_of_the_request_replaces_that_of_the_service(
    context: HandlerContext, threshold: float | None, expected: float
) -> None:
    result = compare_faces.run(PAIR, ComparisonOptions(threshold=threshold), context)
    assert result.threshold == expected


def test_a_false_match_rate_that_was_not_measured_has_an_error_code(context: HandlerContext) -> None:
    with pytest.raises(HandlerError) as raised:
        compare_faces.run(PAIR, ComparisonOptions(false_match_rate=1e-9), context)
    assert (raised.value.code, raised.value.field) == ("unmeasured_rate", "false_match_rate")
