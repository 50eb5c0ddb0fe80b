"""The prose of a file: spaces replace everything else, so that line numbers stay.

Of code, prose is comments and strings of at least three words.
"""

import re
import tokenize
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

_MARKDOWN_CODE = re.compile(
    r"^(?P<fence>```+|~~~+).*?^(?P=fence)[ ]*$"  # a fenced block
    r"|(?P<ticks>`+)[^`]+?(?P=ticks)"  # code in a sentence
    r"|(?<=\])\([^)\s]+\)"  # the target of a link
    r"|<!--.*?-->|https?://\S+",
    re.DOTALL | re.MULTILINE,
)
_HTML_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)
_SCRIPT_TEXT = re.compile(
    r"/\*.*?\*/|(?<!:)//[^\n]*"  # comments
    r"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`""",  # strings
    re.DOTALL,
)
_SUBSTITUTION = re.compile(r"\$\{[^}]*\}")
_HASH_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)
_STRINGS = {number for number, name in tokenize.tok_name.items() if name in {"STRING", "FSTRING_MIDDLE"}}
_BYTES = re.compile(r"[rR]?[bB][rR]?['\"]")
_MARKS = str.maketrans(dict.fromkeys("`\"'#*", " "))


def prose(path: Path) -> str:
    """Return the prose of a file, line by line where the file has it."""
    return _READERS.get(path.suffix, _comments)(path.read_text())


def descriptions(openapi: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each title, summary and description of an OpenAPI document."""
    yield from _descriptions(openapi, "")


def markdown(text: str) -> str:
    """Blank the code, the addresses and the comments of a Markdown text."""
    return _MARKDOWN_CODE.sub(_blanked, text)


def python(text: str) -> str:
    """Keep comments and strings of Python code, among them docstrings."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    kept = [
        (starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1])
        for token in tokenize.generate_tokens(StringIO(text).readline)
        if token.type == tokenize.COMMENT
        or (token.type in _STRINGS and token.string.count(" ") > 1 and not _BYTES.match(token.string))
    ]
    return markdown(_only(text, kept)).translate(_MARKS)


def _script(text: str) -> str:
    kept = [match.span() for match in _SCRIPT_TEXT.finditer(text) if match[0][0] == "/" or match[0].count(" ") > 1]
    return _SUBSTITUTION.sub(_blanked, _only(text, kept)).translate(_MARKS)


def _html(text: str) -> str:
    return _HTML_TAG.sub(_blanked, text)


def _comments(text: str) -> str:
    """Keep the comments of a Makefile, a shell script, a Dockerfile, YAML or TOML."""
    return _only(text, [match.span() for match in _HASH_COMMENT.finditer(text)]).translate(_MARKS)


_READERS: dict[str, Callable[[str], str]] = {
    ".md": markdown,
    ".py": python,
    ".js": _script,
    ".html": _html,
}


def _only(text: str, spans: list[tuple[int, int]]) -> str:
    parts, end = [], 0
    for start, stop in spans:
        parts += [_spaces(text[end:start]), text[start:stop]]
        end = stop
    return "".join([*parts, _spaces(text[end:])])


def _blanked(match: re.Match[str]) -> str:
    return _spaces(match[0])


def _spaces(text: str) -> str:
    # The bar keeps the words before and after from reading as one sentence.
    return re.sub(r"[^\n]", " ", text).replace(" ", "|", 1)


def _descriptions(value: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key in {"title", "summary", "description"} and isinstance(each, str):
                yield f"{place}/{key}", each
            elif key not in {"example", "examples"}:
                yield from _descriptions(each, f"{place}/{key}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _descriptions(each, f"{place}/{index}")
