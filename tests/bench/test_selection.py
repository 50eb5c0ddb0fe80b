"""Labels of composed documents, and the outcomes that the command counts."""

import json
from pathlib import Path

import click
import cv2
import numpy as np
import pytest

from bench.selection import command
from bench.selection.document_kinds import FACELESS, KINDS
from bench.selection.documents.captures import png
from bench.selection.documents.portraits import Portraits, load_portraits
from bench.selection.documents.scene import Scene, decoded
from bench.selection.labels import Label, judge, label_of, read_labels, write_labels
from bench.selection.report import interval
from bench.selection.sources import ComposedSet, LabelledFolder
from tests.labelled.cards import smart_id
from tests.labelled.scene import outline_of
from tests.support.compose import card, head, jpeg
from worker.vision import Engine
from worker.vision.geometry import Box

PLAIN = ("portrait", "family_page", "perspective", "rotated", "large_face", FACELESS)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    names = {"obama": "Barack_Obama_0001", "obama2": "Barack_Obama_0002", "biden": "Joe_Biden_0001"}
    for name, file in (names | {"astronaut": "Eileen_Collins_0001"}).items():
        (folder / f"{file}.jpg").write_bytes(jpeg(head(name)))
    return folder


@pytest.fixture(scope="module")
def portraits(photos: Path, engine: Engine) -> Portraits:
    return load_portraits(photos, 10, 0, engine)


def test_people_are_identified_by_file_names(portraits: Portraits) -> None:
    assert len(portraits.people) == 4
    random = np.random.default_rng(0)
    for holder in portraits.people:
        assert all(other.name != holder.name for other in portraits.choose_others(random, holder, 9))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_document_with_valid_labels(portraits: Portraits, kind: str) -> None:
    document = ComposedSet(portraits, 5, 2, (kind,))[1]
    assert document == ComposedSet(portraits, 5, 2, (kind,))[1]
    label = document.label
    height, width = decoded(document.data).shape[:2]
    assert label.size == (width, height)
    assert (label.portrait is None) == (kind == FACELESS)
    assert bool(label.ghosts) >= kind.startswith("ghost_")
    assert bool(label.others) == (kind in {"certified_copy", "family_page", "beside_picture"})
    for box in (label.portrait, *label.ghosts, *label.others):
        if box is not None:
            assert 0 <= box.left < box.right <= width
            assert 0 <= box.top < box.bottom <= height


def test_another_seed_gives_another_document(portraits: Portraits) -> None:
    assert ComposedSet(portraits, 1, 1)[0].data != ComposedSet(portraits, 2, 1)[0].data


@pytest.mark.parametrize("quarters", range(4))
def test_labels_rotate_with_the_page(quarters: int) -> None:
    """A bright patch stays inside the box that labels it."""
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[10:30, 20:35] = 255
    scene = Scene(picture, outline_of(Box(20, 10, 35, 30)), (outline_of(Box(60, 5, 80, 25)),))
    turned = scene.turned(quarters)
    label = label_of(turned, "portrait", quarters)
    assert label.turned == pytest.approx(90 * quarters, abs=1)
    assert label.portrait is not None
    rows, columns = np.nonzero(turned.picture[..., 0])
    patch = Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert patch.iou(label.portrait) > 0.98
    by_label = label_of(scene, "portrait", 0).turned_by(quarters)
    assert by_label.size == label.size
    assert by_label.portrait is not None
    assert by_label.portrait.iou(label.portrait) > 0.98
    assert by_label.ghosts[0].iou(label.ghosts[0]) > 0.98


def test_a_choice_is_judged_by_position_and_rotation() -> None:
    portrait, ghost, other = Box(10, 10, 50, 60), Box(100, 10, 130, 50), Box(200, 10, 240, 60)
    label = Label("x", (300, 100), portrait, (ghost,), (other,), 90)
    assert judge(label, portrait.moved(4, 4), 120) == "right"
    assert judge(label, portrait, 270) == "not upright"
    assert judge(label, ghost, 90) == "ghost"
    assert judge(label, other, 90) == "other person"
    assert judge(label, Box(0, 80, 20, 100), 90) == "false face"
    assert judge(label, None, 0) == "none"
    empty = Label("x", (300, 100), None)
    assert judge(empty, None, 0) == "right"
    assert judge(empty, portrait, 0) == "false face"


def test_an_interval_contains_its_share() -> None:
    low, high = interval(0, 300)
    assert low == 0
    assert high == pytest.approx(0.0122, abs=1e-4)
    assert interval(0, 0) == (0.0, 1.0)


@pytest.mark.slow
def test_a_small_set_prints_a_table(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.run(photos, None, count=24, seed=1, kinds=",".join(PLAIN))
    rows = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines() if line}
    for kind in PLAIN:
        assert rows[kind][1:3] == ["4", "4"]
    assert rows["all"][1] == "24"


def test_failures_are_saved_and_can_be_measured_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One label is wrong on purpose. The failure is saved with that label."""
    folder, kept = tmp_path / "given", tmp_path / "kept"
    folder.mkdir()
    scene = smart_id("obama")
    assert scene.portrait is not None
    right = Label("card", scene.size, scene.portrait.box, tuple(ghost.box for ghost in scene.rivals))
    wrong = Label("mislabelled", scene.size, right.ghosts[0], (scene.portrait.box,))
    for name in ("right.png", "wrong.png"):
        (folder / name).write_bytes(png(scene.picture))
    write_labels(folder, {"right.png": right, "wrong.png": wrong}, {})
    command.run(None, folder, keep=kept)
    assert "1 documents in" in capsys.readouterr().out
    (entry,) = json.loads((kept / "truth.json").read_text()).values()
    assert entry["outcome"] == "ghost"
    assert cv2.imread(str(kept / "boxes" / "wrong.png")) is not None
    assert read_labels(kept)["wrong.png"].ghosts[0].iou(scene.portrait.box) > 0.99
    command.run(None, kept)
    assert "ghost: 100.00%" in capsys.readouterr().out


def test_a_labelled_folder_may_contain_pages_without_a_face_and_is_rotated(tmp_path: Path) -> None:
    (tmp_path / "card.png").write_bytes(png(card()))
    (tmp_path / "page.png").write_bytes(png(np.full((90, 60, 3), 255, np.uint8)))
    labels = {
        "card.png": {"portrait": [90, 200, 300, 450], "size": [1000, 630]},
        "page.png": {"portrait": None, "size": [60, 90]},
    }
    (tmp_path / "truth.json").write_text(json.dumps(labels))
    documents = [LabelledFolder(tmp_path, turns=True)[index] for index in range(8)]
    assert [document.label.kind for document in documents[3:5]] == ["document", "faceless"]
    assert documents[0].data == (tmp_path / "card.png").read_bytes()
    assert documents[1].label.size == (630, 1000)
    assert decoded(documents[1].data).shape == (1000, 630, 3)
    assert [document.label.turned for document in documents[:4]] == [0, 90, 180, 270]


def test_invalid_options_are_reported(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="unknown kinds: nothing"):
        command.run(photos, None, kinds="nothing")
    with pytest.raises(click.UsageError, match="either PHOTOS or --folder"):
        command.run(photos, tmp_path)
    with pytest.raises(click.ClickException, match="cannot be read"):
        command.run(None, tmp_path)
    with pytest.raises(click.ClickException, match="no usable photographs of two people"):
        command.run(tmp_path, None)
