"""The job kind in CONTRIBUTING.md works as it stands there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.compose import card, jpeg
from tests.support.servers import ROOT
from tests.support.toy_kind import service_with_kind

USE = """
import json, sys
from api.app import create_app
from shared.job_kinds.registry import kind_named
from shared.settings import Settings
from worker.handlers.handler import HandlerContext
from worker.handlers.registry import HANDLERS
from worker.vision import Limits, QualityLimits, load_engine

kind = kind_named("count-faces")
context = HandlerContext(load_engine(), Limits(), QualityLimits())
document = open(sys.argv[1], "rb").read()
result = HANDLERS[kind.name]({"file": document}, kind.options(), context)
paths = create_app(Settings(redis_url="redis://not-connected-to")).openapi()["paths"]
print(json.dumps([result.model_dump(), [path for path in paths if "count-faces" in path]]))
"""


@pytest.mark.long
def test_the_two_files_are_a_kind(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text().partition("## Add a job kind")[2].partition("\n## ")[0]
    declaration, handler = map(dedent, re.findall(r"^ *```python\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE))
    service = service_with_kind(tmp_path / "service", "count_faces", declaration, handler)
    (tmp_path / "card.jpg").write_bytes(jpeg(card()))
    environment = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    command = [sys.executable, "-c", USE, str(tmp_path / "card.jpg")]
    used = subprocess.run(command, cwd=service, env=environment, capture_output=True, text=True, check=False)
    assert used.returncode == 0, used.stderr
    result, paths = json.loads(used.stdout.splitlines()[-1])
    assert result == {"success": True, "total_faces": 1}
    assert paths == ["/count-faces", "/jobs/count-faces"]
