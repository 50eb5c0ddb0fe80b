"""Quarter turns, roll and overlap of boxes."""

import numpy as np
from hypothesis import given, strategies as st

from worker.vision.geometry import Box, DetectedFace, turn_face, turn_points, turn_size


@given(st.integers(10, 500), st.integers(10, 500), st.integers(0, 3))
def test_turning_a_face_back_gives_the_face(width: int, height: int, quarters: int) -> None:
    landmarks = np.array([[2, 3], [6, 3], [4, 5], [3, 7], [5, 7]], np.float32)
    face = DetectedFace(Box(1, 2, 7, 9), landmarks, 0.9)
    there = turn_face(face, (width, height), quarters)
    back = turn_face(there, turn_size((width, height), quarters), -quarters)
    assert back.box == face.box
    np.testing.assert_array_equal(back.landmarks, face.landmarks)


@given(st.integers(2, 40), st.integers(2, 40), st.integers(0, 3), st.data())
def test_points_are_turned_like_pixels_by_rot90(width: int, height: int, quarters: int, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    picture = np.zeros((height, width), np.uint8)
    picture[y, x] = 1
    centre = np.array([[x + 0.5, y + 0.5]], np.float32)
    ((turned_x, turned_y),) = turn_points(centre, (width, height), quarters)
    assert np.rot90(picture, quarters)[int(turned_y), int(turned_x)] == 1


def test_roll_is_counter_clockwise() -> None:
    # The eye on the left of the picture is lower: the head leans counter-clockwise as the viewer sees it.
    landmarks = np.array([[10, 20], [20, 10], [0, 0], [0, 0], [0, 0]], np.float32)
    assert DetectedFace(Box(0, 0, 30, 30), landmarks, 1.0).roll == 45


def test_iou_is_1_for_equal_boxes_and_0_for_disjoint_boxes() -> None:
    box = Box(0, 0, 10, 10)
    assert box.iou(box) == 1
    assert box.iou(box.moved(20, 0)) == 0
    assert box.iou(box.moved(5, 0)) == 1 / 3
