"""Names of files in an archive, made of what clients send, that can be unpacked on Linux, macOS and Windows alike."""

import itertools
import re
import unicodedata
from collections.abc import Iterator

LONGEST = 255
"""Bytes of a name in UTF-8, its folders included: what one component may have on Linux, and a path on Windows."""

_FORBIDDEN = re.compile(r'[<>:"|?*]')

# Devices, whatever follows the first dot:
# https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file#naming-conventions
_DEVICE = re.compile(r"(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)


class FileNames:
    """The names in one archive: each is given out once.

    Two names count as the same if they differ only in case or in Unicode normalisation, as file systems of Windows and
    macOS see them. A file does not have the name of a folder, either.
    """

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def give(self, wanted: str, unique: str, suffix: str) -> str:
        """Return the name of a file.

        Parameters
        ----------
        wanted
            A name or a path as a client chose it. Components that lead elsewhere are left out, characters that a system
            refuses are replaced by ``_``.
        unique
            What nothing else is called: added to a name that is taken or is cut, and the name where nothing is left.
        suffix
            What the name ends with, ``.jpg``.

        """
        parts = [part for part in map(_part, _replaced(wanted).split("/")) if part] or [unique]
        for name in _candidates(parts, unique, suffix):
            file, *folders = _same(name)
            if not ({file} & self._folders or {file, *folders} & self._files):
                self._files.add(file)
                self._folders.update(folders)
                return name
        raise AssertionError("there is no end of candidates")


def _replaced(text: str) -> str:
    """Replace what may not be in a name; backslashes are the separators that they are on Windows."""
    composed = unicodedata.normalize("NFC", text).replace("\\", "/")
    printable = "".join(character if character.isprintable() else "_" for character in composed)
    return _FORBIDDEN.sub("_", printable)


def _part(text: str) -> str:
    """Return a component of a path as all systems allow it; empty if nothing is left of it."""
    part = text.strip(" ").rstrip(" .")
    return f"_{part}" if _DEVICE.match(part) else part


def _candidates(parts: list[str], unique: str, suffix: str) -> Iterator[str]:
    """Yield names, the nearest to the wanted one first; only the first lacks what is unique, if it need not be cut."""
    if len(_encoded(whole := "/".join(parts) + suffix)) <= LONGEST:
        yield whole
    yield _fitting(parts, f"-{unique}{suffix}")
    for number in itertools.count(2):
        yield _fitting(parts[-1:], f"-{unique}-{number}{suffix}")


def _fitting(parts: list[str], end: str) -> str:
    """Join a path and an end to no more than the longest name: outer folders are left out, then the name is cut."""
    room = LONGEST - len(_encoded(end))
    while len(parts) > 1 and len(_encoded("/".join(parts))) > room:
        parts = parts[1:]
    return _encoded("/".join(parts))[:room].decode(errors="ignore") + end


def _same(name: str) -> list[str]:
    """Return what a name and its folders are compared by (canonical caseless matching, Unicode 3.13, D145)."""
    parts = unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).upper().casefold()).split("/")
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _encoded(text: str) -> bytes:
    return text.encode()
