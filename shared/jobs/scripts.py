"""The state machine: each transition one Lua script, so that it happens wholly, once, or not at all.

States are ``queued -> running -> succeeded | failed``, ``running -> queued`` when a lease runs out or the object store
fails, and ``cancelled`` from either of the first two. A script that finds a job in another state than the one it leaves
changes nothing and says so; a script that is sent twice, because the answer to the first was lost with the connection,
answers the same again.

Each script changes one job, and its batch. The keys that it may use are all in its ``KEYS``, see
:meth:`shared.jobs.redis_keys.Keys.of_job`.
"""

from importlib.resources import files


def script(name: str) -> str:
    """Return one of the scripts in ``lua/``, with what they share before it."""
    folder = files("shared.jobs") / "lua"
    return (folder / "common.lua").read_text() + (folder / f"{name}.lua").read_text()
