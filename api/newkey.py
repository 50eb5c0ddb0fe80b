"""``python -m api.newkey NAME >> FILE``: creates an API key and prints its entry for the file of API keys."""

import argparse
import hashlib
import re
import secrets
import sys
from datetime import UTC, date, datetime

from limits import parse

from api.auth.api_keys import NAME, Scope

_PREFIX = "nsfas_"
"""Makes keys recognisable, for people and for secret scanners."""

_BYTES = 32


def main() -> None:
    """Print the entry and, to standard error, the key, which is not stored anywhere."""
    parser = argparse.ArgumentParser(
        prog="python -m api.newkey", description="Create an API key and print its entry for the file of API keys."
    )
    parser.add_argument("name", help="name of its user: letters, digits, dots, hyphens, underscores")
    parser.add_argument(
        "--scopes",
        default="submit,read",
        help="comma-separated list of submit, read, stats and admin; default: %(default)s",
    )
    parser.add_argument("--rate", help='limit of requests, for example "50/second"')
    parser.add_argument("--quota", help='limit of jobs, for example "200000/day"')
    parser.add_argument(
        "--not-before", type=_day, metavar="DATE", help="first day on which the key is valid, in UTC: 2026-12-01"
    )
    parser.add_argument(
        "--expires", type=_day, metavar="DATE", help="last day on which the key is valid, in UTC: 2027-01-31"
    )
    arguments = parser.parse_args()
    if not re.match(NAME, arguments.name):
        parser.error(f"not a valid name: {arguments.name}")
    try:
        scopes = [Scope(scope.strip()).value for scope in arguments.scopes.split(",")]
        limits = {name: limit for name in ("rate", "quota") if (limit := getattr(arguments, name)) and parse(limit)}
    except ValueError as error:
        parser.error(str(error))
    today = datetime.now(UTC).date()
    if arguments.expires and arguments.expires < max(today, arguments.not_before or today):
        parser.error("the key would never be valid: check --not-before and --expires")
    days = {name: day for name in ("not_before", "expires") if (day := getattr(arguments, name))}
    secret, text = new_key(arguments.name, scopes, limits, days)
    print(text)  # noqa: T201 - the output of this command
    print(f"API key, shown only once: {secret}", file=sys.stderr)  # noqa: T201


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not a date such as 2027-01-31: {text}") from error


def new_key(
    name: str, scopes: list[str], limits: dict[str, str], days: dict[str, date] | None = None
) -> tuple[str, str]:
    """Return a key and its entry for the file (TOML), which contains only the hash of the key."""
    secret = _PREFIX + secrets.token_urlsafe(_BYTES)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    lines = [
        f'["{name}"]',
        f'sha256 = ["{digest}"]',
        "scopes = [{}]".format(", ".join(f'"{scope}"' for scope in scopes)),
        *(f'{which} = "{limit}"' for which, limit in limits.items()),
        *(f"{which} = {day.isoformat()}" for which, day in (days or {}).items()),
    ]
    return secret, "\n".join(lines)


if __name__ == "__main__":
    main()
