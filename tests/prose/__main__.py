"""Checks prose with proselint and with the vocabulary of this repository.

``python -m tests.prose FILE...`` checks files; ``--openapi`` checks the texts of the OpenAPI description as well.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from proselint.checks import __register__ as PROSELINT  # noqa: N812
from proselint.config import DEFAULT, Config
from proselint.registry import CheckRegistry
from proselint.registry.checks import Check, CheckFlags, types
from proselint.tools import LintFile

from tests.prose.texts import descriptions, markdown, prose
from tests.support.openapi import openapi_description

VOCABULARY = Path(__file__).parents[2] / ".vocabulary" / "plain-english.txt"

SWITCHED_OFF = {
    "cliches": "words such as `on the same page` are meant literally",
    "spelling.consistency": "CSS and Kubernetes spell `color` and `center`; our own text is British",
    "uncomparables": "it takes `most false matches` for a comparison of `false`",
    "typography.punctuation.exclamation": "code in strings, such as `{value!r}`, has exclamation marks",
    "typography.punctuation.spacing": "columns in comments are aligned with spaces",
    "typography.symbols": "straight quotes, three dots and (c) are what a terminal shows",
}
"""Checks of proselint that do not apply here, with the reason."""

_CONFIG = Config(
    max_errors=1000,
    checks={
        **dict.fromkeys(SWITCHED_OFF, False),  # first, for the first entry that fits a check decides
        **{check: on for check, on in DEFAULT["checks"].items() if check not in SWITCHED_OFF},
        "vocabulary": True,
    },
)

SUFFIXES = {".md", ".py", ".js", ".html", ".yml", ".yaml", ".toml", ""}


def vocabulary() -> dict[str, str]:
    """Return what to write instead of each word or phrase."""
    return dict(line.split("->") for line in VOCABULARY.read_text().splitlines() if line)


def findings(text: str, name: str) -> Iterator[str]:
    """Yield a line for each passage that should be rewritten."""
    separated = re.sub(r"\n(?=\n)", "\n|", text)  # a heading does not continue in the paragraph below
    for (check, message, (start, end), _), (line, _) in LintFile(name, separated).lint(_CONFIG):
        words = f"\n{separated}"[start:end].split()
        if check == "lexical_illusions" and (not words[0].isalpha() or words[0] != words[1]):
            continue  # numbers, or the name of a parameter and the description that begins with it
        yield f"{name}:{line}: {' '.join(message.split())}"


def register() -> None:
    """Load proselint's checks and the vocabulary."""
    words = {re.sub(r" ", r"\\s+", word): replacement for word, replacement in vocabulary().items()}
    ours = Check(
        check_type=types.PreferredForms(items=words),
        path="vocabulary",
        message="'{1}': write '{0}'",
        flags=CheckFlags(allow_quotes=True),
    )
    CheckRegistry().register_many((*PROSELINT, ours))


def main() -> int:
    """Print what should be rewritten; return 1 if there is any."""
    parser = argparse.ArgumentParser(prog="python -m tests.prose", description="Checks that prose is plain English.")
    parser.add_argument("files", nargs="*", type=Path, help="files of other types than text and code are skipped")
    parser.add_argument("--openapi", action="store_true", help="check the texts of the OpenAPI description, too")
    options = parser.parse_args()
    register()
    texts = [(str(path), prose(path)) for path in options.files if path.suffix in SUFFIXES]
    if options.openapi:
        texts += [(f"openapi{place}", markdown(text)) for place, text in descriptions(openapi_description())]
    found = [finding for name, text in texts if text.strip() for finding in findings(text, name)]
    print("\n".join(found) or f"{len(texts)} texts are plain English")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
