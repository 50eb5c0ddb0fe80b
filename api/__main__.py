"""``python -m api``: serve HTTP for the workers of the Redis at ``REDIS_URL``."""

import sys
from contextlib import suppress

from redis.exceptions import RedisError

from api.app import create_app
from api.auth.dependencies import check_exposure
from api.server import Server
from shared import logs
from shared.errors import SetupError
from shared.process import forbid_core_files, give_back_large_blocks
from shared.redis.connections import heartbeat_redis
from shared.redis.eviction import refuse_eviction
from shared.settings import get_settings


def main() -> None:
    """Serve until told to stop."""
    forbid_core_files()
    give_back_large_blocks()
    try:
        settings = get_settings()
        check_exposure(settings)
    except SetupError as error:
        sys.exit(f"api: {error}")
    if settings.redis_url is None:
        sys.exit("api: REDIS_URL is not set: name the Redis server that the workers use, or run app.py")
    logs.configure(settings)
    try:
        with heartbeat_redis(settings.redis_url) as redis, suppress(RedisError):  # the workers wait for it, and check
            refuse_eviction(redis)
        server = Server(create_app(settings), settings)
    except SetupError as error:
        sys.exit(f"api: {error}")
    server.serve_until_told()


if __name__ == "__main__":
    main()
