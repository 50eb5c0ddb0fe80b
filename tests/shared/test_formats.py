"""Recognition of formats from the first bytes, and messages about unsupported formats."""

import io
import zipfile

import pytest
from hypothesis import example, given, strategies as st
from PIL import Image

from shared.formats import FORMATS, Format, brands, formats_named, listing, recognise
from shared.unsupported_formats import UNSUPPORTED_FORMATS, refusal
from tests.support.encoding import saved

WRITTEN = {"jpeg": "JPEG", "png": "PNG", "pdf": "PDF", "avif": "AVIF", "webp": "WEBP", "tiff": "TIFF"}
"""Formats that Pillow can write, with its names."""

ORIGINAL = formats_named(["jpeg", "png", "pdf"])
PDF_ALONE = formats_named(["pdf"])
PICTURES = formats_named(["jpeg", "png"])

HEAD = 1024
"""Bytes that decide about the format; the header of PDF and the brands of HEIF may come this late."""


def picture(kind: str, **options: object) -> bytes:
    return saved(Image.new("RGB", (8, 8), "teal"), kind, **options)


def ftyp(major: str, *compatible: str) -> bytes:
    names = "".join((major, "\0\0\0\0", *compatible)).encode()
    return (8 + len(names)).to_bytes(4, "big") + b"ftyp" + names + b"\0\0\0\x08mdat"


