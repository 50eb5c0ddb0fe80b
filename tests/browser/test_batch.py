"""Batches on the console: upload, progress, retries, exports, and opening a batch again by its name."""

import csv
import json
import re
import uuid
import zipfile
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.browser import documents
from tests.browser.conftest import Console

COUNT = 24
FAILURES = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert documents.write_folder(tmp_path / "intake", COUNT) == FAILURES
    return tmp_path / "intake"


@pytest.fixture
def name() -> str:
    return f"batch-{uuid.uuid4().hex[:8]}"


def send(page: Page, name: str, folder: Path) -> None:
    page.get_by_role("link", name="Batch").click()
    page.get_by_label("Batch name").fill(name)
    page.get_by_label("Choose a folder").set_input_files(folder)


def ended(page: Page, count: int = COUNT) -> None:
    expect(page.get_by_text(f"{count} of {count} documents processed")).to_be_visible()


def test_every_document_of_an_uploaded_folder_has_a_row(page: Page, name: str, folder: Path) -> None:
    send(page, name, folder)
    ended(page)
    expect(page.get_by_text(f"{FAILURES} failed")).to_be_visible()
    expect(page.locator("tr.succeeded")).to_have_count(COUNT - FAILURES)
    expect(page.locator("tr.succeeded img")).to_have_count(COUNT - FAILURES)
    page.get_by_label("Show").select_option("Failures")
    expect(page.locator("tbody tr")).to_have_count(FAILURES)
    expect(page.locator("tbody tr").first).to_contain_text("No face was found")


def test_the_exports_list_every_document_by_its_name(page: Page, name: str, folder: Path, tmp_path: Path) -> None:
    send(page, name, folder)
    ended(page)
    with page.expect_download() as table:
        page.get_by_role("button", name="Download results (CSV)").click()
    table.value.save_as(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        rows = {row["reference"]: row for row in csv.DictReader(file)}
    assert sorted(rows) == sorted(f"intake/{path.name}" for path in folder.iterdir())
    assert [row["code"] for row in rows.values()].count("no_face") == FAILURES
    with page.expect_download() as archive:
        page.get_by_role("button", name="Download portraits (ZIP)").click()
    archive.value.save_as(tmp_path / "portraits.zip")
    with zipfile.ZipFile(tmp_path / "portraits.zip") as portraits:
        assert portraits.testzip() is None
        expected = {f"{name}.jpg" for name, row in rows.items() if row["status"] == "succeeded"}
        assert set(portraits.namelist()) == expected


def test_a_batch_is_opened_again_by_name_and_a_folder_that_is_dropped_again_makes_no_second_job(
    console: Console, name: str, folder: Path
) -> None:
    first = console.open()
    send(first, name, folder)
    ended(first)
    first.close()
    again = console.open(f"#batch/{name}")
    ended(again)
    posts = [request for request in console.requests if request.method == "POST"]
    send(again, name, folder)
    ended(again)
    assert [request for request in console.requests if request.method == "POST"] == posts


def test_documents_with_the_same_reference_have_a_row_each(page: Page, name: str, client: httpx.Client) -> None:
    for document in (documents.faceless(), documents.id_card()):
        data = {"batch": name, "reference": "applicant-1"}
        client.post("/jobs/extract-face", files={"file": document}, data=data).raise_for_status()
    page.goto(f"{page.url}#batch/{name}")
    ended(page, 2)
    rows = page.get_by_role("row").filter(has_text="applicant-1")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="Failed")).to_have_count(1)
    expect(rows.filter(has_text="Portrait found")).to_have_count(1)


