"""The environment of a test run, which the programs that tests start inherit."""

import os

from shared.settings import Settings

_LIBRARIES = ("AWS_", "AZURE_", "GOOGLE_", "OTEL_")
_THIS_MACHINE = "127.0.0.1,localhost"


def isolate() -> None:
    """Remove settings, credentials and endpoints of the developer's shell, and use no proxy to reach this machine."""
    settings = {name.upper() for name in Settings.model_fields}
    for name in [each for each in os.environ if each.upper() in settings or each.startswith(_LIBRARIES)]:
        del os.environ[name]
    direct = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = f"{direct},{_THIS_MACHINE}" if direct else _THIS_MACHINE
