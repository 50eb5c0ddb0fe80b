"""Checks and conversions of values that several topics use."""

import base64
import re
import ssl
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

_MASTER_KEY_BYTES = 32

_HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]")
"""A name, an IPv4 address or an IPv6 address in brackets, as ``Host`` has them, without the port."""


def split_at_commas(value: object) -> object:
    """Return the parts of a text, without spaces around them; a value that is not a text as it is."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def host_name(host: str) -> str:
    """Return a host, with its port if it has one, as hosts are compared: in lower case, without the root's dot."""
    name, colon, port = host.lower().partition(":")
    return f"{name.removesuffix('.')}{colon}{port}"


def wrapping_keys(secret: SecretStr) -> list[bytes]:
    """Return the keys that a setting lists.

    Raises
    ------
    ValueError
        One is not 32 bytes in base64.

    """
    keys = [base64.b64decode(part, validate=True) for part in secret.get_secret_value().split(",")]
    if any(len(key) != _MASTER_KEY_BYTES for key in keys):
        raise ValueError("each master key must be 32 bytes")
    return keys


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be a URL that begins with https:// or http://")
    if parts.username or parts.password:
        raise ValueError("must not contain a user name or a password: clients receive this URL")
    return url


def _allowed(hosts: list[str]) -> list[str]:
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise ValueError(f"{host!r} is not a host name: no scheme, no port, * only alone or as *.example.org")
    return [host.lower() for host in hosts]


def _readable(path: Path) -> Path:
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # of the file, or of its content
        raise ValueError(f"no certificates (PEM) can be read from {path}: {error.strerror}") from error
    return path


def _of_256_bits(secret: SecretStr) -> SecretStr:
    wrapping_keys(secret)
    return secret


Texts = Annotated[list[str], NoDecode, BeforeValidator(split_at_commas)]
"""Texts separated by commas."""

AllowedHosts = Annotated[Texts, AfterValidator(_allowed)]
"""Host names without scheme and port; ``*`` alone or as ``*.example.org``."""

ReceivingHosts = Annotated[Texts, AfterValidator(lambda hosts: [host_name(host) for host in hosts])]
"""Host names, with a port where it is not that of HTTPS."""

WebAddress = Annotated[str, AfterValidator(_without_login)]
"""URL of a web page for people, without a login."""

Certificates = Annotated[Path, AfterValidator(_readable)]
"""A file of certificates (PEM), which must be readable when the process starts."""

MasterKeys = Annotated[SecretStr, AfterValidator(_of_256_bits)]
"""Keys of 32 bytes in base64, separated by commas."""
