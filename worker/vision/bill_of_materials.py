"""``python -m worker.vision.bill_of_materials FILE``: add the models to a CycloneDX bill of the packages."""

import json
import sys
from pathlib import Path
from typing import Any

from worker.vision.models import WEIGHTS, Weights


def component(weights: Weights) -> dict[str, Any]:
    """Return a model as CycloneDX 1.5 describes one."""
    return {
        "type": "machine-learning-model",
        "name": Path(weights.resource).name,
        "description": f"Inside the package {weights.package}. Training data: {weights.trained_on}.",
        "hashes": [{"alg": "SHA-256", "content": weights.sha256}],
        "licenses": [{"license": {"id": weights.licence}}],
        "externalReferences": [{"type": "distribution", "url": weights.source}],
    }


def main() -> None:
    """Rewrite the bill in place."""
    path = Path(sys.argv[1])
    bill = json.loads(path.read_text())
    bill["components"] += [component(weights) for weights in WEIGHTS]
    path.write_text(json.dumps(bill, indent=2) + "\n")


if __name__ == "__main__":
    main()
