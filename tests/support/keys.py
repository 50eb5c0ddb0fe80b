"""A file of API keys for a test, and a key that is in it as its hash."""

from pathlib import Path

from api.auth.api_keys import Scope
from api.newkey import new_key


def ring(folder: Path) -> tuple[Path, str]:
    """Write a file with one key that may do everything; return both."""
    secret, entry = new_key("everything", [scope.value for scope in Scope], {})
    (path := folder / "keys.toml").write_text(entry)
    return path, secret
