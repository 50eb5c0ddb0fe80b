"""Documents without a face never give a false portrait."""

import numpy as np
import pytest

from tests.labelled.faceless import back_of_a_card, bank_card, clouds, page_of_text
from tests.support.compose import png
from worker.vision import Engine, NoFaceError, extract_face

pytestmark = pytest.mark.accuracy


@pytest.mark.parametrize("make", [bank_card, back_of_a_card, page_of_text, clouds])
@pytest.mark.parametrize(
    ("seed", "quarters"),
    [(0, 0), (0, 1), *(pytest.param(seed, seed % 2, marks=pytest.mark.slow) for seed in range(1, 5))],
)
def test_no_face_is_found_on_a_document_without_one(make: object, seed: int, quarters: int, engine: Engine) -> None:
    picture = make(np.random.default_rng(seed))  # type: ignore[operator]
    with pytest.raises(NoFaceError):
        extract_face(png(np.ascontiguousarray(np.rot90(picture, quarters))), engine=engine)
