"""``python -m worker.vision.models.bill_of_materials FILE``: adds the models to a CycloneDX bill of materials."""

import json
import sys
from pathlib import Path
from typing import Any

from worker.vision.models.weights import WEIGHTS, PublishedFile

_DLIB_MODELS = "https://github.com/davisking/dlib-models"

REFERENCE = (
    PublishedFile(
        package="face_recognition_models",
        resource="models/shape_predictor_68_face_landmarks.dat",
        sha256="fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
        licence="CC0-1.0",
        source=_DLIB_MODELS,
        trained_on="iBUG 300-W, whose licence excludes commercial use",
    ),
    PublishedFile(
        package="face_recognition_models",
        resource="models/mmod_human_face_detector.dat",
        sha256="4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
        licence="CC0-1.0",
        source=_DLIB_MODELS,
        trained_on="faces from ImageNet, AFLW, Pascal VOC, VGG Face, WIDER FACE and FaceScrub",
    ),
)
"""Models that the package face_recognition loads. They are used only with ``VISION_ENGINE=face_recognition``."""


def component(weights: PublishedFile) -> dict[str, Any]:
    """Return a model as a CycloneDX 1.5 component."""
    return {
        "type": "machine-learning-model",
        "name": Path(weights.resource).name,
        "description": f"Inside the package {weights.package}. Training data: {weights.trained_on}.",
        "hashes": [{"alg": "SHA-256", "content": weights.sha256}],
        "licenses": [{"license": {"id": weights.licence}}],
        "externalReferences": [{"type": "distribution", "url": weights.source}],
    }


def main() -> None:
    """Rewrite the file in place."""
    path = Path(sys.argv[1])
    bill = json.loads(path.read_text())
    bill["components"] += [component(weights) for weights in (*WEIGHTS, *REFERENCE)]
    path.write_text(json.dumps(bill, indent=2) + "\n")


if __name__ == "__main__":
    main()
