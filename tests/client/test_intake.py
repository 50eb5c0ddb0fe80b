"""``face-intake intake``: each document is submitted once and has its row, even after interruptions."""

import csv
import json
import os
import signal
import sqlite3
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from face_intake import Client
from face_intake.folder import Ledger, find_documents

from tests.browser.documents import write_folder
from tests.client.command import COMMAND, call, lines
from tests.client.flaky import PASS, FlakyProxy
from tests.support.eventually import eventually
from tests.support.servers import System

COUNT = 40
MANY = 120  # enough to interrupt the command three times


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill_folder(tmp_path, COUNT)


def fill_folder(tmp_path: Path, count: int) -> Path:
    """Fill a folder with documents, two unreadable documents, and a file that is not a document."""
    write_folder(tmp_path / "documents", count)
    (tmp_path / "documents" / "more").mkdir()
    (tmp_path / "documents" / "more" / "broken.PDF").write_bytes(b"%PDF-1.7 broken")
    (tmp_path / "documents" / "more" / "text.jpg").write_bytes(b"This is not a picture.")
    (tmp_path / "documents" / "notes.txt").write_text("Not a document.")
    return tmp_path / "documents"


ALL = COUNT + 2
FAILURES = COUNT // 10 + 2


def test_a_folder_gives_a_table_and_portraits(system: System, folder: Path, tmp_path: Path) -> None:
    arguments = ("intake", folder, "--out", "out.csv", "--portraits", "portraits", "--batch", "whole", "--json")
    done = call(system.url, *arguments, cwd=tmp_path)
    assert done.returncode == 1  # some documents have no portrait
    (summary,) = lines(done)
    expected = {"batch": "whole", "total": ALL, "ended": ALL, "failed": FAILURES, "complete": True, "ended_now": ALL}
    assert summary == summary | expected
    table = rows(tmp_path / "out.csv")
    assert len(table) == ALL
    assert table["more/broken.PDF"]["code"] == "unreadable_pdf"
    assert table["more/text.jpg"]["status"] == "refused"
    assert table["more/text.jpg"]["code"] == "unsupported_format"
    good = table["applicant-0001.jpg"]
    assert (good["status"], good["total_faces"]) == ("succeeded", "1")
    assert (tmp_path / good["portrait"]).read_bytes().startswith(b"\xff\xd8\xff")
    assert len(list((tmp_path / "portraits").rglob("*.jpg"))) == ALL - FAILURES
    again = lines(call(system.url, *arguments, cwd=tmp_path))[0]
    assert (again["ended"], again["ended_now"]) == (ALL, 0)


