"""The queries of the dashboard and of the alerts match the exported metrics."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.compose import card, jpeg, pdf
from tests.support.eventually import eventually
from tests.support.examples import comparison_files
from tests.support.servers import ROOT, START_TIMEOUT, STOP_TIMEOUT, System, free_port

MONITORING = ROOT / "deploy" / "monitoring"
DASHBOARD = json.loads((MONITORING / "grafana" / "dashboards" / "nsfas.json").read_text())
PANELS = {panel["title"]: [target["expr"] for target in panel.get("targets", [])] for panel in DASHBOARD["panels"]}
RULES = {
    rule["alert"]: rule["expr"]
    for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
}
NEEDS_EVENTS = {"Receivers told"}
"""Panels whose metrics need events that do not happen in this test."""


def work(client: httpx.Client) -> None:
    """Run a few jobs of each kind: portraits, a warning, no face, a comparison and bulk."""
    small = jpeg(card()[::8, ::8])
    for content in (jpeg(card()), jpeg(card()), small, pdf("No face here.")):
        client.post("/extract-face", files={"file": content})
    client.post("/compare-faces", files=comparison_files())
    location = client.post("/jobs/extract-face", files={"file": jpeg(card())}).headers["location"]
    client.get(location, params={"wait": 60})


@pytest.fixture(scope="module")
def exposed(client: httpx.Client) -> dict[str, set[str]]:
    """Return the labels of each exported time series."""
    work(client)
    series: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        names = {family.name, *(sample.name for sample in family.samples)}
        if family.type == "counter":
            names.add(f"{family.name}_total")
        for name in names:
            labels = {label for sample in family.samples if sample.name == name for label in sample.labels}
            series[name] = labels
    return series


@pytest.mark.parametrize("title", [title for title, queries in PANELS.items() if queries])
def test_a_panel_queries_existing_metrics(exposed: dict[str, set[str]], title: str) -> None:
    for query in PANELS[title]:
        assert_queries_existing_metrics(query, exposed)


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_queries_existing_metrics(exposed: dict[str, set[str]], alert: str) -> None:
    assert_queries_existing_metrics(RULES[alert], exposed)


def assert_queries_existing_metrics(query: str, exposed: dict[str, set[str]]) -> None:
    parts: list[object] = []
    promql_parser.walk(promql_parser.parse(query), parts.append)
    selectors = [part for part in parts if isinstance(part, promql_parser.VectorSelector)]
    assert selectors
    for selector in selectors:
        assert selector.name in exposed
        labels = {matcher.name for matcher in selector.matchers.matchers}
        assert labels <= exposed[selector.name] or not exposed[selector.name]


@pytest.fixture(scope="module")
def prometheus(system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Run a Prometheus server that scrapes the system each second."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed")
    home, port = tmp_path_factory.mktemp("prometheus"), free_port()
    shutil.copy(MONITORING / "alerts.yml", home)
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["alerts.yml"],
        "scrape_configs": [{"job_name": "api", "static_configs": [{"targets": [system.url.removeprefix("http://")]}]}],
    }
    (home / "prometheus.yml").write_text(yaml.safe_dump(config))
    command = [
        program,
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    process = subprocess.Popen(command)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60) as client:
            yield client
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT)


@pytest.fixture(scope="module")
def observed(prometheus: httpx.Client, client: httpx.Client) -> httpx.Client:
    """Let Prometheus scrape changing metrics."""
    for _ in range(3):
        work(client)
        time.sleep(1.5)
    eventually(lambda: results(prometheus, "count_over_time(nsfas_redis_up[1m]) > 4"), START_TIMEOUT)
    return prometheus


def results(prometheus: httpx.Client, query: str) -> list[object]:
    try:
        answer = prometheus.get("/query", params={"query": query})
    except httpx.TransportError:
        return []
    assert answer.status_code == 200, answer.text
    found: list[object] = answer.json()["data"]["result"]
    return found


@pytest.mark.parametrize("title", [title for title, queries in PANELS.items() if queries])
def test_a_panel_shows_data(observed: httpx.Client, title: str) -> None:
    for query in PANELS[title]:
        assert results(observed, query) or title in NEEDS_EVENTS, query


def test_no_alert_fires_on_a_healthy_system(observed: httpx.Client) -> None:
    def rules() -> dict[str, tuple[str, str]]:
        groups = observed.get("/rules").json()["data"]["groups"]
        return {rule["name"]: (rule["health"], rule["state"]) for group in groups for rule in group["rules"]}

    # An alert is pending for a moment if the machine is so busy that Prometheus receives no metrics in time.
    eventually(lambda: rules() == dict.fromkeys(RULES, ("ok", "inactive")), waiting_for="all alerts to be inactive")


def test_alerts_fire_on_faults(tmp_path: Path) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed")
    shutil.copy(MONITORING / "alerts.yml", tmp_path)
    shutil.copy(Path(__file__).with_name("alerts_test.yml"), tmp_path)
    done = subprocess.run(
        [program, "test", "rules", "alerts_test.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
