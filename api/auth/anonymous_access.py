"""Access without API keys: only from this machine, unless the settings allow it from everywhere."""

from functools import lru_cache
from ipaddress import ip_address

from shared.errors import SetupError
from shared.settings import Settings


def check_exposure(settings: Settings) -> None:
    """Check that the service is not open to everybody by accident.

    Raises
    ------
    SetupError
        Other machines could reach the service, and there are no API keys.

    """
    if settings.api_keys_path is None and not allows_anonymous(settings, settings.host):
        raise SetupError(
            f"other machines can reach {settings.public_host or settings.host}, and there are no API keys. Either set "
            "API_KEYS_FILE to a file of API keys, or listen on this machine only (HOST=127.0.0.1, or "
            "PUBLIC_HOST=127.0.0.1 for a container that is published there), or allow everybody "
            "(ALLOW_ANONYMOUS=true, and the host names of the service in ALLOWED_HOSTS)"
        )


def allows_anonymous(settings: Settings, address: str | None) -> bool:
    """Tell whether clients that can reach this address may use the service without an API key."""
    if settings.allow_anonymous:
        return True
    public = settings.public_host or address
    return public is None or _is_loopback(public)


@lru_cache
def _is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host; names other than ``localhost`` can point anywhere."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.startswith("/")  # a Unix socket
