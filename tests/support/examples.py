"""The requests whose results are the examples in the OpenAPI description.

``python -m tests.support.examples URL`` updates the examples.
"""

import json
import sys
from pathlib import Path

import cv2
import httpx
import numpy as np

from tests.support.compose import card, jpeg
from tests.support.photos import photo

FOLDER = Path(__file__).parents[2] / "shared" / "job_kinds" / "examples"


def extraction_file() -> bytes:
    """Return a small card, so that the example is short. The photograph by NASA is in the public domain."""
    small = cv2.resize(card("astronaut"), (400, 252), interpolation=cv2.INTER_AREA)
    return jpeg(np.asarray(small, np.uint8))


def comparison_files() -> dict[str, bytes]:
    """Return a photograph and a card of the same person."""
    return {"selfie": jpeg(photo("astronaut")), "id_photo": jpeg(card("astronaut"))}


def main() -> None:
    """Send the requests to a running service and save the responses."""
    with httpx.Client(base_url=sys.argv[1], timeout=60) as client:
        responses = {
            "extract-face": client.post("/extract-face", files={"file": extraction_file()}),
            "compare-faces": client.post("/compare-faces", files=comparison_files()),
        }
    for name, response in responses.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(response.raise_for_status().json(), indent=2) + "\n")


if __name__ == "__main__":
    main()
