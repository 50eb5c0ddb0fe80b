"""A page of one scan returns the pixels of the scan; any other page is rendered. Both use the PDF's rotation."""

import numpy as np
import pytest

from tests.support.compose import card, jpeg, pdf
from tests.support.unreadable import AES_256, NO_PAGES
from worker.vision.documents import Limits, open_document
from worker.vision.documents.pdf.mupdf import pymupdf
from worker.vision.documents.pdf.pages import RenderedPage, ScannedPage
from worker.vision.documents.pdf.trace import drawing_operations, trace_drawing
from worker.vision.errors import EmptyPdfError, EncryptedPdfError, UnreadablePdfError
from worker.vision.geometry import Box


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_scan_is_the_same_as_the_rendered_page(rotation: int) -> None:
    data = pdf(card(), rotation=rotation)
    with open_document(data, Limits()) as opened, pymupdf.open(stream=data) as document:
        assert isinstance(opened.pages[0], ScannedPage)
        rendered = RenderedPage(
            document[0], 1, 64_000_000, trace_drawing(document[0], drawing_operations(document[0]), 64_000_000)
        )
        assert opened.pages[0].size == ((1000, 630) if rotation % 180 == 0 else (630, 1000))
        difference = opened.pages[0].preview(384).astype(int) - rendered.preview(384)
        assert np.abs(difference).mean() < 3


def test_a_scan_with_invisible_text_of_an_ocr_is_taken() -> None:
    document = pymupdf.open(stream=pdf(card()))
    document[0].insert_text((50, 50), "NAMES", render_mode=3)
    with open_document(document.tobytes(), Limits()) as opened:
        assert isinstance(opened.pages[0], ScannedPage)


@pytest.mark.parametrize("change", ["text", "cropbox", "second", "mirrored"])
def test_a_page_with_more_than_a_scan_is_rendered(change: str) -> None:
    document = pymupdf.open(stream=pdf(card()))
    page = document[0]
    match change:
        case "text":
            page.insert_text((50, 50), "COPY")
        case "cropbox":
            page.set_cropbox(pymupdf.Rect(0, 0, 300, 300))
        case "second":
            page.insert_image(pymupdf.Rect(0, 0, 90, 90), stream=jpeg(card("astronaut")))
        case "mirrored":
            contents = page.get_contents()[0]
            stream = document.xref_stream(contents)
            mirror = f"q -1 0 0 1 {page.rect.width} 0 cm\n".encode()
            document.update_stream(contents, mirror + stream + b"\nQ")
    with open_document(document.tobytes(), Limits()) as opened:
        assert isinstance(opened.pages[0], RenderedPage)


def test_a_rendered_region_equals_that_part_of_the_rendered_page() -> None:
    data = pdf("A page of text, again and again. " * 60)
    with open_document(data, Limits()) as opened:
        width, height = opened.pages[0].size
        whole = opened.pages[0].region(Box(0, 0, width, height))
        part = opened.pages[0].region(Box(400, 300, 1000, 900))
        assert whole.shape == (height, width, 3)
        np.testing.assert_allclose(part.astype(int), whole[300:900, 400:1000], atol=80)
        assert np.abs(part.astype(int) - whole[300:900, 400:1000]).mean() < 2


def test_a_20_mm_portrait_on_a_rendered_page_is_wider_than_150_pixels() -> None:
    with open_document(pdf("text"), Limits()) as opened:
        pixels_per_mm = opened.pages[0].size[0] / 210
        assert 20 * pixels_per_mm > 150


def test_a_page_of_ten_metres_stays_within_the_limit_on_pixels() -> None:
    document = pymupdf.open()
    document.new_page(width=28_346, height=28_346)
    with open_document(document.tobytes(), Limits(max_pixels=1_000_000)) as opened:
        width, height = opened.pages[0].size
        assert width * height <= 1_010_000


def test_pages_beyond_the_limit_are_not_read() -> None:
    with open_document(pdf(*["text"] * 5), Limits(max_pages=3)) as opened:
        assert [page.number for page in opened.pages] == [1, 2, 3]


def test_a_pdf_without_pages_is_refused() -> None:
    with pytest.raises(EmptyPdfError), open_document(NO_PAGES, Limits()):
        pass


def test_a_pdf_with_a_password_is_refused() -> None:
    data = pdf(card(), encryption=AES_256, user_pw="secret", owner_pw="owner")
    with pytest.raises(EncryptedPdfError), open_document(data, Limits()):
        pass


def test_a_pdf_that_only_restricts_printing_is_read() -> None:
    data = pdf(card(), encryption=AES_256, user_pw="", owner_pw="owner")
    with open_document(data, Limits()) as opened:
        assert opened.pages[0].size == (1000, 630)


def test_a_damaged_pdf_is_refused() -> None:
    with pytest.raises((UnreadablePdfError, EmptyPdfError)), open_document(b"%PDF-1.7\nnothing more", Limits()):
        pass
