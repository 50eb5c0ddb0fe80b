"""PDFs with one page, written operator by operator, to separate what a page draws from what it only lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.bombs import raw_pdf, stream

WIDTH, HEIGHT = 500, 315  # points
FULL = b"%d 0 0 %d 0 0 cm" % (WIDTH, HEIGHT)
"""Operator that scales a picture to the whole page."""

_FIRST_FREE = 5  # objects 1 to 4 are the catalog, the page tree, the page and its content


@dataclass
class Drawing:
    """A page to write.

    Attributes
    ----------
    content
        The operators of the page.
    objects
        The objects by name.
    xobjects, patterns, states, properties, fonts, annotations
        Names of the objects that the page lists as resources or annotations.
    catalog, page
        Additional entries of the catalog and the page.

    """

    content: bytes
    objects: dict[str, bytes] = field(default_factory=dict)
    xobjects: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    spaces: bytes = b""
    catalog: bytes = b""
    page: bytes = b""

    def pdf(self) -> bytes:
        """Return the PDF. ``{name}`` in an object or an entry becomes a reference to the object with this name."""
        numbers = {name: number for number, name in enumerate(self.objects, _FIRST_FREE)}
        kinds: Mapping[bytes, tuple[str, ...]] = {
            b"XObject": self.xobjects,
            b"Pattern": self.patterns,
            b"ExtGState": self.states,
            b"Properties": self.properties,
            b"Font": self.fonts,
        }
        resources = b"".join(
            b"/%s<<%s>>" % (kind, b"".join(b"/%s %d 0 R" % (name.encode(), numbers[name]) for name in names))
            for kind, names in kinds.items()
            if names
        )
        annotations = b" ".join(b"%d 0 R" % numbers[name] for name in self.annotations)
        head = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents 4 0 R/Resources<<%s%s>>/Annots[%s]%s>>"
        page = head % (WIDTH, HEIGHT, resources, self.spaces, annotations, self.page)
        catalog = b"<</Type/Catalog/Pages 2 0 R%s>>" % self.catalog
        written = [catalog, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, stream(self.content), *self.objects.values()]
        return raw_pdf([_with_references(each, numbers) for each in written])


def _with_references(text: bytes, numbers: Mapping[str, int]) -> bytes:
    for name, number in numbers.items():
        text = text.replace(b"{%s}" % name.encode(), b"%d 0 R" % number)
    return text


def image(jpeg: bytes, size: tuple[int, int], *, space: bytes = b"/DeviceRGB", entries: bytes = b"") -> bytes:
    """Return an image object that contains this JPEG."""
    head = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace %s/Filter/DCTDecode%s"
    return stream(jpeg, head % (*size, space, entries))


def form(content: bytes, resources: bytes, entries: bytes = b"") -> bytes:
    """Return a form object with these operators."""
    box = b"/Type/XObject/Subtype/Form/BBox[0 0 %d %d]/Resources<<%s>>%s" % (WIDTH, HEIGHT, resources, entries)
    return stream(content, box)
