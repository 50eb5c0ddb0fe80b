"""A page returns the pixels of a scan only if the scan is exactly what the page draws, not what it lists."""

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st
from numpy.typing import NDArray
from PIL import ImageCms

from tests.support.bombs import stream
from tests.support.colour_profiles import SPACES, matrix_profile
from tests.support.compose import card, jpeg, pdf
from tests.support.pdf_drawing import FULL, HEIGHT, WIDTH, Drawing, form, image
from worker.vision import Limits, extract_face
from worker.vision.documents import open_document
from worker.vision.documents.pdf.mupdf import pymupdf
from worker.vision.documents.pdf.pages import RenderedPage, ScannedPage
from worker.vision.documents.pdf.trace import drawing_operations, trace_drawing
from worker.vision.errors import PdfLayersError, UnreadableImageError

Picture = NDArray[np.uint8]

A, B = (jpeg(np.ascontiguousarray(card(name)[::2, ::2])) for name in ("obama", "biden"))
SIZE = (500, 315)
SHOWN, OTHER = image(A, SIZE), image(B, SIZE)
DRAW_A, DRAW_B = b"q %s /A Do Q\n" % FULL, b"q %s /B Do Q\n" % FULL
INLINE_A = b"q %s BI /W 500 /H 315 /BPC 8 /CS /RGB /F /DCT ID %s EI Q\n" % (FULL, A)
LISTS_B = {"objects": {"B": OTHER}, "xobjects": ("B",)}
BOTH = {"objects": {"A": SHOWN, "B": OTHER}, "xobjects": ("A", "B")}
HIDDEN = b"/OCProperties<</OCGs[{L}]/D<</OFF[{L}]>>>>"
LAYER = b"<</Type/OCG/Name(hidden)>>"

DECEPTIONS: dict[str, Drawing] = {
    "inline": Drawing(INLINE_A, **LISTS_B),  # type: ignore[arg-type]
    "in a form": Drawing(
        b"/F Do", {"A": SHOWN, "B": OTHER, "F": form(DRAW_A, b"/XObject<</A {A}>>")}, xobjects=("B", "F")
    ),
    "as a pattern": Drawing(
        b"/Pattern cs /P scn 0 0 %d %d re f" % (WIDTH, HEIGHT),
        {
            "A": SHOWN,
            "B": OTHER,
            "P": stream(
                DRAW_A,
                b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 500 315]/XStep 500/YStep 315"
                b"/Resources<</XObject<</A {A}>>>>",
            ),
        },
        xobjects=("B",),
        patterns=("P",),
    ),
    "the other in a hidden layer": Drawing(
        DRAW_A + b"/OC /L BDC " + DRAW_B + b"EMC",
        {"A": SHOWN, "B": OTHER, "L": LAYER},
        xobjects=("A", "B"),
        properties=("L",),
        catalog=HIDDEN,
    ),
    "the only listed one in a hidden layer": Drawing(
        INLINE_A + b"/OC /L BDC " + DRAW_B + b"EMC",
        {"B": OTHER, "L": LAYER},
        xobjects=("B",),
        properties=("L",),
        catalog=HIDDEN,
    ),
    "the other clipped away": Drawing(DRAW_A + b"q 0 0 0 0 re W n " + DRAW_B + b"Q", **BOTH),  # type: ignore[arg-type]
    "the other without opacity": Drawing(
        DRAW_A + b"/G gs " + DRAW_B,
        {"A": SHOWN, "B": OTHER, "G": b"<</ca 0>>"},
        xobjects=("A", "B"),
        states=("G",),
    ),
    "over the other": Drawing(DRAW_B + DRAW_A, **BOTH),  # type: ignore[arg-type]
    "over the other, inline": Drawing(DRAW_B + INLINE_A, **LISTS_B),  # type: ignore[arg-type]
    "in an annotation over the other": Drawing(
        DRAW_B,
        {
            "A": SHOWN,
            "B": OTHER,
            "F": form(DRAW_A, b"/XObject<</A {A}>>"),
            "N": b"<</Type/Annot/Subtype/Stamp/F 4/Rect[0 0 500 315]/AP<</N {F}>>>>",
        },
        xobjects=("B",),
        annotations=("N",),
    ),
    "in a form field over the other": Drawing(
        DRAW_B,
        {
            "A": SHOWN,
            "B": OTHER,
            "F": form(DRAW_A, b"/XObject<</A {A}>>"),
            "N": b"<</Type/Annot/Subtype/Widget/FT/Btn/Ff 65536/T(p)/F 4/Rect[0 0 500 315]/AP<</N {F}>>>>",
        },
        xobjects=("B",),
        annotations=("N",),
        catalog=b"/AcroForm<</Fields[{N}]>>",
    ),
    "as a glyph": Drawing(
        b"BT /T 1 Tf 500 0 0 315 0 0 Tm (a) Tj ET",
        {
            "A": SHOWN,
            "B": OTHER,
            "C": stream(b"1 0 d0 q 1 0 0 1 0 0 cm /A Do Q"),
            "T": b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]/FirstChar 97/LastChar 97"
            b"/Widths[1]/Encoding<</Type/Encoding/Differences[97/a]>>/CharProcs<</a {C}>>"
            b"/Resources<</XObject<</A {A}>>>>>>",
        },
        xobjects=("B",),
        fonts=("T",),
    ),
}
"""Pages that show picture A to a person and list picture B."""


