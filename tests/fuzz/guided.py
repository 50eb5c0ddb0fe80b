"""Coverage-guided fuzzing of documents -> pages -> faces: ``python -m tests.fuzz.guided -runs=10000``.

The options are libFuzzer's.
What is guided by is the coverage of Python's code, ours and Pillow's; the decoders' own is not instrumented.
"""

import random
import sys
from contextlib import suppress

import atheris

with atheris.instrument_imports(include=["worker.vision", "PIL"]):
    from worker.vision import VisionError, extract_face, load_engine

from tests.fuzz.corpus import CHANGES, seeds

_ENGINE = load_engine()


def read(data: bytes) -> None:
    """Read a document: whatever it is, there is a face, or one of our own errors."""
    with suppress(VisionError):
        extract_face(data, engine=_ENGINE)


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Change an input: as we would where there is something to change, or as libFuzzer would."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    if len(data) < 8:
        return chance.choice(seeds())[:most]  # libFuzzer begins with nothing
    if chance.random() < 0.3:
        return bytes(atheris.Mutate(data, most))
    changed = bytearray(data)
    chance.choice(CHANGES)(changed, chance)
    return bytes(changed[:most])


def main() -> None:
    """Fuzz until the options say that it is enough, or something breaks."""
    options = ["-max_len=200000", "-timeout=30", "-rss_limit_mb=3000", "-len_control=0"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:]], read, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