def test_a_batch_of_comparisons_shows_verdicts(page: Page, name: str, client: httpx.Client) -> None:
    selfies = {"same": documents.selfie(), "small": documents.small_selfie()}
    for reference, selfie in selfies.items():
        files, data = {"selfie": selfie, "id_photo": documents.id_card()}, {"batch": name, "reference": reference}
        client.post("/jobs/compare-faces", files=files, data=data).raise_for_status()
    page.goto(f"{page.url}#batch/{name}")
    ended(page, len(selfies))
    same, small = (page.get_by_role("row").filter(has_text=reference) for reference in selfies)
    expect(same).to_contain_text("Compared")
    expect(same).to_contain_text("Match: at most 1 in 100,000 pairs of strangers look this alike.")
    expect(small).to_contain_text("No match: ")
    expect(small).to_contain_text("The face in the selfie is too small to compare.")
    page.get_by_label("Show").select_option("With warnings")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_batch_continues_while_another_screen_is_shown(page: Page, name: str, folder: Path) -> None:
    send(page, name, folder)
    page.get_by_role("link", name="Operations").click()
    expect(page.get_by_text("The service is running")).to_be_visible()
    page.get_by_role("link", name="Batch").click()
    page.get_by_role("link", name=name).click()
    ended(page)


def test_closing_the_tab_loses_no_uploaded_document(console: Console, name: str, folder: Path) -> None:
    first = console.open()
    send(first, name, folder)
    expect(first.locator("tr.queued, tr.succeeded").first).to_be_visible()
    first.close()
    again = console.open(f"#batch/{name}")
    expect(again.locator("tr.succeeded").first).to_be_visible()
    send(again, name, folder)
    ended(again)
    expect(again.locator("tbody tr")).to_have_count(COUNT)


def test_an_unavailable_service_is_retried_automatically_and_failures_on_request(
    page: Page, name: str, folder: Path
) -> None:
    refused: list[str] = []

    def busy(route: Route) -> None:
        if len(refused) < 3:
            refused.append(route.request.url)
            if len(refused) == 1:
                route.abort()
            else:
                route.fulfill(status=503, headers={"Retry-After": "1"}, json={"code": "overloaded", "detail": "Busy."})
        else:
            route.continue_()

    page.route("**/jobs/extract-face", busy)
    send(page, name, folder)
    ended(page)
    assert len(refused) == 3
    expect(page.locator("tr.failed")).to_have_count(FAILURES)
    (row := page.locator("tr.failed").first).get_by_role("button", name="Retry").press("Enter")
    expect(row).to_be_visible()
    with page.expect_request(lambda request: request.method == "POST"):
        page.get_by_role("button", name="Retry all failures").click()
    ended(page)
    expect(page.locator("tr.failed")).to_have_count(FAILURES)


def test_queued_documents_are_cancelled(page: Page, name: str, folder: Path) -> None:
    page.route("**/jobs/extract-face", lambda route: route.abort())  # so that everything waits
    send(page, name, folder)
    page.get_by_role("button", name="Cancel queued").click()
    expect(page.locator("tr.cancelled").first).to_be_visible()


