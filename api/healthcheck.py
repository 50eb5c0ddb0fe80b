"""``python -m api.healthcheck``: whether the API of this host can accept a job. For containers."""

import sys
import urllib.request

from shared.settings import get_settings

_TIMEOUT = 4.0  # seconds


def main() -> None:
    """End with 0 if the API answers with the load, which it reads from Redis: without Redis it can accept nothing."""
    url = f"http://127.0.0.1:{get_settings().port}/stats"
    try:
        urllib.request.urlopen(url, timeout=_TIMEOUT).close()
    except OSError as error:
        sys.exit(f"healthcheck: {error}")


if __name__ == "__main__":
    main()
