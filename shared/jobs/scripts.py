"""The state machine of jobs: each transition is one Lua script, so it is atomic.

Transitions are ``queued -> running -> succeeded | failed``, ``running -> queued`` when a lease expires or the object
store fails, and ``queued | running -> cancelled``. A script that finds a job in an unexpected state changes nothing and
returns that. A script that is sent twice, because the first response was lost with the connection, returns the same
response again.

Each script changes one job and its batch. All keys that it uses are in ``KEYS``, see
:meth:`shared.jobs.redis_keys.RedisKeys.of_job`.
"""

from importlib.resources import files


def script(name: str) -> str:
    """Return a script of the folder ``lua``, preceded by the functions that all scripts share."""
    folder = files("shared.jobs") / "lua"
    return (folder / "common.lua").read_text() + (folder / f"{name}.lua").read_text()
