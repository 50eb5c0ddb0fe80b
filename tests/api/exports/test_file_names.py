"""File names in an archive: all systems can unpack them."""

import io
import ntpath
import os
import unicodedata
import uuid
import zipfile
from pathlib import Path, PureWindowsPath

import httpx
from hypothesis import example, given, strategies as st

from api.exports.file_names import FileNames
from tests.api.worker import Worker
from tests.support.compose import card, jpeg

ID = "6b0b7a3e-6c3a-4a55-9a60-0d1c8f1f2b11"

PIECES = [
    "CON",
    "nul",
    "com1",
    "LPT²",
    "conin$",
    "aux.tar",
    " ",
    ".",
    "..",
    "/",
    "\\",
    ":",
    "?",
    "*",
    "\0",
    "\x7f",
    "\x85",
]
PIECES += [
    "a",
    "A",
    "é",
    "e\u0301",
    "ß",
    "SS",
    "\N{LATIN SMALL LETTER DOTLESS I}",
    "I",
    "\N{KELVIN SIGN}",
    "\N{GREEK QUESTION MARK}",
    "\ud800",
    "\u202e",
]
PIECES += [".jpg", f"-{ID}", "ü" * 100, "\N{GRINNING FACE}" * 60, "x" * 250]
WANTED = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=6).map("".join))


def is_reserved(part: str) -> bool:
    """Tell whether Windows reserves a name. Python 3.13 has moved this function."""
    judge = getattr(ntpath, "isreserved", None)
    return bool(judge(part) if judge else PureWindowsPath(part).is_reserved())


def created(wanted: list[str]) -> list[str]:
    names = FileNames()
    return [names.create(each, f"{uuid.UUID(int=number)}", ".jpg") for number, each in enumerate(wanted)]


@given(WANTED)
@example("CON")
@example(" CON .tar")
@example("folder. /NUL")
@example("é" * 300)
def test_names_are_valid_on_all_systems(wanted: str) -> None:
    name = FileNames().create(wanted, ID, ".jpg")
    assert len(name.encode()) <= 255  # it can be encoded
    assert name.endswith(".jpg")
    assert unicodedata.normalize("NFC", name) == name
    for part in name.split("/"):
        assert part not in {"", ".", ".."}
        assert part == part.strip(" ").rstrip(".")
        assert part.isprintable()
        assert not set(part) & set('<>:"\\|?*')
        assert not is_reserved(part)


@given(st.lists(WANTED, max_size=8))
@example(["a", "A"])
@example(["é", "e\u0301"])
@example(["a.jpg/b", "a"])
@example(["a", "a.jpg/b"])
@example(["x" * 300, "x" * 301])
@example(["a", "a", f"a-{uuid.UUID(int=1)}", f"a-{uuid.UUID(int=3)}", "a"])
def test_names_are_unique_on_all_systems(wanted: list[str]) -> None:
    names = created(wanted)
    for same in (str.lower, str.upper, str.casefold):
        for form in ("NFC", "NFD"):
            files = [unicodedata.normalize(form, same(unicodedata.normalize(form, name))) for name in names]
            assert len(set(files)) == len(files)
            folders = {str(folder) for file in files for folder in Path(file).parents}
            assert not folders & set(files)


def test_valid_names_are_unchanged() -> None:
    wanted = ["applicant-4711", "intake/Thandi Nkosi.jpg", ".hidden", "naïve", "console", "com10"]
    assert created(wanted) == [f"{name}.jpg" for name in wanted]


def test_truncated_and_duplicate_names_contain_the_job_id() -> None:
    taken = FileNames()
    taken.create("a", "first", ".jpg")
    assert taken.create("A", ID, ".jpg") == f"A-{ID}.jpg"
    assert taken.create("é" * 300, ID, ".jpg").endswith(f"é-{ID}.jpg")


def test_names_never_leave_the_target_folder() -> None:
    assert created(["../../etc/passwd", "C:\\temp\\id", "/", "..."])[:2] == ["etc/passwd.jpg", "C_/temp/id.jpg"]
    assert created(["/", "..."]) == [f"{uuid.UUID(int=0)}.jpg", f"{uuid.UUID(int=1)}.jpg"]


async def test_an_unpacked_archive_has_one_file_per_portrait(
    client: httpx.AsyncClient, worker: Worker, tmp_path: Path
) -> None:
    references = ["NUL", "ID.", "id", "Id?", "é" * 255, "é" * 255, "a/b", "A/B"]
    for reference in references:
        data = {"batch": "intake", "reference": reference}
        answer = await client.post("/jobs/extract-face", files={"file": jpeg(card())}, data=data)
        assert answer.status_code == 202
        worker.succeed()
    archive = zipfile.ZipFile(io.BytesIO((await client.get("/batches/intake/portraits.zip")).content))
    names = archive.namelist()
    assert names[:4] == ["_NUL.jpg", "ID.jpg", names[2], "Id_.jpg"]
    assert len({name.lower() for name in names}) == len(references)
    archive.extractall(unpacked := tmp_path / "unpacked")
    assert sum(len(files) for _, _, files in os.walk(unpacked)) == len(references)
