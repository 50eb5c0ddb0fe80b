"""``python -m api.healthcheck``: checks whether the API on this host can accept jobs. For containers."""

import sys
import urllib.request

from shared.settings import get_settings

_TIMEOUT = 4.0  # seconds


def main() -> None:
    """Exit with status 0 if the API can accept jobs."""
    url = f"http://127.0.0.1:{get_settings().port}/health/accepting"
    try:
        urllib.request.urlopen(url, timeout=_TIMEOUT).close()  # nosec B310
    except OSError as error:
        sys.exit(f"healthcheck: {error}")


if __name__ == "__main__":
    main()
