"""Variables that are not settings: those of libraries, listed for the sandbox, and the name of the file of settings."""

import os
from collections.abc import Mapping
from pathlib import Path

from shared.errors import SetupError


def certificate_files() -> list[Path]:
    """Return the files that the environment names for TLS to the collector of traces."""
    names = [f"OTEL_EXPORTER_OTLP_{part}" for part in ("CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE")]
    names += [name.replace("OTLP_", "OTLP_TRACES_") for name in names]
    names += ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
    return [Path(os.environ[name]) for name in names if name in os.environ]  # noqa: TID251 - only here


def object_store_environment() -> Mapping[str, str]:
    """Return the variables that the object store's library reads: credentials, endpoints and proxies."""
    clouds = ("AWS_", "AZURE_", "GOOGLE_")
    return {name: value for name, value in os.environ.items() if name.startswith(clouds)}  # noqa: TID251 - only here


def env_file() -> str | None:
    """Return the file with settings: ``.env``, or what the variable ENV_FILE names; None if that is empty."""
    return os.environ.get("ENV_FILE", ".env") or None  # noqa: TID251 - only here


def check_env_file() -> None:
    """Check the file with settings. pydantic ignores a missing file, and its error for another encoding names no file.

    Raises
    ------
    SetupError
        The variable ENV_FILE names something that is not a file, or the file with settings cannot be read.

    """
    file = env_file()
    if file is None:
        return
    if not Path(file).is_file():
        if "ENV_FILE" in os.environ:  # noqa: TID251 - only here
            raise SetupError(f"settings: ENV_FILE names {file}, which is not a file")
        return
    try:
        Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"settings: {file} cannot be read: {error}") from error