def previews(data: bytes) -> tuple[Picture, Picture]:
    """Return a page as the engine reads it, and as it is rendered."""
    with open_document(data, Limits()) as opened, pymupdf.open(stream=data) as document:
        rendered = RenderedPage(
            document[0], 1, 64_000_000, trace_drawing(document[0], drawing_operations(document[0]), 64_000_000)
        )
        return opened.pages[0].preview(250), rendered.preview(250)


def mean_difference(first: Picture, second: Picture) -> float:
    return float(np.abs(first.astype(int) - second).mean())


def is_taken_out(data: bytes) -> bool:
    with open_document(data, Limits()) as opened:
        return isinstance(opened.pages[0], ScannedPage)


@pytest.mark.parametrize("name", DECEPTIONS)
def test_the_face_is_the_one_that_a_person_sees(name: str) -> None:
    seen, _ = previews(DECEPTIONS[name].pdf())
    expected, _ = previews(Drawing(DRAW_A, {"A": SHOWN}, xobjects=("A",)).pdf())
    decoy, _ = previews(Drawing(DRAW_B, {"B": OTHER}, xobjects=("B",)).pdf())
    assert mean_difference(seen, expected) < 4 < mean_difference(seen, decoy)


@pytest.mark.parametrize("name", DECEPTIONS)
def test_the_misleading_pages_are_searched(name: str) -> None:
    with open_document(DECEPTIONS[name].pdf(), Limits()) as opened:
        assert opened.pages[0].may_show_a_face


def icc(profile: bytes, channels: int) -> bytes:
    return stream(profile, b"/N %d" % channels)


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
INTENT = b"/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/DestOutputProfile {I}>>]"
OCR = b"BT 3 Tr /T 12 Tf 10 10 Td (names) Tj ET\n"
HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


@pytest.mark.parametrize(
    "drawing",
    [
        Drawing(DRAW_A, {"A": SHOWN}, xobjects=("A",)),
        Drawing(DRAW_A, BOTH["objects"], xobjects=("A", "B")),  # type: ignore[arg-type]
        Drawing(b"q 0 0 500 315 re W n " + DRAW_A + b"Q", {"A": SHOWN}, xobjects=("A",)),
        Drawing(DRAW_A + OCR, {"A": SHOWN, "T": HELVETICA}, xobjects=("A",), fonts=("T",)),
        Drawing(DRAW_A, {"A": image(A, SIZE, space=b"[/ICCBased {I}]"), "I": icc(SRGB, 3)}, xobjects=("A",)),
        Drawing(DRAW_A, {"A": SHOWN, "I": icc(SRGB, 3)}, xobjects=("A",), catalog=INTENT),
    ],
    ids=["plain", "another is listed", "clipped to the page", "with OCR", "sRGB profile", "PDF/A"],
)
def test_a_page_of_one_scan_returns_the_pixels_of_the_scan(drawing: Drawing) -> None:
    assert is_taken_out(drawing.pdf())


def with_profile(data: bytes, profile: bytes) -> bytes:
    content = b"ICC_PROFILE\0\1\1" + profile
    return data[:20] + b"\xff\xe2" + (len(content) + 2).to_bytes(2) + content + data[20:]


def curve(space: tuple[NDArray[np.float64], float] | None, channels: int) -> dict[str, bytes]:
    return {"I": icc(matrix_profile(space), channels)}