def test_several_documents_dropped_on_the_document_screen_start_a_batch(page: Page, folder: Path) -> None:
    files = [{"name": path.name, "content": list(path.read_bytes())} for path in sorted(folder.iterdir())[:3]]
    transfer = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const { name, content } of files) transfer.items.add(new File([Uint8Array.from(content)], name));
            return transfer;
        }""",
        files,
    )
    page.get_by_role("group", name="Drop an ID document").dispatch_event("drop", {"dataTransfer": transfer})
    ended(page, 3)
    expect(page).to_have_url(re.compile("#batch/batch-"))


def test_the_work_list_is_filtered_sorted_and_searched(page: Page, name: str, folder: Path) -> None:
    send(page, name, folder)
    ended(page)
    rows = page.locator("tbody tr")
    page.get_by_label("Search").fill("APPLICANT-002")
    expect(rows).to_have_count(4)
    page.get_by_label("Reason").select_option("No face")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("applicant-0020.pdf")
    page.get_by_label("Search").fill("")
    expect(rows).to_have_count(FAILURES)
    page.get_by_label("Reason").select_option("Any")
    page.get_by_label("Sort by").select_option("Status")
    expect(rows.first).to_have_class("failed")
    expect(page.get_by_text(f"{COUNT} documents", exact=True)).to_be_visible()


def test_failures_are_reviewed_one_by_one_and_marked_as_handled_until_the_tab_is_closed(
    page: Page, name: str, folder: Path
) -> None:
    send(page, name, folder)
    ended(page)
    page.get_by_role("button", name="Review failures").click()
    review = page.get_by_role("region", name="Review")
    expect(review).to_contain_text(f"1 of {FAILURES}: intake/applicant-0000.pdf")
    expect(review).to_contain_text("No face was found")
    page.keyboard.press("h")
    expect(review.get_by_role("button", name="Mark as not handled")).to_be_visible()
    expect(review).to_contain_text("The mark is kept in this tab only")
    expect(page.get_by_text(f"{FAILURES} failed (1 handled).")).to_be_visible()
    page.keyboard.press("]")
    expect(review).to_contain_text(f"2 of {FAILURES}: intake/applicant-0010.pdf")
    assert Axe().run(page).violations_count == 0
    review.get_by_role("button", name="Next").press("Enter")
    expect(review.get_by_role("button", name="Next")).to_be_disabled()
    review.get_by_role("button", name="Close").click()
    expect(review).to_be_hidden()
    page.get_by_label("Search").fill("applicant-0001")
    expect(page.get_by_text("No documents match")).to_be_visible()
    page.get_by_role("button", name="Show all documents").click()
    page.get_by_role("button", name="applicant-0001").click()
    expect(review.get_by_role("img", name="Uploaded file")).to_be_visible()
    expect(review.get_by_role("img", name="Portrait of")).to_be_visible()
    page.reload()
    ended(page)
    page.get_by_label("Show").select_option("Failures to handle")
    expect(page.locator("tbody tr")).to_have_count(FAILURES - 1)
    page.get_by_label("Show").select_option("Failures")
    expect(page.get_by_role("row").filter(has_text="applicant-0000")).to_contain_text("Handled")


def test_fifty_thousand_documents_have_a_few_rows_in_the_page(console: Console) -> None:
    count, zero = 50_000, dict.fromkeys(("queued", "running", "failed", "cancelled"), 0)
    batch = {"name": "huge", "total": count, "succeeded": count, "cursor": count, "ended_per_second": 0} | zero
    error = {"code": "no_face", "detail": "No face was found."}
    lines = [
        json.dumps({"id": f"job-{number}", "reference": f"applicant-{number}", "status": "failed", "error": error})
        for number in range(count)
    ]
    results = [f'{line[:-1]}, "cursor": {number}}}' for number, line in enumerate(lines, 1)]
    page = console.open()
    page.route("**/batches/huge", lambda route: route.fulfill(json=batch))
    page.route("**/batches/huge/results?*", lambda route: route.fulfill(body="\n".join(results) + "\n"))
    page.goto(f"{console.url}/#batch/huge")
    expect(page.get_by_text("50,000 of 50,000 documents processed")).to_be_visible()
    rows = page.locator("tbody tr")
    expect(rows.first).to_contain_text("applicant-0")
    assert rows.count() < 100
    (view := page.locator(".virtual-view")).scroll_into_view_if_needed()
    view.evaluate("view => { view.scrollTop = view.scrollHeight; }")
    expect(rows.last).to_contain_text("applicant-49999")
    expect(rows.last).to_be_in_viewport()
    assert rows.count() < 100
    page.get_by_label("Search").fill("applicant-31415")
    expect(rows).to_have_count(1)


def test_an_unknown_batch_name_shows_a_message(console: Console) -> None:
    page = console.open("#batch/never-heard-of")
    expect(page.get_by_text("No batch has this name, or it has expired.")).to_be_visible()
