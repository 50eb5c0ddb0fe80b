"""Portraits have the resolution of their picture, unreadable pages do not affect others, and errors have a cause."""

import numpy as np
import pytest
from PIL import Image

from tests.support.bombs import raw_pdf, stream
from tests.support.compose import card, head, jpeg, paste, pdf, png
from tests.support.encoding import saved
from tests.support.pdf_drawing import Drawing, form, image
from worker.vision import Extraction, Limits, VisionError, extract_face
from worker.vision.documents import open_document
from worker.vision.documents.pdf.mupdf import pymupdf
from worker.vision.errors import UnreadablePdfError
from worker.vision.geometry import Box
from worker.vision.portrait import MAX_SIDE

A4 = (595, 842)  # points


def placed(data: bytes, page: tuple[float, float], box: pymupdf.Rect, rotation: int = 0) -> pymupdf.Document:
    """Return a PDF with a picture in this box of a page."""
    document = pymupdf.open()
    sheet = document.new_page(width=page[0], height=page[1])
    sheet.insert_image(box, stream=data)
    sheet.set_rotation(rotation)
    return document


def eye_distance(extraction: Extraction) -> float:
    return extraction.quality.eye_distance


@pytest.fixture(scope="module")
def alone() -> Extraction:
    """Return the extraction from the card itself."""
    return extract_face(png(card()))


@pytest.mark.parametrize(
    ("page", "box"),
    [
        (A4, pymupdf.Rect(100, 100, 343, 253)),  # the size of a card: 296 dpi
        (A4, pymupdf.Rect(20, 300, 578, 652)),  # 129 dpi, less than `RENDER_DPI`
        (A4, pymupdf.Rect(400, 100, 520, 175.6)),  # 600 dpi
        ((86, 54), pymupdf.Rect(0, 0, 86, 54)),  # a page with the size of the card in millimetres, as points
        ((3000, 1890), pymupdf.Rect(0, 0, 3000, 1890)),
    ],
)
@pytest.mark.parametrize("rotation", [0, 90])
def test_a_portrait_has_the_pixels_of_the_picture_that_shows_it(
    alone: Extraction, page: tuple[float, float], box: pymupdf.Rect, rotation: int
) -> None:
    found = extract_face(placed(png(card()), page, box, rotation).tobytes())
    assert found.portrait_size == pytest.approx(alone.portrait_size, rel=0.12)
    assert eye_distance(found) == pytest.approx(eye_distance(alone), rel=0.12)


def test_a_logo_with_a_high_resolution_does_not_change_the_portrait(alone: Extraction) -> None:
    document = placed(png(card()), A4, pymupdf.Rect(100, 100, 343, 253))
    logo = np.random.default_rng(1).integers(0, 255, (900, 900, 3), np.uint8)
    document[0].insert_image(pymupdf.Rect(450, 700, 500, 750), stream=png(logo))
    found = extract_face(document.tobytes())
    assert found.portrait_size == pytest.approx(alone.portrait_size, rel=0.12)
    assert eye_distance(found) == pytest.approx(eye_distance(alone), rel=0.12)


def test_a_scan_in_strips_has_the_pixels_of_its_strips(alone: Extraction) -> None:
    document = pymupdf.open()
    sheet = document.new_page(width=500, height=315)
    for top in range(0, 630, 70):
        sheet.insert_image(pymupdf.Rect(0, top / 2, 500, top / 2 + 35), stream=png(card()[top : top + 70]))
    assert extract_face(document.tobytes()).portrait_size == pytest.approx(alone.portrait_size, rel=0.12)


@pytest.mark.long
def test_a_portrait_from_a_fine_picture_is_reduced_to_the_maximum_size() -> None:
    large = np.asarray(Image.fromarray(head("obama")).resize((2100, 2700)))
    found = extract_face(placed(png(large), A4, pymupdf.Rect(100, 100, 310, 370)).tobytes())
    assert max(found.portrait_size) in (MAX_SIDE - 1, MAX_SIDE)  # whole pixels, never more than the maximum


def cut_page() -> bytes:
    """Return a PDF whose second page is a JPEG that ends in its first lines."""
    document = pymupdf.open(stream=pdf(card(), card("biden")))
    xref = document[1].get_images()[0][0]
    document.update_stream(xref, document.xref_stream_raw(xref)[:300], compress=False)
    document.xref_set_key(xref, "Filter", "/DCTDecode")
    return bytes(document.tobytes())


