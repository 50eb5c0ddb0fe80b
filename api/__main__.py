"""``python -m api``: serve HTTP for the workers of the Redis at ``REDIS_URL``."""

import sys

from pydantic import ValidationError

from api.app import create_app
from api.server import Server
from shared import logs
from shared.settings import get_settings


def main() -> None:
    """Serve until told to stop."""
    try:
        settings = get_settings()
    except ValidationError as error:
        sys.exit(f"api: settings: {error}")
    if settings.redis_url is None:
        sys.exit("api: REDIS_URL is not set: name the Redis server that the workers use, or run app.py")
    logs.configure(settings)
    Server(create_app(settings), settings).serve_until_told()


if __name__ == "__main__":
    main()
