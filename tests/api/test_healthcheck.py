"""``python -m api.healthcheck``: whether the API of this host accepts jobs, for containers."""

import pytest

from api import healthcheck
from shared.settings import Settings
from tests.api.conftest import Serve
from tests.support.servers import free_port


def test_it_passes_where_jobs_are_accepted(monkeypatch: pytest.MonkeyPatch, settings: Settings, serve: Serve) -> None:
    port = int(serve().rpartition(":")[2])
    monkeypatch.setattr(healthcheck, "get_settings", lambda: settings.model_copy(update={"port": port}))
    healthcheck.main()


@pytest.mark.parametrize("listens", [True, False], ids=["Redis is away", "nothing listens"])
def test_it_fails_where_they_are_not(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, serve: Serve, *, listens: bool
) -> None:
    url = serve(redis_url=f"redis://127.0.0.1:{free_port()}/0") if listens else ""
    port = int(url.rpartition(":")[2]) if listens else free_port()
    monkeypatch.setattr(healthcheck, "get_settings", lambda: settings.model_copy(update={"port": port}))
    with pytest.raises(SystemExit, match="healthcheck"):
        healthcheck.main()
