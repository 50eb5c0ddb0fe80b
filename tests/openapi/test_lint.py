"""The API's description satisfies the rules of two linters, without errors and without warnings."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.api_keys import write_key_file
from tests.support.npm import INSTALL_TIMEOUT, npm_packages
from tests.support.openapi import openapi_description

HERE = Path(__file__).parent

# Neither reports to its makers, nor asks them for newer versions.
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}

LINTERS = {
    "redocly": ("@redocly/cli/bin/cli.js", "lint", "--format=json", f"--config={HERE / 'redocly.yaml'}"),
    "spectral": (
        *("@stoplight/spectral-cli/dist/index.js", "lint", "--format=json", "--quiet"),
        *("--fail-severity=hint", f"--ruleset={HERE / '.spectral.yaml'}"),
    ),
}

pytestmark = pytest.mark.timeout(INSTALL_TIMEOUT + 60)


@pytest.fixture(scope="module")
def tools() -> Path:
    return npm_packages(HERE)


@pytest.fixture(params=["open to all", "with API keys"])
def description(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, object]:
    keys = write_key_file(tmp_path)[0] if request.param == "with API keys" else None
    return openapi_description(data_dir=tmp_path, api_keys_file=keys)


def complaints(tools: Path, linter: str, description: dict[str, object], folder: Path) -> list[str]:
    """Return what a linter finds, warnings and hints included."""
    program, *arguments = LINTERS[linter]
    (folder / "openapi.json").write_text(json.dumps(description, indent=2))
    command = ["node", str(tools / program), *arguments, "openapi.json"]
    done = subprocess.run(command, cwd=folder, env=os.environ | QUIET, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout) if done.stdout else pytest.fail(done.stderr)
    found = report["problems"] if linter == "redocly" else report
    return [f"{problem.get('ruleId') or problem.get('code')}: {problem['message']}" for problem in found]


@pytest.mark.parametrize("linter", LINTERS)
def test_a_linter_has_nothing_to_complain_of(
    tools: Path, linter: str, description: dict[str, object], tmp_path: Path
) -> None:
    assert complaints(tools, linter, description, tmp_path) == []


@pytest.mark.parametrize(
    ("linter", "rule"),
    [
        ("redocly", "no-empty-servers"),
        pytest.param("spectral", "oas3-api-servers", marks=pytest.mark.slow),
    ],
)
def test_a_linter_complains_of_a_fault(
    tools: Path, linter: str, rule: str, description: dict[str, object], tmp_path: Path
) -> None:
    (found,) = complaints(tools, linter, description | {"servers": []}, tmp_path)
    assert found.startswith(rule)
