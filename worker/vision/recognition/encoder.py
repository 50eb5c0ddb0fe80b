"""The interface of a face encoder."""

from collections.abc import Sequence
from typing import Protocol

from worker.vision.geometry import Image
from worker.vision.page_face import PageFace
from worker.vision.recognition.calibration import Calibration, Embedding


class Encoder(Protocol):
    """Turns a face into an embedding."""

    @property
    def calibration(self) -> Calibration:
        """The meaning of distances between its embeddings."""
        ...

    def align(self, page_face: PageFace) -> Image:
        """Cut a face out of its page, aligned as :meth:`embed` takes it: uint8 RGB."""
        ...

    def embed(self, chips: Sequence[Image]) -> list[Embedding]:
        """Embed aligned faces."""
        ...
