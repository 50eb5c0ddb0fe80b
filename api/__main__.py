"""``python -m api``: serves the API. Its workers use the same Redis, ``REDIS_URL``."""

import sys
from contextlib import suppress

from redis.exceptions import RedisError

from api.app import create_app
from api.auth.anonymous_access import check_exposure
from api.server import Server
from shared import logs
from shared.errors import SetupError
from shared.process import forbid_core_files, return_large_blocks
from shared.redis.connections import heartbeat_redis
from shared.redis.eviction import refuse_eviction
from shared.settings import get_settings


def main() -> None:
    """Run the server until it receives a signal to stop."""
    forbid_core_files()
    return_large_blocks()
    try:
        settings = get_settings()
        check_exposure(settings)
    except SetupError as error:
        sys.exit(f"api: {error}")
    if settings.redis_url is None:
        sys.exit("api: REDIS_URL is not set. Set it to the Redis server of the workers, or run app.py")
    logs.configure(settings)
    try:
        with (
            heartbeat_redis(settings.redis_url) as redis,
            suppress(RedisError),
        ):  # workers wait for Redis and check this as well
            refuse_eviction(redis)
        server = Server(create_app(settings), settings)
    except SetupError as error:
        sys.exit(f"api: {error}")
    server.serve_until_stopped()


if __name__ == "__main__":
    main()