def large_page() -> bytes:
    return pdf(card(), np.zeros((1000, 2000, 3), np.uint8))


def test_an_unreadable_page_does_not_affect_the_others() -> None:
    found = extract_face(large_page(), limits=Limits(max_pixels=1_000_000))
    assert found.faces[found.selected].page == 1
    assert found.unreadable_pages == (2,)


def test_a_page_with_a_truncated_scan_does_not_affect_the_others() -> None:
    found = extract_face(cut_page())
    assert found.faces[found.selected].page == 1


def test_a_document_without_a_face_reports_the_error_of_an_unreadable_page() -> None:
    data = pdf("Nothing but text.", np.zeros((1000, 2000, 3), np.uint8))
    with pytest.raises(VisionError) as raised:
        extract_face(data, limits=Limits(max_pixels=1_000_000))
    assert raised.value.code == "image_too_large"


def test_page_pictures_omit_unreadable_pages() -> None:
    found = extract_face(large_page(), limits=Limits(max_pixels=1_000_000), page_side=400)
    assert [page.number for page in found.pages] == [1]


def attachment() -> bytes:
    document = pymupdf.open(stream=pdf("See the attached document."))
    document.embfile_add("id.jpg", jpeg(card()))
    return bytes(document.tobytes())


def portfolio() -> bytes:
    document = pymupdf.open(stream=attachment())
    document.xref_set_key(document.pdf_catalog(), "Collection", "<</Type/Collection/View/T>>")
    return bytes(document.tobytes())


def xfa() -> bytes:
    document = pymupdf.open(stream=pdf("Please wait... If this message is not eventually replaced"))
    document.xref_set_key(document.pdf_catalog(), "AcroForm", "<</Fields[]/XFA(<xdp/>)>>")
    return bytes(document.tobytes())


def attached_to_a_page() -> bytes:
    document = pymupdf.open(stream=pdf("See the paper clip."))
    document[0].add_file_annot((72, 72), jpeg(card()), "id.jpg")
    return bytes(document.tobytes())


@pytest.mark.long
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pdf(*["text"] * 3, card()), "portrait_beyond_page_limit"),
        (attachment(), "pdf_attachments"),
        (attached_to_a_page(), "pdf_attachments"),
        (portfolio(), "pdf_attachments"),
        (xfa(), "pdf_form"),
        (pdf("text"), "no_face"),
    ],
    ids=["later page", "attachment", "paper clip", "portfolio", "XFA", "text"],
)
def test_a_pdf_without_a_face_reports_the_reason(data: bytes, code: str) -> None:
    with pytest.raises(VisionError) as raised:
        extract_face(data, limits=Limits(max_pages=3))
    assert raised.value.code == code


def test_an_attachment_is_ignored_if_a_page_shows_a_face() -> None:
    document = pymupdf.open(stream=pdf(card()))
    document.embfile_add("more.txt", b"more")
    assert len(extract_face(document.tobytes()).faces) == 1


def test_a_photograph_in_a_form_field_is_found() -> None:
    drawing = Drawing(
        b"",
        {
            "A": image(jpeg(card()), (1000, 630)),
            "F": form(b"q 500 0 0 315 0 0 cm /A Do Q", b"/XObject<</A {A}>>"),
            "N": b"<</Type/Annot/Subtype/Widget/FT/Btn/Ff 65536/T(photo)/F 4/Rect[0 0 500 315]/AP<</N {F}>>>>",
        },
        annotations=("N",),
        catalog=b"/AcroForm<</Fields[{N}]>>",
    )
    assert len(extract_face(drawing.pdf()).faces) == 1


def test_cmyk_without_a_profile_on_a_page_is_approximate() -> None:
    picture = saved(Image.fromarray(card()).convert("CMYK"), "JPEG", quality=92)
    cmyk = image(picture, (1000, 630), space=b"/DeviceCMYK", entries=b"/Decode[1 0 1 0 1 0 1 0]")
    found = extract_face(Drawing(b"q 500 0 0 315 0 0 cm /A Do Q", {"A": cmyk}, xobjects=("A",)).pdf())
    assert found.approximate_colours
    assert not extract_face(pdf(card())).approximate_colours


