"""What a page of another origin can do with a local service without API keys, in a real browser."""

import http.server
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import REBOUND
from tests.support.compose import card, jpeg
from tests.support.servers import System

BATCH = "foreign-pages"

READS = """async ([url, options]) => {
  try { const answer = await fetch(url, options); return [answer.type, answer.status, await answer.text()]; }
  catch (error) { return ["refused", 0, String(error)]; }
}"""
SUBMITS = """async ([url, batch]) => {
  const form = new FormData();
  form.append("file", new Blob(["%PDF-1.4"]), "a.pdf");
  if (batch) form.append("batch", batch);
  const answer = await fetch(url + "/jobs/extract-face", {method: "POST", body: form});
  if (!answer.ok) return [answer.status, (await answer.json()).code];
  const job = await (await fetch(url + answer.headers.get("location"))).json();
  return [answer.status, job.kind];
}"""


@pytest.fixture(scope="module")
def service(system: System) -> str:
    """Return the URL of a service that has a batch."""
    form: dict[str, Any] = {"files": {"file": jpeg(card())}, "data": {"batch": BATCH}}
    accepted = httpx.post(f"{system.url}/jobs/extract-face", **form, timeout=60)
    httpx.get(system.url + accepted.headers["location"], params={"wait": 60}, timeout=90)
    return system.url


@pytest.fixture
def foreign(browser: Browser) -> Iterator[Page]:
    """Return a page of another server: another origin and another site."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>foreign</title>")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(f"http://localhost:{server.server_port}/")
        yield page
    finally:
        context.close()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("path", [f"/batches/{BATCH}/portraits.zip", f"/batches/{BATCH}/results", "/stats", "/metrics"])
def test_a_foreign_page_reads_no_list_and_no_export(foreign: Page, service: str, path: str) -> None:
    for options in ({}, {"mode": "no-cors"}):
        assert foreign.evaluate(READS, [service + path, options])[0] == "refused"


def test_it_cannot_cancel_a_batch(foreign: Page, service: str) -> None:
    assert foreign.evaluate(READS, [f"{service}/batches/{BATCH}", {"method": "DELETE"}])[0] == "refused"


def test_it_can_call_the_endpoints_for_web_applications(foreign: Page, service: str) -> None:
    assert foreign.evaluate(READS, [f"{service}/", {}])[:2] == ["cors", 200]
    assert foreign.evaluate(SUBMITS, [service, None]) == [202, "extract-face"]


def test_it_cannot_add_to_a_batch(foreign: Page, service: str) -> None:
    assert foreign.evaluate(SUBMITS, [service, BATCH]) == [403, "origin_not_allowed"]


def test_a_page_with_a_rebound_host_name_reads_nothing(browser: Browser, service: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    rebound = f"http://{REBOUND}:{urlsplit(service).port}"
    answer = page.goto(f"{rebound}/batches/{BATCH}/results")
    assert answer is not None
    assert answer.status == 400
    assert answer.json()["code"] == "host_not_allowed"
    context.close()
