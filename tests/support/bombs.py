"""Small files that need excessive memory or time: decompression bombs, deep nesting, endless work."""

import struct
import zlib
from collections.abc import Callable, Iterable

import cv2
import numpy as np
from PIL import Image

from tests.support.compose import jpeg, png
from tests.support.encoding import heic, saved

MEGABYTE = 1024 * 1024


def zeros(size: int, times: int = 1) -> bytes:
    """Compress at least this many zeros. Compressed twice, a gigabyte becomes a few kilobytes.

    One block is compressed and then repeated. After a full flush, a block does not refer to earlier ones.
    """
    packer, blocks = zlib.compressobj(9), -(-size // MEGABYTE)
    first, repeated = (packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    last = packer.flush()[:-4]
    checksum = struct.pack(">I", blocks * MEGABYTE % 65521 << 16 | 1)  # Adler-32: zeros do not change its first sum
    data = first + repeated * (blocks - 1) + last + checksum
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return data


def flat_png(width: int, height: int, bits: int = 8, colour: int = 2) -> bytes:
    """Return a blank PNG. The colour type is grey (0), RGB (2), grey with alpha (4) or RGBA (6)."""
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    body = zeros(height * (1 + width * channels * bits // 8))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def flat_jpeg(width: int, height: int, *, progressive: bool = False) -> bytes:
    """Return a blank JPEG, as encoders write it."""
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive), cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    ok, data = cv2.imencode(".jpg", np.zeros((height, width, 3), np.uint8), options)
    assert ok
    return data.tobytes()


def many_scans(scans: int) -> bytes:
    """Return a progressive JPEG that repeats its last scan. Each repetition decodes the whole picture."""
    whole = flat_jpeg(8000, 8000, progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * scans + b"\xff\xd9"


def flat(width: int, height: int, form: str, **options: object) -> bytes:
    """Return a blank picture in one of Pillow's formats, or as HEIC."""
    if form == "HEIC":
        return heic(np.zeros((height, width, 3), np.uint8), quality=10)
    return saved(Image.new("RGB", (width, height)), form, **options)


def bare_tiff(width: int, height: int, following: int = 0) -> bytes:
    """Return a black and white TIFF of one byte that claims this size; ``following`` is the offset of its next page."""
    entries = {256: width, 257: height, 258: 1, 259: 1, 262: 1, 273: 8, 278: height, 279: 1}
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries.items())
    return (
        struct.pack("<2sHII", b"II", 42, 12, 0)
        + struct.pack("<H", len(entries))
        + directory
        + struct.pack("<I", following)
    )


def raw_pdf(objects: Iterable[bytes]) -> bytes:
    """Write a PDF with these objects, numbered from 1. The first object is the catalog."""
    body, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(offsets) + 1
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\n" % (size, table, size)
    return bytes(body) + b"startxref\n%d\n%%%%EOF" % start


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(data), data)


PICTURE = b" BI /W 1 /H 1 /BPC 8 /CS /G ID x EI "  # because pages without a picture are skipped


def page(content: bytes, *more: bytes, box: bytes = b"0 0 600 800", resources: bytes = b"") -> bytes:
    """Return a PDF with one page and this content stream. Further objects are numbered from 5."""
    head = b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R/Resources<<%s>>>>" % (box, resources)
    return raw_pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", head, content, *more])


def page_of_picture(width: int, height: int, bits: int, space: bytes, channels: int) -> bytes:
    entries = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent %d/ColorSpace %s/Filter/FlateDecode"
    data = zeros(width * height * channels * bits // 8 + MEGABYTE)
    picture = stream(data, entries % (width, height, bits, space))
    return page(stream(b"q 600 0 0 800 0 0 cm /I Do Q"), picture, resources=b"/XObject<</I 5 0 R>>")


def forms(depth: int, repeat: int, last: bytes, entries: bytes = b"") -> bytes:
    """Return a page with nested forms. Each form draws the next one ``repeat`` times."""
    head = b"/Type/XObject/Subtype/Form/BBox[0 0 900 900]" + entries
    inner = [
        stream(b"/F%d Do " % (n + 1) * repeat, head + b"/Resources<</XObject<</F%d %d 0 R>>>>" % (n + 1, n + 1))
        for n in range(5, 5 + depth)
    ]
    return page(stream(b"/F5 Do"), *inner, stream(last, head), resources=b"/XObject<</F5 5 0 R>>")


def page_tree(*, wide: int = 1, deep: int = 0) -> bytes:
    """Return a PDF with ``wide`` pages at depth ``deep`` of the page tree."""
    first = 3 + deep
    nodes = [b"<</Type/Pages/Kids[%d 0 R]/Count %d>>" % (n + 1, wide) for n in range(2, 2 + deep)]
    kids = b" ".join(b"%d 0 R" % n for n in range(first, first + wide))
    leaves = [b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 600 800]>>" % (first - 1)] * wide
    return raw_pdf(
        [b"<</Type/Catalog/Pages 2 0 R>>", *nodes, b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, wide), *leaves]
    )


def object_streams(depth: int) -> bytes:
    """Return a PDF with a chain of object streams, each of which extends the next."""
    nested = [
        stream(b"%d 0 <<>>" % (n + 1), b"/Type/ObjStm/N 1/First 4/Extends %d 0 R" % (n + 1))
        for n in range(5, 5 + depth)
    ]
    return page(stream(PICTURE), *nested, b"<<>>")


def script() -> bytes:
    """Return a PDF with actions that run a script, start a program and fetch a page when it is opened."""
    actions = (
        b"/OpenAction<</S/JavaScript/JS(while(true){app.alert(1)})>>/AA<</WC<</S/Launch/F(/bin/sh)>>>>"
        b"/URI<</Base(http://127.0.0.1:1/)>>"
    )
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R%s>>" % actions,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>",
            stream(PICTURE),
        ]
    )


