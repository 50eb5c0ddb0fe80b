"""Error rates are counted right, and both harnesses run on real photographs."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st

from bench import lfw, verification
from bench.__main__ import main
from bench.calibrate import largest_ratio
from bench.verification import Rate
from tests.compose import head, jpeg
from tests.vision.test_operator_encoder import manifest

DISTANCES = np.array([0.2, 0.4, 0.7, 0.5, 0.8, 0.9])
SAME = np.array([True, True, True, False, False, False])


def test_error_rates_are_counted_by_kind_of_pair() -> None:
    assert verification.false_match(DISTANCES, SAME, 0.6).errors == 1
    assert verification.false_non_match(DISTANCES, SAME, 0.6).errors == 1
    assert verification.accuracy(DISTANCES, SAME, 0.6) == pytest.approx(4 / 6)


def test_the_threshold_at_a_rate_keeps_the_rate() -> None:
    assert 0.4 < verification.threshold_at(DISTANCES, SAME, 0.0) < 0.5
    assert 0.5 < verification.threshold_at(DISTANCES, SAME, 0.34) < 0.8


@given(st.lists(st.tuples(st.floats(0, 2), st.booleans()), min_size=2, max_size=40))
def test_no_threshold_is_better_than_the_best(pairs: list[tuple[float, bool]]) -> None:
    distances, same = np.array([d for d, _ in pairs]), np.array([s for _, s in pairs])
    best = verification.accuracy(distances, same, verification.best_threshold(distances, same))
    for threshold in [-1.0, *distances]:
        assert verification.accuracy(distances, same, threshold) <= best + 1e-12


def test_folds_choose_their_threshold_on_the_others() -> None:
    distances = np.array([0.1, 0.9, 0.2, 0.8, 0.5, 0.4])
    same = np.array([True, False, True, False, True, False])
    mean, _ = verification.ten_fold(distances, same, np.array([0, 0, 1, 1, 2, 2]))
    assert mean == pytest.approx((1 + 1 + 0.5) / 3, abs=0.34)
    assert mean < 1


def test_an_interval_contains_its_rate() -> None:
    low, high = Rate(3, 1000).interval
    assert low < 0.003 < high
    assert Rate(0, 100).interval[0] == 0


def test_the_largest_ratio_is_honest_about_groups_without_errors() -> None:
    assert largest_ratio([Rate(2, 100), Rate(6, 100)]) == "3.00"
    assert largest_ratio([Rate(0, 100), Rate(6, 100)]).startswith("at least 1.")
    assert largest_ratio([Rate(0, 100), Rate(0, 10)]) == "no errors in any group"


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Return a folder in the layout of LFW: two people, two folds of one pair each kind."""
    people = {"Barack_Obama": ["obama", "obama2"], "Joe_Biden": ["biden", "biden"]}
    for person, names in people.items():
        for index, name in enumerate(names, 1):
            path = tmp_path / "lfw" / person / f"{person}_{index:04d}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg(head(name)))
    matched, mismatched = "Barack_Obama\t1\t2", "Barack_Obama\t1\tJoe_Biden\t1"
    text = f"2\t1\n{matched}\n{mismatched}\nJoe_Biden\t1\t2\n{mismatched}\n"
    (tmp_path / "lfw" / "pairs.txt").write_text(text)
    return tmp_path / "lfw"


def test_the_lfw_protocol_runs_on_its_layout(album: Path) -> None:
    pairs = lfw.read_pairs(album)
    assert [(pair.same, pair.fold) for pair in pairs] == [(True, 0), (False, 0), (True, 1), (False, 1)]
    result = CliRunner().invoke(main, ["lfw", str(album)], catch_exceptions=False)
    assert "accuracy, 10-fold         100.0000%" in result.output
    assert "failures to detect        0 of 4" in result.output
    assert "true match rate at 1e-03" in result.output


def test_calibration_measures_groups_and_writes_the_manifest(album: Path, tmp_path: Path) -> None:
    def name(person: str, index: int) -> str:
        return f"lfw/{person}/{person}_{index:04d}.jpg"

    rows = [
        (name("Barack_Obama", 1), name("Barack_Obama", 2), 1, "a"),
        (name("Joe_Biden", 1), name("Joe_Biden", 2), 1, "b"),
        (name("Barack_Obama", 1), name("Joe_Biden", 1), 0, "a"),
        (name("Barack_Obama", 2), name("Joe_Biden", 1), 0, "b"),
    ]
    assert album.is_dir()
    with (tmp_path / "pairs.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("first", "second", "same", "group"), *rows])
    path = manifest(tmp_path, threshold=0.9, false_match_rates=None)
    command = ["calibrate", str(tmp_path / "pairs.csv"), "--manifest", str(path), "--rate", "0.001"]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert "differential performance at threshold 0.9" in result.output
    assert "largest ratio" in result.output
    content = json.loads(path.read_text())
    assert 0 < content["threshold"] < 0.9
    assert content["false_match_rates"][-1][1] <= 1
    distances = [distance for distance, _ in content["false_match_rates"]]
    assert distances == sorted(distances)
