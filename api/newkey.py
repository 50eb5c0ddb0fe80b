"""``python -m api.newkey NAME >> FILE``: make an API key, and print what belongs into the file of keys."""

import argparse
import hashlib
import re
import secrets
import sys
from datetime import UTC, date, datetime

from limits import parse

from api.auth.api_keys import NAME, Scope

_PREFIX = "nsfas_"
"""So that a key is known for one wherever it turns up, by scanners of secrets too."""

_BYTES = 32


def main() -> None:
    """Print the entry and, to standard error, the key, which is kept nowhere."""
    parser = argparse.ArgumentParser(prog="python -m api.newkey", description="Make an API key.")
    parser.add_argument("name", help="who will use it: letters, digits, dots, hyphens, underscores")
    parser.add_argument(
        "--scopes", default="submit,read", help="of submit, read, stats and admin; default: %(default)s"
    )
    parser.add_argument("--rate", help='requests, for example "50/second"')
    parser.add_argument("--quota", help='jobs, for example "200000/day"')
    parser.add_argument(
        "--not-before", type=_day, metavar="DATE", help="first day on which it counts, in UTC: 2026-12-01"
    )
    parser.add_argument("--expires", type=_day, metavar="DATE", help="last day on which it counts, in UTC: 2027-01-31")
    asked = parser.parse_args()
    if not re.match(NAME, asked.name):
        parser.error(f"not a name: {asked.name}")
    try:
        scopes = [Scope(scope.strip()).value for scope in asked.scopes.split(",")]
        limits = {name: limit for name in ("rate", "quota") if (limit := getattr(asked, name)) and parse(limit)}
    except ValueError as error:
        parser.error(str(error))
    today = datetime.now(UTC).date()
    if asked.expires and asked.expires < max(today, asked.not_before or today):
        parser.error("it would expire before it counts")
    days = {name: day for name in ("not_before", "expires") if (day := getattr(asked, name))}
    secret, text = new_key(asked.name, scopes, limits, days)
    print(text)  # noqa: T201 - it is what this program is for
    print(f"the key, for whoever will use it: {secret}", file=sys.stderr)  # noqa: T201


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not a date, as 2027-01-31: {text}") from error


def new_key(
    name: str, scopes: list[str], limits: dict[str, str], days: dict[str, date] | None = None
) -> tuple[str, str]:
    """Return a key, and its entry of the file (TOML), which does not hold it."""
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
