"""``python -m api.healthcheck [PORT]``: checks whether the API on this host can accept jobs. For containers.

Every container runs this module every few seconds. With PORT, it does not load the settings, which would take three
quarters of its processor time.
"""

import sys
import urllib.request

_TIMEOUT = 4.0  # seconds


def main() -> None:
    """Exit with status 0 if the API can accept jobs."""
    url = f"http://127.0.0.1:{sys.argv[1] if len(sys.argv) > 1 else _port()}/health/accepting"
    try:
        urllib.request.urlopen(url, timeout=_TIMEOUT).close()  # nosec B310
    except OSError as error:
        sys.exit(f"healthcheck: {error}")


def _port() -> int:
    from shared.settings import get_settings  # noqa: PLC0415 - see above

    return get_settings().port


if __name__ == "__main__":
    main()
