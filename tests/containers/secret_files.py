"""Writes the secrets of a deployment: a Redis password, a master key, and one unique file per folder."""

import base64
import secrets
from pathlib import Path


def write_secrets(directory: Path) -> None:
    """Write a folder of secrets for each service."""
    password = secrets.token_hex(16)
    both = {
        "redis_url": f"redis://:{password}@redis:6379/0",
        "master_key": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    files = {
        "api": both | {"only_api": ""},
        "worker": both | {"only_worker": ""},
        "housekeeping": {"redis_url": both["redis_url"], "only_housekeeping": ""},
        "callbacks": both | {"only_callbacks": ""},
        "redis": {"redis.conf": f"requirepass {password}\n"},
    }
    for service, contents in files.items():
        folder = directory / service
        folder.mkdir(parents=True)
        for name, content in contents.items():
            (folder / name).write_text(content)
        # The user in a container is not the owner of these files.
        folder.chmod(0o755)
        for path in folder.iterdir():
            path.chmod(0o644)
