"""``python -m api.healthcheck``: the health check for containers."""

import pytest

from api import healthcheck
from shared.settings import Settings
from tests.api.conftest import Serve
from tests.support.servers import free_port


def test_the_check_passes_if_jobs_are_accepted(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, serve: Serve
) -> None:
    port = int(serve().rpartition(":")[2])
    monkeypatch.setattr(healthcheck, "get_settings", lambda: settings.model_copy(update={"port": port}))
    healthcheck.main()


@pytest.mark.parametrize("listens", [True, False], ids=["Redis unreachable", "API not running"])
def test_the_check_fails_if_jobs_are_not_accepted(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, serve: Serve, *, listens: bool
) -> None:
    url = serve(redis_url=f"redis://127.0.0.1:{free_port()}/0") if listens else ""
    port = int(url.rpartition(":")[2]) if listens else free_port()
    monkeypatch.setattr(healthcheck, "get_settings", lambda: settings.model_copy(update={"port": port}))
    with pytest.raises(SystemExit, match="healthcheck"):
        healthcheck.main()
