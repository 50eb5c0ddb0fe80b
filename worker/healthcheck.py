"""``python -m worker.healthcheck``: whether the worker of this host consumes. For containers, one worker each."""

import sys

from celery.utils.nodenames import default_nodename
from redis.exceptions import RedisError

from shared.connections import pulse_redis
from shared.jobs import Recovery
from shared.settings import get_settings


def main() -> None:
    """End with 0 if the worker has said within the last 30 s, from its consumer's loop, that it consumes."""
    settings = get_settings()
    if settings.redis_url is None:
        sys.exit("healthcheck: REDIS_URL is not set")
    try:
        consumes = Recovery.configured(pulse_redis(settings.redis_url), settings).consumes(default_nodename(""))
    except RedisError as error:
        sys.exit(f"healthcheck: {error}")
    if not consumes:
        sys.exit("healthcheck: the worker does not consume")


if __name__ == "__main__":
    main()
