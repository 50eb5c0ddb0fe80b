"""Pairs of photographs and documents of the same person or of different people."""

from dataclasses import dataclass
from functools import cache

from tests.labelled import cards, pages
from tests.labelled.effects import dim, grey, photocopied
from tests.labelled.faces import PERSONS
from tests.support.compose import jpeg
from tests.support.photos import photo, photo_bytes

_OTHER_FILES = ("32bit.png", "obama_partial_face.jpg", "obama_partial_face2.jpg")
"""Files of the source distribution: a PNG with an alpha channel, and two photographs that show a part of the face."""


@dataclass(frozen=True)
class Sample:
    """A picture of a person; JPEG or PNG."""

    name: str
    person: str
    data: bytes


@cache
def samples() -> tuple[Sample, ...]:
    """Return the pinned photographs, followed by documents that show one of them."""
    photographs = [Sample(f"{name}.jpg", person, jpeg(photo(name))) for name, person in PERSONS.items()]
    scenes = {
        "card-obama": cards.portrait_left("obama"),
        "card-obama2": cards.portrait_right("obama2"),
        "card-obama3": cards.smart_id("obama3"),
        "card-biden": cards.portrait_top("biden"),
        "card-astronaut": cards.portrait_left("astronaut"),
        "passport-grey-obama": pages.passport("obama").changed(grey),
        "passport-low-light-biden": pages.passport("biden").changed(dim(0.3)),
        "passport-copy-astronaut": pages.passport("astronaut").changed(photocopied),
    }
    documents = [
        Sample(f"{name}.jpg", PERSONS[name.rpartition("-")[2]], jpeg(scene.picture)) for name, scene in scenes.items()
    ]
    files = [Sample(name, "obama", photo_bytes(name)) for name in _OTHER_FILES]
    return (*photographs, *documents, *files)


def sample_pairs() -> list[tuple[Sample, Sample]]:
    """Return every pair of samples once; the first members of the leading pairs are all different."""
    all_samples = samples()
    count = len(all_samples)
    return [
        (all_samples[index], all_samples[index + step]) for step in range(1, count) for index in range(count - step)
    ]
