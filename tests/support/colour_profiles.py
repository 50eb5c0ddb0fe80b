"""Generates ICC colour profiles of RGB and grey spaces, and pictures in these spaces."""

import struct

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Matrix = NDArray[np.float64]

# Columns: XYZ of red, green and blue, adapted to D50, from the published profiles of the spaces.
_DISPLAY_P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
_ADOBE_RGB = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
_PROPHOTO = np.array([[0.79767, 0.13519, 0.03135], [0.28804, 0.71188, 0.00009], [0.0, 0.0, 0.82491]])
_SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])

SPACES: dict[str, tuple[Matrix, float]] = {
    "Display P3": (_DISPLAY_P3, 2.2),
    "Adobe RGB": (_ADOBE_RGB, 2.2),
    "ProPhoto": (_PROPHOTO, 1.8),
}
"""Primaries and gamma of each space. The real Display P3 uses the curve of sRGB instead of a gamma."""


def in_space(picture: Picture, space: str) -> tuple[Picture, bytes]:
    """Convert an sRGB picture to another space. Return it with the profile of that space."""
    matrix, gamma = SPACES[space]
    values = picture.astype(np.float64) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    other = np.clip(linear @ (np.linalg.inv(matrix) @ _SRGB).T, 0, 1) ** (1 / gamma)
    return np.round(255 * other).astype(np.uint8), matrix_profile(SPACES[space])


def matrix_profile(space: tuple[Matrix, float] | None, name: str = "made by a test", gamma: float = 2.2) -> bytes:
    """Return an ICC profile (ICC.1:2010, version 2) with primaries and a gamma, or a grey profile without primaries."""
    gamma = space[1] if space else gamma
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    description = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name.encode() + b"\0" + bytes(78)
    tags = {b"desc": description, b"cprt": b"text\0\0\0\0none\0", b"wtpt": _xyz(np.array([0.9642, 1.0, 0.8249]))}
    if space:
        tags |= {b"rXYZ": _xyz(space[0][:, 0]), b"gXYZ": _xyz(space[0][:, 1]), b"bXYZ": _xyz(space[0][:, 2])}
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    else:
        tags |= {b"kTRC": curve}
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    colours = b"RGB " if space else b"GRAY"
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"none", 0x02100000, b"mntr", colours, b"XYZ ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)  # D50
    return head.ljust(128, b"\0") + table + body


def _xyz(values: NDArray[np.float64]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * value) for value in values))
