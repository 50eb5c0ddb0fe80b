"""Coverage-guided fuzzing of documents -> pages -> faces: ``python -m tests.fuzz.guided -runs=10000``.

The options are those of libFuzzer. The fuzzer measures the coverage of our Python code and of Pillow's. The decoders
are not instrumented.
"""

import random
import sys
from contextlib import suppress

import atheris

with atheris.instrument_imports(include=["worker.vision", "PIL"]):
    from worker.vision import VisionError, extract_face, load_engine

from tests.fuzz.corpus import MUTATIONS, seeds

_ENGINE = load_engine()


def read(data: bytes) -> None:
    """Read a document. Every document must give a face or one of our own errors."""
    with suppress(VisionError):
        extract_face(data, engine=_ENGINE)


def mutate(data: bytes, maximum: int, seed: int) -> bytes:
    """Mutate an input with one of our mutations or with libFuzzer's."""
    chance = random.Random(seed)  # noqa: S311 - not for security
    if len(data) < 8:
        return chance.choice(seeds())[:maximum]  # libFuzzer starts with an empty input
    if chance.random() < 0.3:
        return bytes(atheris.Mutate(data, maximum))
    changed = bytearray(data)
    chance.choice(MUTATIONS)(changed, chance)
    return bytes(changed[:maximum])


def main() -> None:
    """Fuzz until the limit of the options or until a failure."""
    options = ["-max_len=200000", "-timeout=30", "-rss_limit_mb=3000", "-len_control=0"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:]], read, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
