"""Turning back what was turned gives what there was."""

import numpy as np
from hypothesis import given, strategies as st

from worker.vision.geometry import Box, Face, turn_face, turn_points, turn_size


@given(st.integers(10, 500), st.integers(10, 500), st.integers(0, 3))
def test_a_turned_face_turned_back_is_the_face(width: int, height: int, quarters: int) -> None:
    landmarks = np.array([[2, 3], [6, 3], [4, 5], [3, 7], [5, 7]], np.float32)
    face = Face(Box(1, 2, 7, 9), landmarks, 0.9)
    there = turn_face(face, (width, height), quarters)
    back = turn_face(there, turn_size((width, height), quarters), -quarters)
    assert back.box == face.box
    np.testing.assert_array_equal(back.landmarks, face.landmarks)


@given(st.integers(2, 40), st.integers(2, 40), st.integers(0, 3), st.data())
def test_points_go_where_rot90_puts_pixels(width: int, height: int, quarters: int, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    picture = np.zeros((height, width), np.uint8)
    picture[y, x] = 1
    centre = np.array([[x + 0.5, y + 0.5]], np.float32)
    ((turned_x, turned_y),) = turn_points(centre, (width, height), quarters)
    assert np.rot90(picture, quarters)[int(turned_y), int(turned_x)] == 1


def test_roll_is_counter_clockwise() -> None:
    # The eye on the left of the picture hangs lower: the head leans to its right, counter-clockwise as seen.
    landmarks = np.array([[10, 20], [20, 10], [0, 0], [0, 0], [0, 0]], np.float32)
    assert Face(Box(0, 0, 30, 30), landmarks, 1.0).roll == 45


def test_iou_of_a_box_with_itself_is_1_and_with_a_distant_one_0() -> None:
    box = Box(0, 0, 10, 10)
    assert box.iou(box) == 1
    assert box.iou(box.moved(20, 0)) == 0
    assert box.iou(box.moved(5, 0)) == 1 / 3
