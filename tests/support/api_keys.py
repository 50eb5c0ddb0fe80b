"""A file with an API key for tests."""

from pathlib import Path

from api.auth.api_keys import Scope
from api.newkey import new_key


def write_key_file(folder: Path) -> tuple[Path, str]:
    """Write a file with one key that has all scopes. Return the file and the key."""
    secret, entry = new_key("everything", [scope.value for scope in Scope], {})
    (path := folder / "keys.toml").write_text(entry)
    return path, secret
