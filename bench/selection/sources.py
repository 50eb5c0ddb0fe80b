"""Sources of labelled documents: composed on demand, or read from a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from bench.selection.document_kinds import KINDS
from bench.selection.documents.captures import jpeg, png
from bench.selection.documents.portraits import Portraits
from bench.selection.documents.scene import decoded
from bench.selection.labels import Document, Label, label_of, read_labels

_QUALITIES = 60, 95  # JPEG qualities
_LOSSLESS = "fax"  # the kind that is stored as PNG, like other black and white documents


class Source(Protocol):
    """Labelled documents by index. A source can be copied to another process."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Document: ...


@dataclass(frozen=True)
class ComposedSet:
    """Documents composed from photographs.

    Document i depends only on the seed, i, the kinds and the portraits. The kinds alternate, and each kind has all four
    orientations equally often.
    """

    portraits: Portraits
    seed: int
    count: int
    kinds: tuple[str, ...] = tuple(KINDS)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Document:
        """Compose a document."""
        kind, quarters = self.kinds[index % len(self.kinds)], index // len(self.kinds) % 4
        random = np.random.default_rng([self.seed, index])
        scene = KINDS[kind](random, self.portraits).turned(quarters)
        name = f"{index:05d}_{kind}"
        label = label_of(scene, kind, quarters)
        if kind == _LOSSLESS:
            return Document(f"{name}.png", label, png(scene.picture))
        return Document(f"{name}.jpg", label, jpeg(scene.picture, int(random.integers(*_QUALITIES))))


class LabelledFolder:
    """Pictures of a folder with a ``truth.json``, optionally in all four orientations."""

    def __init__(self, folder: Path, kinds: Sequence[str] = (), *, turns: bool = False) -> None:
        self._folder = folder
        labels = read_labels(folder)
        quarters = range(4) if turns else range(1)
        self._entries: list[tuple[str, Label, int]] = [
            (name, label, quarter)
            for name, label in sorted(labels.items())
            if not kinds or label.kind in kinds
            for quarter in quarters
        ]

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Document:
        """Read a document. A rotated document is stored as PNG without loss."""
        name, label, quarter = self._entries[index]
        data = (self._folder / name).read_bytes()
        if quarter == 0:
            return Document(name, label, data)
        turned = png(np.rot90(decoded(data), quarter))
        return Document(f"{Path(name).stem}_q{quarter}.png", label.turned_by(quarter), turned)