PROPHOTO_A = with_profile(A, matrix_profile(SPACES["ProPhoto"]))
GREY_A = jpeg(np.ascontiguousarray(card("obama")[::2, ::2, 1]))
COLOURS: dict[str, tuple[bytes, bytes, bytes, dict[str, bytes]]] = {
    "RGB": (A, b"/DeviceRGB", b"", {}),
    "grey": (GREY_A, b"/DeviceGray", b"", {}),
    "sRGB profile": (A, b"[/ICCBased {I}]", b"", {"I": icc(SRGB, 3)}),
    "Display P3 profile": (A, b"[/ICCBased {I}]", b"", curve(SPACES["Display P3"], 3)),
    "ProPhoto profile": (A, b"[/ICCBased {I}]", b"", curve(SPACES["ProPhoto"], 3)),
    "grey profile": (GREY_A, b"[/ICCBased {I}]", b"", {"I": icc(matrix_profile(None, gamma=1.0), 1)}),
    "CalRGB": (A, b"[/CalRGB<</WhitePoint[0.95 1 1.09]/Gamma[1 1 1]>>]", b"", {}),
    "Lab": (A, b"[/Lab<</WhitePoint[0.96 1 0.82]/Range[-128 127 -128 127]>>]", b"", {}),
    "separation": (
        GREY_A,
        b"[/Separation/Black/DeviceCMYK<</FunctionType 2/Domain[0 1]/C0[0 0 0 0]/C1[0 0 0 1]/N 1>>]",
        b"",
        {},
    ),
    "indexed": (GREY_A, b"[/Indexed/DeviceRGB 255<%s>]" % bytes(range(255, -1, -1)).hex().encode(), b"", {}),
    "no transform": (A, b"/DeviceRGB", b"/DecodeParms<</ColorTransform 0>>", {}),
    "inverted": (A, b"/DeviceRGB", b"/Decode[1 0 1 0 1 0]", {}),
    "colour key": (A, b"/DeviceRGB", b"/Mask[200 255 200 255 200 255]", {}),
    "soft mask": (
        A,
        b"/DeviceRGB",
        b"/SMask {M}",
        {"M": image(GREY_A, SIZE, space=b"/DeviceGray")},
    ),
    "another size": (A, b"/DeviceRGB", b"", {}),
    "a profile of its own": (PROPHOTO_A, b"/DeviceRGB", b"", {}),
    "JFIF and Adobe disagree": (A[:20] + b"\xff\xee\0\x0eAdobe\0d\0\0\0\0\0" + A[20:], b"/DeviceRGB", b"", {}),
    "two starts": (b"\xff\xd8" + A, b"/DeviceRGB", b"", {}),
    "cut off": (A[: len(A) * 2 // 3], b"/DeviceRGB", b"", {}),
}
"""Picture A, or its green channel, in each colour space: data, space, further entries, further objects."""

PLACES = {
    "whole": FULL,
    "nearly whole": b"498 0 0 314 1 0.5 cm",
    "smaller": b"300 0 0 200 50 40 cm",
    "mirrored": b"-500 0 0 315 500 0 cm",
    "upside down": b"-500 0 0 -315 500 315 cm",
    "turned": b"0 315 -500 0 500 0 cm",
    "slanted": b"500 30 0 315 0 0 cm",
    "too large": b"700 0 0 500 -100 -90 cm",
}
BEFORE_AND_AFTER = {
    "nothing": b"",
    "a clip to a corner": b"0 0 200 200 re W n\n",
    "a clip to the page": b"0 0 500 315 re W n\n",
    "a round clip": b"0 0 m 500 0 500 315 0 315 c W n\n",
    "a red page": b"1 0 0 rg 0 0 500 315 re f\n",
    "a line": b"5 w 0 0 m 500 315 l S\n",
    "half opacity": b"/G gs\n",
    "multiplied": b"/H gs\n",
    "the other": b"q 200 0 0 100 10 10 cm /B Do Q\n",
    "print": b"BT /T 40 Tf 30 100 Td (COPY) Tj ET\n",
    "a gradient": b"/S sh\n",
}
RAMP = b"<</FunctionType 2/Domain[0 1]/N 1>>"
SHADING = b"/Shading<</S<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 99 0]/Function%s>>>>" % RAMP


@pytest.mark.long
@settings(max_examples=80)
@given(
    colour=st.sampled_from(sorted(COLOURS)),
    place=st.sampled_from(sorted(PLACES)),
    before=st.sampled_from(sorted(BEFORE_AND_AFTER)),
    after=st.sampled_from(sorted(BEFORE_AND_AFTER)),
    defaults=st.booleans(),
    rotation=st.sampled_from([0, 90, 180, 270]),
)
@example(colour="RGB", place="whole", before="nothing", after="nothing", defaults=False, rotation=90)
@example(colour="RGB", place="whole", before="nothing", after="nothing", defaults=True, rotation=0)
@example(colour="a profile of its own", place="whole", before="nothing", after="nothing", defaults=False, rotation=0)
@example(colour="JFIF and Adobe disagree", place="whole", before="nothing", after="nothing", defaults=False, rotation=0)
@example(colour="two starts", place="whole", before="nothing", after="nothing", defaults=False, rotation=0)
@example(colour="cut off", place="whole", before="nothing", after="nothing", defaults=False, rotation=0)
@example(colour="no transform", place="whole", before="nothing", after="nothing", defaults=False, rotation=0)
def test_a_scan_that_is_taken_out_shows_what_rendering_shows(  # noqa: PLR0913 - all that varies
    *, colour: str, place: str, before: str, after: str, defaults: bool, rotation: int
) -> None:
    data, space, entries, more = COLOURS[colour]
    size = (250, 315) if colour == "another size" else SIZE
    profiles = {"D": icc(matrix_profile(SPACES["Adobe RGB"]), 3)}
    drawing = Drawing(
        b"q " + BEFORE_AND_AFTER[before] + b"q " + PLACES[place] + b" /A Do Q " + BEFORE_AND_AFTER[after] + b"Q",
        {
            "A": image(data, size, space=space, entries=entries),
            "B": OTHER,
            "G": b"<</ca 0.5>>",
            "H": b"<</BM/Multiply>>",
            "T": HELVETICA,
            **more,
            **profiles,
        },
        xobjects=("A", "B"),
        states=("G", "H"),
        fonts=("T",),
        spaces=SHADING + (b"/ColorSpace<</DefaultRGB[/ICCBased {D}]>>" if defaults else b""),
        page=b"/Rotate %d" % rotation,
    )
    looked_at, rendered = previews(drawing.pdf())
    assert looked_at.shape == rendered.shape
    assert mean_difference(looked_at, rendered) < 3


def test_the_readable_part_of_a_truncated_scan_is_rendered() -> None:
    cut = A[: int(0.97 * len(A))]
    data = Drawing(DRAW_A, {"A": image(cut, SIZE)}, xobjects=("A",)).pdf()
    seen, rendered = previews(data)
    whole_page, _ = previews(Drawing(DRAW_A, {"A": SHOWN}, xobjects=("A",)).pdf())
    assert mean_difference(seen, rendered) < 3
    assert mean_difference(seen[:80], whole_page[:80]) < 3


@pytest.mark.parametrize("said", [10, 100_000, 40_000_000])
def test_a_scan_with_a_wrong_length_is_read(said: int) -> None:
    data = jpeg(card())
    right = image(data, (1000, 630))
    wrong = right.replace(b"/Length %d" % len(data), b"/Length %d" % said)
    assert wrong != right
    seen, _ = previews(Drawing(DRAW_A, {"A": wrong}, xobjects=("A",)).pdf())
    expected, _ = previews(Drawing(DRAW_A, {"A": right}, xobjects=("A",)).pdf())
    assert mean_difference(seen, expected) < 3


def test_an_inline_picture_is_rendered() -> None:
    inline = INLINE_A.replace(b"/F /DCT", b"/F /DCT /DP<</ColorTransform 0>>")
    seen, rendered = previews(Drawing(inline, {"A": SHOWN}, xobjects=("A",)).pdf())
    assert mean_difference(seen, rendered) < 3


@pytest.mark.parametrize(
    ("condition", "configuration"),
    [(b"/P/AllOn", b"/OFF[{L}]"), (b"/VE[/Not {L}]", b"/ON[{L}]")],
)
def test_layers_with_a_condition_are_refused(condition: bytes, configuration: bytes) -> None:
    drawing = Drawing(
        DRAW_A + b"/OC /M BDC " + DRAW_B + b"EMC",
        {"A": SHOWN, "B": OTHER, "L": LAYER, "M": b"<</Type/OCMD/OCGs[{L}]%s>>" % condition},
        xobjects=("A", "B"),
        properties=("M",),
        catalog=b"/OCProperties<</OCGs[{L}]/D<<%s>>>>" % configuration,
    )
    with pytest.raises(PdfLayersError), open_document(drawing.pdf(), Limits()):
        pass


@pytest.mark.long
def test_a_page_that_lists_thousands_of_pictures_is_rendered() -> None:
    names = {f"N{number}": SHOWN for number in range(200)}
    assert not is_taken_out(Drawing(DRAW_A, {"A": SHOWN, **names}, xobjects=("A", *names)).pdf())


@pytest.mark.long
@pytest.mark.parametrize("picture", [b"no JPEG at all", A[: len(A) // 3]], ids=["rubbish", "cut"])
def test_a_page_with_a_damaged_picture_and_no_face_is_unreadable(picture: bytes) -> None:
    bad = Drawing(DRAW_A, {"A": image(picture[:3000], SIZE)}, xobjects=("A",)).pdf()
    with pytest.raises(UnreadableImageError):
        extract_face(bad)
    with pymupdf.open(stream=bad) as document, pymupdf.open(stream=pdf(card())) as good:
        document.insert_pdf(good)
        found = extract_face(document.tobytes())
    assert found.unreadable_pages == (1,)
    assert found.faces[found.selected].page == 2
