"""Logs, traces and metrics: request ids, correct values, and no personal data."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.compose import card, jpeg, pdf
from tests.support.eventually import eventually
from tests.support.servers import System, client_of, free_port, running
from tests.support.services.trace_collector import Collector, collecting

CARD = jpeg(card())
PROCESSES = 2


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as server:
        yield server


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[System]:
    home = tmp_path_factory.mktemp("observed")
    settings = {
        "otel_exporter_otlp_endpoint": collector.url,
        "otel_bsp_schedule_delay": 200,  # milliseconds; OpenTelemetry's own variable
        "metrics_port": free_port(),
        "log_format": "json",
        "worker_processes": PROCESSES,
    }
    with running(["app.py"], home / "log", data_dir=home / "data", **settings) as system:
        yield system


@pytest.fixture
def client(system: System) -> Iterator[httpx.Client]:
    with client_of(system.url) as client:
        yield client


def lines(system: System) -> list[dict[str, Any]]:
    text = system.log.read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def metrics(url: str) -> dict[str, float]:
    """Return the values that Prometheus reads, by name and labels."""
    text = httpx.get(url, timeout=60).raise_for_status().text
    return {
        sample.name + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_request_id_is_in_every_log(client: httpx.Client, system: System) -> None:
    answer = client.post("/extract-face", files={"file": CARD}, headers={"X-Request-ID": "form-4711"})
    assert answer.headers["x-request-id"] == "form-4711"
    eventually(lambda: len([line for line in lines(system) if line.get("request_id") == "form-4711"]) >= 2)
    accepted, ended = (line for line in lines(system) if line.get("request_id") == "form-4711")
    assert (accepted["logger"], accepted["event"]) == ("api.jobs.submission", "job accepted")
    assert (ended["logger"], ended["event"], ended["outcome"]) == ("worker.runner", "job ended", "succeeded")
    assert accepted["job_id"] == ended["job_id"]


@pytest.mark.parametrize("name", ["", "two words", "a\tb", "x" * 65, '{"a":1}'])
def test_a_request_without_a_valid_id_gets_one(client: httpx.Client, name: str) -> None:
    answer = client.get("/", headers={"X-Request-ID": name})
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])


def test_logs_contain_no_file_name_and_no_content(client: httpx.Client, system: System) -> None:
    broken = CARD[: len(CARD) // 2]
    letter = pdf("Thandi Nkosi, born 2006-01-31")
    for name, content in {"a": CARD, "b": broken, "c": letter, "d": b"Thandi Nkosi", "e": b""}.items():
        files = {"file": ("thandi-nkosi-passport.jpg", content)}
        client.post("/extract-face", files=files, headers={"X-Request-ID": f"names-{name}"})
    client.post("/extract-face", files={"thandi-nkosi": CARD}, data={"file": "Thandi Nkosi"})
    pictures = {"selfie": ("thandi-nkosi.jpg", broken), "id_photo": ("id.jpg", CARD)}
    client.post("/compare-faces", files=pictures, headers={"X-Request-ID": "names-f"})
    jobs = {"names-a", "names-b", "names-c", "names-f"}
    eventually(lambda: jobs <= {line.get("request_id") for line in lines(system) if line["event"] == "job ended"})
    text = system.log.read_text()
    assert "nkosi" not in text.lower()
    assert "base64" not in text
    assert "JFIF" not in text


def test_a_job_is_part_of_the_trace_of_its_request(client: httpx.Client, collector: Collector) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    client.post("/extract-face", files={"file": CARD}, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})

    def names(service: str) -> set[str]:
        return {span.name for span in collector.spans if span.trace == trace and span.service == service}

    # Both services call Redis with "EVALSHA".
    eventually(lambda: {"POST /extract-face", "EVALSHA"} <= names("nsfas-api"))
    eventually(lambda: {"extract-face", "EVALSHA"} <= names("nsfas-worker"))
    eventually(lambda: any(span.name == "run/jobs.run" for span in collector.spans))


def test_traces_contain_no_document_keys(client: httpx.Client, collector: Collector) -> None:
    client.post("/extract-face", files={"file": CARD})
    eventually(lambda: any("db.statement" in span.attributes for span in collector.spans))
    statements = {span.attributes["db.statement"] for span in collector.spans if "db.statement" in span.attributes}
    assert [text for text in statements if not re.fullmatch(r"(?:[A-Z ]+(?: \?)*\n?)*", text)] == []


def test_logs_and_traces_contain_no_request_options(client: httpx.Client, system: System, collector: Collector) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    options = {"reference": "named-by-the-client", "batch": "of-the-client"}
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    job = client.post("/jobs/extract-face", params=options, files={"file": CARD}, headers=headers).headers["location"]
    client.get(job, params={"wait": 60})

    def of_request() -> list[dict[str, str]]:
        spans = [span for span in collector.spans if span.trace == trace and span.name == "POST /jobs/extract-face"]
        return [span.attributes for span in spans]

    eventually(of_request)
    assert [span["http.url"] for span in of_request()] == [f"{system.url}/jobs/extract-face"]
    values = [value for span in collector.spans for value in span.attributes.values()]
    assert not [value for value in [*values, *system.log.read_text().splitlines()] if "the-client" in value]


def test_metrics_of_all_processes_are_added_up(client: httpx.Client, system: System) -> None:
    ended = "nsfas_jobs_ended_total kind=extract-face outcome="
    ran = "nsfas_job_run_seconds_count kind=extract-face"  # recorded last, after the client has its response

    def settled() -> dict[str, float]:
        """Return the metrics when those of all ended jobs are recorded."""
        found = metrics(f"{system.url}/metrics")
        count = sum(value for name, value in found.items() if name.startswith(ended))
        return found if found.get(ran, 0) == count else {}

    before = eventually(settled)
    with client_of(system.url) as other:
        jobs = [other.post("/jobs/extract-face", files={"file": CARD}).headers["location"] for _ in range(60)]
        for location in jobs:
            other.get(location, params={"wait": 60})
    client.post("/extract-face", files={"file": pdf("No face here.")})
    eventually(lambda: metrics(f"{system.url}/metrics")[ran] - before.get(ran, 0) >= 61)
    after = eventually(settled)

    def more(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert more(f"{ended}succeeded") == more("nsfas_portrait_detection_score_count") == 60
    assert more(f"{ended}no_face") == 1
    assert more("nsfas_job_attempts_total kind=extract-face") == 61
    assert more(ran) == more("nsfas_document_faces_count") == 61
    assert more("nsfas_job_wait_seconds_count queue=bulk") == 60
    assert more("nsfas_vision_stage_seconds_count stage=find") >= 60
    assert more("nsfas_upload_bytes_sum kind=extract-face") > 60 * len(CARD)
    assert more("http_requests_total handler=/jobs/extract-face method=POST status=202") == 60
    assert more("http_requests_total handler=/extract-face method=POST status=404") == 1
    assert after["nsfas_workers"] == 1
    assert after["nsfas_jobs_waiting queue=bulk"] == after["nsfas_requests_waiting"] == 0
    stages = [value for name, value in after.items() if name.startswith("nsfas_vision_stage_seconds_sum")]
    runs = [value for name, value in after.items() if name.startswith("nsfas_job_run_seconds_sum")]
    assert 0 < sum(stages) < sum(runs)


def test_no_path_that_a_client_makes_up_is_a_label(client: httpx.Client, system: System) -> None:
    before = httpx.get(f"{system.url}/metrics", timeout=60).text.count('handler="none"')
    for path in ("/jobs/secret-4711/", "/batches/secret-4711/results/", "/jobs/secret-4711", "/secret-4711"):
        assert client.get(path).status_code in {307, 404}
    text = httpx.get(f"{system.url}/metrics", timeout=60).text
    assert "secret-4711" not in text
    assert 'handler="/jobs/{job_id}"' in text
    assert text.count('handler="none"') > before


def test_a_worker_serves_the_metrics_of_its_processes(client: httpx.Client, system: System) -> None:
    client.post("/extract-face", files={"file": CARD})
    url = f"http://127.0.0.1:{system.environment['METRICS_PORT']}/metrics"
    # Recorded last, after the client has its response.
    eventually(lambda: metrics(url).get("nsfas_job_run_seconds_count kind=extract-face", 0) > 0)
