"""``python -m worker.healthcheck [NAME]``: whether this host's worker consumes. For containers, which have one each.

NAME is ``housekeeping`` or ``callbacks``; without it, it is the worker of jobs.
"""

import sys

from celery.utils.nodenames import default_nodename
from redis.exceptions import RedisError

from shared.connections import heartbeat_redis
from shared.jobs import Keys, Workers
from shared.settings import get_settings


def main() -> None:
    """End with 0 if the worker has said within the last 30 s, from its consumer's loop, that it consumes."""
    settings = get_settings()
    if settings.redis_url is None:
        sys.exit("healthcheck: REDIS_URL is not set")
    try:
        name = sys.argv[1] if len(sys.argv) > 1 else ""
        workers = Workers(heartbeat_redis(settings.redis_url), Keys(settings.redis_namespace), background=bool(name))
        consumes = workers.consumes(default_nodename(f"{name}@"))
    except RedisError as error:
        sys.exit(f"healthcheck: {error}")
    if not consumes:
        sys.exit("healthcheck: the worker does not consume")


if __name__ == "__main__":
    main()