def archive(*names: str, first: tuple[str, str] | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as entries:
        if first:
            entries.writestr(*first, compress_type=zipfile.ZIP_STORED)
        for name in names:
            entries.writestr(name, "<xml/>" * 100)
    return file.getvalue()


def named(data: bytes) -> str | None:
    found = recognise(data)
    return found.name if found else None


@pytest.mark.parametrize("name", WRITTEN)
def test_files_written_by_pillow_are_recognised(name: str) -> None:
    assert named(picture(WRITTEN[name])) == name


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("big_tiff", [False, True])
def test_a_tiff_of_either_byte_order_and_size_is_recognised(*, big_endian: bool, big_tiff: bool) -> None:
    mark = b"MM\0" + (b"+" if big_tiff else b"*") if big_endian else b"II" + (b"+" if big_tiff else b"*") + b"\0"
    assert named(mark + bytes(64)) == "tiff"
    assert picture("TIFF", big_tiff=big_tiff)[:4] in {b"II*\0", b"II+\0"}


@pytest.mark.parametrize(
    ("major", "compatible", "name"),
    [
        ("heic", ("mif1", "heic"), "heic"),
        ("heix", ("mif1",), "heic"),
        ("hevc", ("msf1", "iso8"), "heic"),
        ("mif1", ("miaf", "heic"), "heic"),
        ("mif1", (), "heic"),
        ("MiHE", ("mif1", "heic"), "heic"),
        ("avif", ("mif1", "miaf"), "avif"),
        ("avis", ("msf1",), "avif"),
        ("mif1", ("miaf", "avif"), "avif"),
        ("isom", ("iso2", "avc1", "mp41"), None),
        ("mp42", ("mif1", "heic"), None),
        ("qt  ", ("heic",), None),
        ("3gp4", (), None),
        ("crx ", ("isom",), None),
        ("what", ("else",), None),
    ],
)
def test_brands_distinguish_heic_avif_and_video(major: str, compatible: tuple[str, ...], name: str | None) -> None:
    assert named(ftyp(major, *compatible)) == name


def test_brands_after_the_end_of_their_box_are_ignored() -> None:
    assert brands(ftyp("mif1", "heic") + b"avif") == (b"mif1", b"heic")
    assert named(ftyp("mif1", "heic") + b"avif") == "heic"


def test_a_pdf_header_may_come_late_but_a_picture_header_before_it_counts() -> None:
    assert named(b"HTTP/1.1 200 OK\r\n\r\n%PDF-1.7") == "pdf"
    assert named(bytes(HEAD) + b"%PDF-1.7") is None
    for kind in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF"):
        assert named(picture(kind)[:32] + b"%PDF-1.7") == kind.lower()


@given(st.binary())
def test_only_the_first_kilobyte_counts(data: bytes) -> None:
    assert recognise(data) is recognise(data[:HEAD])


@given(st.sampled_from(FORMATS), st.binary())
def test_bytes_after_a_recognised_header_change_nothing(format_: Format, rest: bytes) -> None:
    beginnings = {
        "jpeg": b"\xff\xd8\xff",
        "png": b"\x89PNG\r\n\x1a\n",
        "heic": ftyp("heic", "mif1"),
        "avif": ftyp("avif", "mif1"),
        "webp": b"RIFF\0\0\0\0WEBP",
        "tiff": b"II*\0",
        "pdf": b"%PDF-",
    }
    assert recognise(beginnings[format_.name] + rest) is format_


def test_names_suffixes_and_media_types_are_unique() -> None:
    for every in (
        [each.name for each in FORMATS],
        [each.label for each in FORMATS],
        [suffix for each in FORMATS for suffix in each.suffixes],
        [kind for each in FORMATS for kind in each.media_types],
    ):
        assert len(every) == len(set(every))
    assert all(suffix == suffix.lower() and suffix[0] == "." for each in FORMATS for suffix in each.suffixes)


def test_formats_are_listed_in_the_order_of_the_table() -> None:
    assert listing(FORMATS) == "JPEG, PNG, HEIC, AVIF, WebP, TIFF or PDF"
    assert listing(formats_named(["pdf", "jpeg"])) == "JPEG or PDF"
    assert listing(PDF_ALONE) == "PDF"


TEXT = "Geagte Heer, hiermee my aansoek: S\u00e9an Nkosi."

REFUSED_FILES: dict[str, tuple[bytes, ...]] = {
    "a Word document (DOCX)": (
        archive("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
        archive("word/numbering.xml", "[Content_Types].xml"),
    ),
    "an Office document (XLSX)": (archive("[Content_Types].xml", "xl/workbook.xml"),),
    "an Office document (PPTX)": (archive("[Content_Types].xml", "ppt/presentation.xml"),),
    "an Office document (ODT)": (archive(first=("mimetype", "application/vnd.oasis.opendocument.text")),),
    "an Office document (OpenDocument)": (
        archive(first=("mimetype", "application/vnd.oasis.opendocument.spreadsheet")),
    ),
    "an Office document (Pages, Numbers or Keynote)": (archive("preview.jpg", "Index/Document.iwa"),),
    "an Office document": (archive("[Content_Types].xml", "FixedDocSeq.fdseq"),),
    "a Word document (DOC)": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2048) + "WordDocument".encode("utf-16-le") + bytes(64),
    ),
    "an Office document (XLS, PPT or MSG)": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2048),),
    "a ZIP archive": (archive("id-card.jpg"), archive()),
    "a RAR archive": (b"Rar!\x1a\x07\x00" + bytes(32), b"Rar!\x1a\x07\x01\x00" + bytes(32)),
    "a 7z archive": (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(32),),
    "a GZIP archive": (b"\x1f\x8b\x08" + bytes(32),),
    "a TAR archive": (b"id-card.jpg".ljust(257, b"\0") + b"ustar\x0000" + bytes(64),),
    "a BMP picture": (picture("BMP"),),
    "a GIF picture": (picture("GIF"),),
    "an icon (ICO)": (picture("ICO", sizes=[(8, 8)]),),
    "a JPEG 2000 picture": (picture("JPEG2000"), picture("JPEG2000", no_jp2=True)),
    "a JPEG XL picture": (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(32), b"\xff\x0a" + bytes(32)),
    "a Photoshop picture (PSD)": (b"8BPS\0\1" + bytes(32),),
    "a DjVu document": (b"AT&TFORM\0\0\1\0DJVU",),
    "a camera raw picture": (ftyp("crx ", "crx ", "isom"), b"FUJIFILMCCD-RAW 0201", b"IIU\0" + bytes(32)),
    "an audio recording (M4A)": (ftyp("M4A ", "mp42", "isom"),),
    "a video (MOV)": (ftyp("qt  "), b"\0\0\0\x08wide\0\0\0\x08mdat"),
    "a video (3GP)": (ftyp("3gp5", "isom"),),
    "a video (MP4)": (ftyp("isom", "iso2", "avc1", "mp41"), ftyp("mp42", "isom")),
    "a video (WebM or MKV)": (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01",),
    "a video (AVI)": (b"RIFF\0\0\1\0AVI LIST",),
    "a video (WMV)": (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(32),),
    "a video (MPEG)": (b"\0\0\1\xba" + bytes(32),),
    "an audio recording (WAV)": (b"RIFF\0\0\1\0WAVEfmt ",),
    "an audio recording (MP3)": (b"ID3\4" + bytes(32), b"\xff\xfb\x90\x64" + bytes(32)),
    "an audio recording": (b"OggS\0\2" + bytes(32), b"#!AMR\n" + bytes(32)),
    "a PostScript document (EPS)": (picture("EPS"), b"\xc5\xd0\xd3\xc6" + bytes(32)),
    "a rich text document (RTF)": (b"{\\rtf1\\ansi Hello}",),
    "a web page (HTML)": (
        b"<!DOCTYPE html><html><body><svg></svg>",
        b"\xef\xbb\xbf\n<HTML>",
        "\ufeff<html>".encode("utf-16-le"),
    ),
    "an SVG drawing": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', b'<?xml version="1.0"?>\n<!-- x -->\n<svg>'),
    "plain text": (TEXT.encode(), TEXT.encode("latin-1"), TEXT.encode("utf-16"), b"\n"),
}