_TILE = b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 .02 .02]/XStep .02/YStep .02/Resources<<>>"

BOMBS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "PNG, 64 megapixels RGB": (lambda: flat_png(8000, 8000), {"no_face"}),
    "PNG, 64 megapixels RGBA, 16 bits": (lambda: flat_png(8000, 8000, 16, 6), {"no_face"}),
    "PNG, 64 megapixels grey, 16 bits": (lambda: flat_png(8000, 8000, 16, 0), {"no_face"}),
    "PNG, 64,000,000 pixels high": (lambda: flat_png(1, 64_000_000, 8, 0), {"image_too_large"}),
    "PNG, a billion pixels": (lambda: flat_png(31_700, 31_700, 1, 0), {"image_too_large"}),
    "JPEG, 64 megapixels": (lambda: flat_jpeg(8000, 8000), {"no_face"}),
    "JPEG, 64 megapixels, progressive": (lambda: flat_jpeg(8000, 8000, progressive=True), {"no_face"}),
    "JPEG, 64 megapixels, 500 scans": (lambda: many_scans(500), {"document_too_complex"}),
    "WebP, 64 megapixels": (
        lambda: flat(16383, 3900, "WEBP", quality=50, method=0),
        {"image_too_large"},
    ),
    "WebP, 32 megapixels": (lambda: flat(8000, 4000, "WEBP", quality=50, method=0), {"no_face"}),
    "AVIF, 64 megapixels": (lambda: flat(8000, 8000, "AVIF", quality=50, speed=10), {"no_face"}),
    "HEIC, 64 megapixels": (lambda: flat(8000, 8000, "HEIC"), {"no_face"}),
    "TIFF, 64 megapixels": (lambda: flat(8000, 8000, "TIFF", compression="tiff_adobe_deflate"), {"no_face"}),
    "TIFF, a billion pixels": (lambda: bare_tiff(31_700, 31_700), {"image_too_large"}),
    "TIFF, pages in a ring": (lambda: bare_tiff(800, 800, following=12), {"unreadable_image"}),
    "PDF, picture of 60,000 x 60,000 pixels": (
        lambda: page_of_picture(60_000, 60_000, 1, b"/DeviceGray", 1),
        {"image_too_large"},
    ),
    "PDF, picture of 64 megapixels, 16 bits": (
        lambda: page_of_picture(8000, 8000, 16, b"/DeviceRGB", 3),
        {"no_face"},
    ),
    "PDF, content of 1 GB": (lambda: page(stream(zeros(1 << 30), b"/Filter/FlateDecode")), {"no_face"}),
    "PDF, content of 2 GB, packed twice": (
        lambda: page(stream(zeros(1 << 31, 2), b"/Filter[/FlateDecode/FlateDecode]")),
        {"no_face"},
    ),
    "PDF, page 10 m wide": (
        lambda: page(stream(b"1 0 0 rg 0 0 28346 28346 re f" + PICTURE), box=b"0 0 28346 28346"),
        {"no_face"},
    ),
    "PDF, page 350,000 km wide and a point high": (
        lambda: page(stream(PICTURE), box=b"0 0 1000000000000 1"),
        {"no_face", "unreadable_pdf"},
    ),
    "PDF, 10,000 pictures": (
        lambda: page(stream(b"q 500 0 0 500 0 0 cm" + PICTURE * 10_000 + b"Q")),
        {"no_face"},
    ),
    "PDF, form that draws itself": (
        lambda: page(
            stream(b"/F Do"),
            stream(b"/F Do /F Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 5 0 R>>>>"),
            resources=b"/XObject<</F 5 0 R>>",
        ),
        {"no_face"},
    ),
    "PDF, a billion forms": (lambda: forms(9, 10, PICTURE), {"timed_out"}),
    "PDF, 80 transparency groups": (
        lambda: forms(80, 1, PICTURE, b"/Group<</S/Transparency/I true>>"),
        {"unreadable_pdf", "no_face"},
    ),
    "PDF, a billion tiles": (
        lambda: page(
            stream(b"/Pattern cs /P scn 0 0 600 800 re f" + PICTURE),
            stream(b"0 0 .01 .01 re f", _TILE),
            resources=b"/Pattern<</P 5 0 R>>",
        ),
        {"no_face", "timed_out"},
    ),
    "PDF, 10,000 pages": (lambda: page_tree(wide=10_000), {"portrait_beyond_page_limit"}),
    "PDF, page tree 5,000 deep": (lambda: page_tree(deep=5000), {"no_face", "unreadable_pdf"}),
    "PDF, object streams 1,000 deep": (lambda: object_streams(1000), {"no_face"}),
    "PDF, arrays 3,000,000 deep": (
        lambda: page(stream(b"[" * 3_000_000 + b"]" * 3_000_000 + b" TJ")),
        {"unreadable_pdf"},
    ),
    "PDF, 3,000,000 graphics states": (lambda: page(stream(b"q " * 3_000_000 + PICTURE)), {"unreadable_pdf"}),
    "PDF, scripts and actions": (script, {"no_face"}),
    "JPEG that is a PDF too": (lambda: jpeg(np.zeros((64, 64, 3), np.uint8)) + page(stream(PICTURE)), {"no_face"}),
    "PNG that is a ZIP too": (lambda: png(np.zeros((64, 64, 3), np.uint8)) + b"PK\x05\x06" + bytes(18), {"no_face"}),
}
"""Name of each bomb, with the function that makes it and the accepted error codes."""
