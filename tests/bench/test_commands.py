"""The benchmark commands for accuracy, run on real photographs."""

import csv
import json
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from bench.__main__ import main
from bench.measures.groups import ENOUGH_PEOPLE
from bench.recognition import degradation, lfw, verification
from bench.recognition.pairs import read_pairs
from bench.recognition.printed_cards import CONDITIONS, captured_card
from tests.support.compose import head, jpeg
from tests.support.custom_encoder import manifest
from worker.vision import EncoderChoice, extract_face, load_engine
from worker.vision.engine import default_engine


def bench(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def lfw_folder(tmp_path: Path) -> Path:
    """Return a folder in the layout of LFW: two people, and two folds with one pair of each kind."""
    people = {"Barack_Obama": ["obama", "obama2"], "Joe_Biden": ["biden", "biden"]}
    for person, names in people.items():
        for index, name in enumerate(names, 1):
            path = tmp_path / "lfw" / person / f"{person}_{index:04d}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg(head(name), quality=90 + index))
    matched, mismatched = "Barack_Obama\t1\t2", "Barack_Obama\t1\tJoe_Biden\t1"
    text = f"2\t1\n{matched}\n{mismatched}\nJoe_Biden\t1\t2\n{mismatched}\n"
    (tmp_path / "lfw" / "pairs.txt").write_text(text)
    return tmp_path / "lfw"


def labelled(lfw_folder: Path, rows: list[tuple[str, str, int, str]]) -> Path:
    path = lfw_folder / "pairs.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("first", "second", "same", "group"), *rows])
    return path


OBAMA, OBAMA_2 = "Barack_Obama/Barack_Obama_0001.jpg", "Barack_Obama/Barack_Obama_0002.jpg"
BIDEN, BIDEN_2 = "Joe_Biden/Joe_Biden_0001.jpg", "Joe_Biden/Joe_Biden_0002.jpg"


@pytest.mark.parametrize("encoder", ["sface", "dlib"])
def test_the_lfw_protocol_runs_on_its_layout(lfw_folder: Path, encoder: str) -> None:
    pairs = lfw.read_pairs(lfw_folder)
    assert [(pair.same, pair.fold) for pair in pairs] == [(True, 0), (False, 0), (True, 1), (False, 1)]
    result = bench("lfw", lfw_folder, "--encoder", encoder)
    assert "accuracy, 10-fold         100.0000%" in result.output
    assert "failures to detect        0 of 4" in result.output
    assert "true match rate at 1e-03" in result.output


def test_a_small_group_has_no_statement_and_does_not_change_the_manifest(lfw_folder: Path, tmp_path: Path) -> None:
    pairs = labelled(lfw_folder, [(OBAMA, OBAMA_2, 1, "a"), (OBAMA, BIDEN, 0, "a"), (OBAMA_2, BIDEN, 0, "")])
    path = manifest(tmp_path)
    before = path.read_text()
    result = bench("calibrate", pairs, "--manifest", path)
    assert f"too few people for a statement (fewer than {ENOUGH_PEOPLE})" in result.output
    assert result.exit_code == 1
    assert "too few impostor pairs for a rate of 0.001" in result.output
    assert path.read_text() == before


def test_a_copy_of_a_picture_is_not_another_person(lfw_folder: Path) -> None:
    (lfw_folder / "copy.jpg").write_bytes((lfw_folder / OBAMA).read_bytes())
    rows = [(OBAMA, OBAMA_2, 1, ""), (OBAMA_2, BIDEN, 0, ""), ("copy.jpg", BIDEN, 0, ""), (OBAMA, BIDEN_2, 0, "")]
    output = bench("calibrate", labelled(lfw_folder, rows)).output
    assert "1 identical copies of pictures left out" in output
    assert "merged 1 people with others" in output  # both photographs of Biden are the same, with different compression
    assert "\n2 people\n" in output


def test_calibration_writes_a_valid_manifest(lfw_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests check the statistics on arrays. Here, a rate may depend on the pairs of two people."""
    monkeypatch.setattr("bench.measures.rate_table.MIN_PAIRS", 0.1)
    pairs = labelled(lfw_folder, [(OBAMA, OBAMA_2, 1, "a"), (OBAMA, BIDEN, 0, "a"), (OBAMA_2, BIDEN, 0, "b")])
    path = manifest(tmp_path, threshold=0.9, false_match_rates=None)
    result = bench("calibrate", pairs, "--manifest", path, "--rate", "0.1")
    assert "threshold 0.9, the encoder's own" in result.output
    assert "of the manifest as written, for a rate of 0.1" in result.output
    content = json.loads(path.read_text())
    assert 0 < content["threshold"] < 0.9
    calibration = load_engine(encoder=EncoderChoice(manifest=path)).calibration
    assert calibration.threshold == pytest.approx(0.8)
    assert calibration.threshold_at(0.1) == pytest.approx(0.8)


def test_the_error_names_a_missing_picture(lfw_folder: Path) -> None:
    result = bench("calibrate", labelled(lfw_folder, [("missing.jpg", OBAMA, 0, "")]))
    assert result.exit_code == 1
    assert "missing.jpg" in result.output


@pytest.mark.parametrize(
    ("line", "message"),
    [("a.jpg,b.jpg,y", r"line 2: .*same must be 1 or 0"), ("a.jpg", "line 2"), (";;", "line 2")],
)
def test_the_error_names_an_invalid_line(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(f"\ufefffirst,second,same\n{line}\n", encoding="utf-8")
    with pytest.raises(click.ClickException, match=message):
        read_pairs(file)


def test_cards_are_compared_by_condition(lfw_folder: Path) -> None:
    result = bench("verification", lfw_folder, "--pairs", 2)
    assert "2 pairs of 2 people" in result.output
    for condition in CONDITIONS:
        assert condition.name in result.output
    assert "default (0.600)" in result.output


def test_degradation_results_are_grouped_by_the_quality_measure(
    lfw_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = degradation.Series(
        "eye distance", lambda quality: quality.eye_distance, (degradation.reduced(20),), (0, 30)
    )
    monkeypatch.setattr(degradation, "SERIES", (series,))
    output = bench("evidence", lfw_folder, "--pairs", 2).output
    assert "2 pairs, each photograph degraded in turn" in output
    (row,) = [line for line in output.splitlines() if " to " in line and "%" in line]
    assert row.split()[:4] == ["0", "to", "30", "4"]


def test_a_printed_portrait_has_the_requested_size() -> None:
    portrait = verification.head(jpeg(head("obama")), default_engine())
    eyes = []
    for condition in CONDITIONS[:3]:
        card = captured_card(portrait, condition, np.random.default_rng(0))
        eyes.append(extract_face(card).quality.eye_distance)
    assert eyes[0] / eyes[1] == pytest.approx(2, rel=0.1)
    assert eyes[1] / eyes[2] == pytest.approx(100 / 60, rel=0.1)


@pytest.mark.parametrize("command", [("backlog", "--depths"), ("scale", "--workers")])
@pytest.mark.parametrize("numbers", ["2,1", "1,1", "0,1", "one", ""])
def test_a_measure_of_growth_needs_ascending_numbers(command: tuple[str, str], numbers: str) -> None:
    result = bench(*command, numbers)
    assert result.exit_code == 2
    assert "in ascending order" in result.output