def test_regions_of_a_page_of_more_than_300_dpi_have_the_requested_size() -> None:
    data = placed(png(card()), A4, pymupdf.Rect(400, 100, 520, 175.6)).tobytes()
    with open_document(data, Limits()) as document:
        page = document.pages[0]
        assert page.size[0] == pytest.approx(595 * 1000 / 120, rel=0.01)
        region = page.region(Box(3400, 900, 4200, 1400))
        assert region.shape == (500, 800, 3)
        assert page.region(Box(3400, 900, 4200, 1400), 0.25).shape == (125, 200, 3)


@pytest.mark.long
def test_a_stream_that_is_not_a_picture_is_a_vision_error() -> None:
    rubbish = stream(
        b"rubbish", b"/Type/XObject/Subtype/Image/Width 9/Height 9/BitsPerComponent 8/ColorSpace/DeviceRGB"
    )
    broken = Drawing(b"q 500 0 0 315 0 0 cm /A Do Q", {"A": rubbish}, xobjects=("A",)).pdf()
    with pytest.raises(VisionError) as raised:
        extract_face(broken)
    assert raised.value.code in {"unreadable_image", "unreadable_pdf"}


def test_a_logo_in_cmyk_does_not_make_the_portrait_approximate() -> None:
    picture = saved(Image.new("CMYK", (200, 100), (0, 255, 255, 0)), "JPEG")
    logo = image(picture, (200, 100), space=b"/DeviceCMYK", entries=b"/Decode[1 0 1 0 1 0 1 0]")
    content = b"q 500 0 0 315 0 0 cm /A Do Q q 40 0 0 20 450 290 cm /B Do Q"
    drawing = Drawing(content, {"A": image(jpeg(card()), (1000, 630)), "B": logo}, xobjects=("A", "B"))
    assert not extract_face(drawing.pdf()).approximate_colours


def test_the_limit_on_pixels_applies_to_every_picture_on_a_page() -> None:
    found = extract_face(
        placed(png(card()), A4, pymupdf.Rect(100, 100, 343, 253)).tobytes(), limits=Limits(max_pixels=630_000)
    )
    assert found.unreadable_pages == ()
    with pytest.raises(VisionError) as raised:
        extract_face(
            placed(png(card()), A4, pymupdf.Rect(100, 100, 343, 253)).tobytes(), limits=Limits(max_pixels=629_999)
        )
    assert raised.value.code == "image_too_large"


def test_a_portrait_of_filled_shapes_is_found_if_no_other_page_shows_a_face() -> None:
    small = np.asarray(Image.fromarray(head("obama")).resize((70, 90)))
    squares = b"".join(
        b"%.3f %.3f %.3f rg %d %d 3 3 re f\n" % (*(small[y, x] / 255), 100 + 3 * x, 290 - 3 * y)
        for y in range(90)
        for x in range(70)
    )
    assert len(extract_face(Drawing(squares).pdf()).faces) == 1


@pytest.mark.long
@pytest.mark.parametrize("part", [1.0, 0.97], ids=["whole", "truncated"])
def test_a_small_face_on_a_stretched_scan_is_found(part: float) -> None:
    table = np.full((3000, 4000, 3), (120, 96, 74), np.uint8)
    paste(table, card(), Box(1800, 1200, 2130, 1408))
    scan = jpeg(table)
    picture = image(scan[: int(part * len(scan))], (4000, 3000))
    found = extract_face(Drawing(b"q 500 0 0 315 0 0 cm /A Do Q", {"A": picture}, xobjects=("A",)).pdf())
    face = found.faces[found.selected]
    assert face.page_size == (4000, 3000)
    x, y = face.box.centre
    assert 1800 < x < 1965
    assert 1200 < y < 1408


def test_a_circular_page_tree_is_refused() -> None:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 315]/Contents 4 0 R>>"
    tree = b"<</Type/Pages/Kids[3 0 R 2 0 R]/Count 2>>"
    with pytest.raises(UnreadablePdfError):
        extract_face(raw_pdf([b"<</Type/Catalog/Pages 2 0 R>>", tree, page, stream(b"BT ET")]))
