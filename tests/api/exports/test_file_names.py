"""Names in an archive: whatever clients call their documents, every system can unpack it."""

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
    """Ask the standard library, which has moved this."""
    judge = getattr(ntpath, "isreserved", None)
    return bool(judge(part) if judge else PureWindowsPath(part).is_reserved())


def given_out(wanted: list[str]) -> list[str]:
    names = FileNames()
    return [names.create(each, f"{uuid.UUID(int=number)}", ".jpg") for number, each in enumerate(wanted)]


@given(WANTED)
@example("CON")
@example(" CON .tar")
@example("folder. /NUL")
@example("é" * 300)
def test_every_system_can_hold_a_file_of_this_name(wanted: str) -> None:
    name = FileNames().create(wanted, ID, ".jpg")
    assert len(name.encode()) <= 255  # so it can be encoded
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
def test_no_two_files_of_an_archive_have_one_name_on_any_system(wanted: list[str]) -> None:
    names = given_out(wanted)
    for same in (str.lower, str.upper, str.casefold):
        for form in ("NFC", "NFD"):
            files = [unicodedata.normalize(form, same(unicodedata.normalize(form, name))) for name in names]
            assert len(set(files)) == len(files)
            folders = {str(folder) for file in files for folder in Path(file).parents}
            assert not folders & set(files)


def test_a_name_that_every_system_allows_is_kept_as_it_is() -> None:
    wanted = ["applicant-4711", "intake/Thandi Nkosi.jpg", ".hidden", "naïve", "console", "com10"]
    assert given_out(wanted) == [f"{name}.jpg" for name in wanted]


def test_a_name_that_is_cut_or_taken_tells_its_job() -> None:
    taken = FileNames()
    taken.create("a", "first", ".jpg")
    assert taken.create("A", ID, ".jpg") == f"A-{ID}.jpg"
    assert taken.create("é" * 300, ID, ".jpg").endswith(f"é-{ID}.jpg")


def test_a_name_that_leads_elsewhere_stays_inside() -> None:
    assert given_out(["../../etc/passwd", "C:\\temp\\id", "/", "..."])[:2] == ["etc/passwd.jpg", "C_/temp/id.jpg"]
    assert given_out(["/", "..."]) == [f"{uuid.UUID(int=0)}.jpg", f"{uuid.UUID(int=1)}.jpg"]


async def test_the_archive_of_a_batch_is_unpacked_to_as_many_files_as_it_has_portraits(
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