@pytest.mark.parametrize("what", dict.fromkeys(each.what for each in UNSUPPORTED_FORMATS))
def test_the_message_names_the_unsupported_format(what: str) -> None:
    for data in REFUSED_FILES[what]:
        assert recognise(data) is None
        assert refusal(data, FORMATS).startswith(f"The file is {what}. ")


@pytest.mark.parametrize(
    ("what", "formats", "sentence"),
    [
        (
            "a Word document (DOCX)",
            FORMATS,
            (
                "The file is a Word document (DOCX). Save it as PDF, or send a photo of the document as JPEG, PNG, "
                "HEIC, AVIF, WebP or TIFF."
            ),
        ),
        ("a Word document (DOCX)", PDF_ALONE, "The file is a Word document (DOCX). Save it as PDF."),
        (
            "a Word document (DOCX)",
            PICTURES,
            "The file is a Word document (DOCX). Send a photo of the document as JPEG or PNG.",
        ),
        ("a BMP picture", ORIGINAL, "The file is a BMP picture. Save it as JPEG, PNG or PDF."),
        (
            "a ZIP archive",
            ORIGINAL,
            "The file is a ZIP archive. Unpack it and send the document as JPEG, PNG or PDF.",
        ),
        ("a video (MP4)", ORIGINAL, "The file is a video (MP4). Send a photo of the document as JPEG or PNG."),
        ("a video (MP4)", PDF_ALONE, "The file is a video (MP4). Send the document as PDF."),
    ],
)
def test_the_advice_names_accepted_formats_only(what: str, formats: tuple[Format, ...], sentence: str) -> None:
    assert refusal(REFUSED_FILES[what][0], formats) == sentence


def test_the_message_names_a_format_that_the_settings_exclude() -> None:
    heic = "The file is in HEIC format, which this service does not accept. Save it as JPEG, PNG or PDF."
    assert refusal(ftyp("heic", "mif1"), ORIGINAL) == heic


def test_the_message_for_an_unknown_format_lists_the_accepted_ones() -> None:
    unknown = "The file format is not supported. Save the document as JPEG, PNG or PDF."
    assert refusal(b"\x00\x01\x02\x03", ORIGINAL) == unknown


@given(st.binary(min_size=1))
@example(b"PK\x03\x04")
@example(b"PK\x03\x04" + b"\xff" * 26)
@example(b"\xff\xfe\x00")
@example(b"\x00\x00\x00\x00ftyp")
def test_every_message_is_short_plain_text(data: bytes) -> None:
    sentence = refusal(data, ORIGINAL)
    assert sentence.startswith("The file ")
    assert sentence.endswith(".")
    assert sentence.isprintable()
    if recognise(data) is None:
        assert "HEIC" not in sentence
