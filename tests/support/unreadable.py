"""Documents that cannot be read, or not without a password."""

import struct
import zlib

from tests.support.compose import png
from tests.support.photos import Picture

AES_256 = 5  # PyMuPDF's PDF_ENCRYPT_AES_256, which is missing in its type stubs
NO_PAGES = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n"
    b"trailer<</Size 3/Root 1 0 R>>\nstartxref\n105\n%%EOF\n"
)


def lying_png(picture: Picture, width: int, height: int | None = None) -> bytes:
    """Return a PNG whose header, with a correct checksum, declares another size."""
    data = png(picture)
    header = struct.pack(">II", width, height or picture.shape[0]) + data[24:29]
    return data[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + data[33:]
