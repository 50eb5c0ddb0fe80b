"""``python -m api.healthcheck``: the health check for containers."""

import os
import subprocess
import sys

import pytest

from api import healthcheck
from tests.api.conftest import Serve
from tests.support.servers import ROOT, free_port


def test_the_check_passes_if_jobs_are_accepted(monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
    monkeypatch.setattr(sys, "argv", ["healthcheck", serve().rpartition(":")[2]])
    healthcheck.main()


def test_without_a_port_the_check_uses_the_port_in_the_settings(serve: Serve) -> None:
    environment = os.environ | {"PORT": serve().rpartition(":")[2]}
    command = [sys.executable, "-m", "api.healthcheck"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


@pytest.mark.parametrize("listens", [True, False], ids=["Redis unreachable", "API not running"])
def test_the_check_fails_if_jobs_are_not_accepted(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, *, listens: bool
) -> None:
    url = serve(redis_url=f"redis://127.0.0.1:{free_port()}/0") if listens else ""
    monkeypatch.setattr(sys, "argv", ["healthcheck", url.rpartition(":")[2] if listens else str(free_port())])
    with pytest.raises(SystemExit, match="healthcheck"):
        healthcheck.main()


def test_with_a_port_the_check_does_not_load_the_settings() -> None:
    program = "import sys, api.healthcheck; print('pydantic' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "False"