def start(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start a command that a signal can interrupt."""
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - a shell may ignore it
    )


def wait_until_results_are_recorded(proxy: FlakyProxy, system: System) -> None:
    """Wait until the command has sent all documents that the proxy lets pass, and has recorded some results."""
    assert proxy.hold_after is not None
    passed = proxy.hold_after
    eventually(lambda: len(proxy.posts) > passed)
    with Client(system.url) as client:
        eventually(lambda: (batch := client.batch("interrupted")).open < batch.total)

    def requests() -> int:
        return sum("/results" in path for path in proxy.paths)

    # The next request receives results, and the one after it is sent when they are recorded.
    before = requests()
    eventually(lambda: requests() >= before + 2)


def test_interruptions_lose_no_result_and_submit_no_document_twice(
    system: System, proxy: FlakyProxy, tmp_path: Path
) -> None:
    folder = fill_folder(tmp_path, MANY)
    total, failures = MANY + 2, MANY // 10 + 2
    command = [COMMAND, "intake", str(folder), "--out", "out.csv", "--batch", "interrupted", "--at-once", "2"]
    environment = os.environ | {"FACE_INTAKE_URL": proxy.url}
    for interruption in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        proxy.hold_after = len(proxy.posts) + 25
        proxy.released.clear()
        process = start(command, tmp_path, environment)
        wait_until_results_are_recorded(proxy, system)
        process.send_signal(interruption)
        _, errors = process.communicate(timeout=60)
        proxy.released.set()
        assert process.returncode == (-signal.SIGKILL if interruption is signal.SIGKILL else 130)
        assert "Traceback" not in errors
        if interruption is not signal.SIGKILL:
            assert "Run the same command again to continue." in errors
            assert 0 < len(rows(tmp_path / "out.csv")) < total
    proxy.hold_after = None
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    table = rows(tmp_path / "out.csv")
    assert len(table) == total
    assert sum(row["status"] == "succeeded" for row in table.values()) == total - failures
    with Client(system.url) as client:
        assert client.batch("interrupted").total == total - 1  # one was rejected; no document has two jobs
    keys = [post["Idempotency-Key"] for post in proxy.posts]
    # Submissions in progress at an interruption are repeated: two at a time, three times.
    assert len(keys) - len(set(keys)) <= 6


def test_an_interruption_does_not_wait_for_the_next_retry(proxy: FlakyProxy, folder: Path, tmp_path: Path) -> None:
    proxy.failures = [PASS, *[(503, {"retry-after": "110"})] * 2 * COUNT]
    command = [COMMAND, "intake", str(folder), "--out", "out.csv"]
    process = start(command, tmp_path, os.environ | {"FACE_INTAKE_URL": proxy.url})
    eventually(lambda: proxy.posts, waiting_for="a submission")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_a_failing_service_exits_with_3_and_the_next_run_continues(
    proxy: FlakyProxy, folder: Path, tmp_path: Path
) -> None:
    arguments = ("intake", folder, "--out", "out.csv", "--batch", "away", "--json")
    proxy.failures = [PASS, (403, {})]  # the service returns its formats and then fails
    done = call(proxy.url, *arguments, cwd=tmp_path)
    assert done.returncode == 3
    assert lines(done)[0]["complete"] is False
    proxy.failures = [(503, {"retry-after": "1"})] * 3 + [None]
    assert lines(call(proxy.url, *arguments, cwd=tmp_path))[0]["complete"] is True


def test_a_file_that_was_deleted_has_a_row_and_the_other_documents_end(
    system: System, folder: Path, tmp_path: Path
) -> None:
    with Ledger(tmp_path / "out.csv.ledger") as ledger:  # of a run that was interrupted before it read the file
        ledger.add([("deleted.jpg", "1 1")])
    done = call(system.url, "intake", folder, "--out", "out.csv", "--json", cwd=tmp_path)
    assert (done.returncode, lines(done)[0]["ended"]) == (1, ALL + 1)
    row = rows(tmp_path / "out.csv")["deleted.jpg"]
    assert (row["status"], row["code"]) == ("refused", "unreadable_file")
    assert "No such file or directory" in row["detail"]


def test_failures_are_retried_on_request_and_changed_files_always(system: System, folder: Path, tmp_path: Path) -> None:
    arguments = ("intake", folder, "--out", "out.csv", "--json")
    call(system.url, *arguments, cwd=tmp_path)
    good = (folder / "applicant-0001.jpg").read_bytes()
    (folder / "more" / "text.jpg").write_bytes(good)
    changed = lines(call(system.url, *arguments, cwd=tmp_path))[0]
    assert (changed["ended_now"], changed["failed"]) == (1, FAILURES - 1)
    again = lines(call(system.url, *arguments, "--retry-failures", cwd=tmp_path))[0]
    assert (again["total"], again["failed"]) == (ALL, FAILURES - 1)


def test_expired_results_are_reported(system: System, folder: Path, tmp_path: Path) -> None:
    arguments = ("intake", folder, "--out", "out.csv", "--batch", "forgotten", "--json")
    call(system.url, *arguments, cwd=tmp_path)
    with closing(sqlite3.connect(tmp_path / "out.csv.ledger", isolation_level=None)) as database:
        (job,) = database.execute("SELECT job FROM files WHERE path = 'applicant-0001.jpg'").fetchone()
        database.execute("UPDATE files SET row = NULL WHERE path = 'applicant-0001.jpg'")
    with Client(system.url) as client:
        client.erase(job)
    assert lines(call(system.url, *arguments, cwd=tmp_path))[0]["failed"] == FAILURES + 1
    assert rows(tmp_path / "out.csv")["applicant-0001.jpg"]["code"] == "job_not_found"


def test_an_expired_batch_is_reported(system: System, folder: Path, tmp_path: Path) -> None:
    with Ledger(tmp_path / "out.csv.ledger") as ledger:
        ledger.get_or_set("batch", "long-gone")
        ledger.add(find_documents(folder))
        for entry in ledger.pending():
            ledger.record_job(entry.path, str(uuid.uuid4()))
    summary = lines(call(system.url, "intake", folder, "--out", "out.csv", "--json", cwd=tmp_path))[0]
    assert (summary["complete"], summary["failed"]) == (True, ALL)
    assert {row["code"] for row in rows(tmp_path / "out.csv").values()} == {"job_not_found"}
    again = lines(call(system.url, "intake", folder, "--out", "out.csv", "--json", "--retry-failures", cwd=tmp_path))[0]
    assert again["failed"] == FAILURES


def test_a_ledger_belongs_to_one_folder_and_one_process(system: System, folder: Path, tmp_path: Path) -> None:
    with Ledger(tmp_path / "out.csv.ledger") as ledger:
        ledger.get_or_set("folder", "elsewhere")
        busy = call(system.url, "intake", folder, "--out", "out.csv", cwd=tmp_path)
    assert busy.returncode == 3
    assert "Another face-intake may be using this file" in busy.stderr
    other = call(system.url, "intake", folder, "--out", "out.csv", cwd=tmp_path)
    assert other.returncode == 2
    assert "Choose another --out" in other.stderr


def test_the_ledger_stores_the_progress(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.add([("b", "1"), ("a", "1"), ("c", "1")])
        assert [entry.path for entry in ledger.pending()] == ["a", "b", "c"]
        ledger.record_job("a", "job-a")
        ledger.record_job("b", "job-b")
        ledger.record_result("b", {"status": "failed"})
    with Ledger(tmp_path / "ledger") as ledger:
        assert [entry.path for entry in ledger.pending()] == ["c"]
        assert ledger.open_jobs() == [("a", "job-a")]
        assert ledger.path_of("job-b") == "b"
        assert ledger.path_of("unknown") is None
        ledger.record_result("a", {"status": "succeeded"})
        assert json.dumps(list(ledger.rows())) == '[["a", {"status": "succeeded"}], ["b", {"status": "failed"}]]'
        counts = ledger.counts()
        assert (counts.total, counts.accepted, counts.ended, counts.failed) == (3, 2, 2, 1)
        ledger.retry_failures()
        assert [(entry.path, entry.attempt) for entry in ledger.pending()] == [("b", 2), ("c", 1)]
        ledger.add([("a", "2")])
        assert [entry.path for entry in ledger.pending()] == ["a", "b", "c"]


def test_a_ledger_is_not_closed_while_a_thread_writes_to_it(tmp_path: Path) -> None:
    writes, may_end = threading.Event(), threading.Event()

    def documents() -> Iterator[tuple[str, str]]:
        writes.set()
        may_end.wait(10)
        yield "a", "1"

    with Ledger(tmp_path / "ledger") as ledger:
        writing = threading.Thread(target=ledger.add, args=(documents(),))
        writing.start()
        assert writes.wait(10)
        threading.Timer(0.2, may_end.set).start()
    writing.join()
    with Ledger(tmp_path / "ledger") as ledger:
        assert [entry.path for entry in ledger.pending()] == ["a"]


def test_a_ledger_is_closed_although_its_rows_were_not_read_to_the_end(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.add([("a", "1"), ("b", "1")])
        ledger.record_result("a", {"status": "succeeded"})
        ledger.record_result("b", {"status": "succeeded"})
        rows = ledger.rows()
        assert next(rows)[0] == "a"
