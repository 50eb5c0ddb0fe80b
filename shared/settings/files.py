"""Where settings are found as files."""

from pathlib import Path

SECRETS = Path("/run/secrets")
"""Where containers find secrets as files, each with the name of a setting."""
