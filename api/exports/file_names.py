"""Turns names from clients into file names for an archive that Linux, macOS and Windows can unpack."""

import itertools
import re
import unicodedata
from collections.abc import Iterator

MAX_BYTES = 255
"""Maximum length of a name in UTF-8, including its folders: the limit of a component on Linux and a path on Windows."""

_FORBIDDEN = re.compile(r'[<>:"|?*]')

# Names of devices, with any suffix after the first dot:
# https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file#naming-conventions
_DEVICE_NAME = re.compile(r"(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)


class FileNames:
    """Creates unique file names for one archive.

    Names that differ only in case or in Unicode normalisation count as equal, as in the file systems of Windows and
    macOS. A file never has the name of a folder.
    """

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def create(self, wanted: str, unique: str, suffix: str) -> str:
        """Return a new file name.

        Parameters
        ----------
        wanted
            A name or path from a client. Components such as ``..`` are removed, and characters that a system does not
            allow are replaced by ``_``.
        unique
            A unique text, such as an id. It is added to names that are taken or truncated, and replaces empty names.
        suffix
            Suffix of the name, such as ``.jpg``.

        """
        parts = [part for part in map(_part, _with_valid_characters(wanted).split("/")) if part] or [unique]
        for name in _candidates(parts, unique, suffix):
            file, *folders = _comparison_keys(name)
            if not ({file} & self._folders or {file, *folders} & self._files):
                self._files.add(file)
                self._folders.update(folders)
                return name
        raise AssertionError("the candidates are unlimited")


def _with_valid_characters(text: str) -> str:
    """Replace invalid characters; backslashes become path separators, as on Windows."""
    composed = unicodedata.normalize("NFC", text).replace("\\", "/")
    printable = "".join(character if character.isprintable() else "_" for character in composed)
    return _FORBIDDEN.sub("_", printable)


def _part(text: str) -> str:
    """Return a path component that all systems allow; empty if nothing is left."""
    part = text.strip(" ").rstrip(" .")
    return f"_{part}" if _DEVICE_NAME.match(part) else part


def _candidates(parts: list[str], unique: str, suffix: str) -> Iterator[str]:
    """Yield names, the most similar one first. All but the first contain the unique text."""
    if len(_encoded(whole := "/".join(parts) + suffix)) <= MAX_BYTES:
        yield whole
    yield _truncated(parts, f"-{unique}{suffix}")
    for number in itertools.count(2):
        yield _truncated(parts[-1:], f"-{unique}-{number}{suffix}")


def _truncated(parts: list[str], end: str) -> str:
    """Join a path and an ending within the maximum length: outer folders are removed, then the name is truncated."""
    room = MAX_BYTES - len(_encoded(end))
    while len(parts) > 1 and len(_encoded("/".join(parts))) > room:
        parts = parts[1:]
    return _encoded("/".join(parts))[:room].decode(errors="ignore") + end


def _comparison_keys(name: str) -> list[str]:
    """Return a name and its folders in a form to compare (canonical caseless matching, Unicode 3.13, D145)."""
    parts = unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).upper().casefold()).split("/")
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _encoded(text: str) -> bytes:
    return text.encode()
