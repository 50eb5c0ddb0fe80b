"""The command of the audit log shows the history of a job and the recipients of its result."""

import gzip
import io
import json
import lzma
import re
import shutil
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from shared import audit
from shared.audit import __main__ as command
from shared.settings import Settings, get_settings

JOB, OTHER = "0c1f7a3e-6c3a-4a55-9a60-0d1c8f1f2b11", "11111111-6c3a-4a55-9a60-0d1c8f1f2b11"


def line(minute: int, action: str, job_id: str = JOB, **more: object) -> str:
    fields = {"outcome": "done", "job_id": job_id, **more, "at": f"2026-11-24T08:{minute:02}:00.004Z", "action": action}
    return json.dumps(fields) + "\n"


SUBMIT = line(0, "submit", caller="form", request_id="form-4711")
END = line(1, "end", caller="form")
READ = line(2, "read", caller="form")
AGAIN = line(3, "read", caller="form")
SEND = line(4, "send", receiver="forms.example.org", pictures=True)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the log in the settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDIT_LOG", str(tmp_path / "audit.log"))
    get_settings.cache_clear()
    return tmp_path / "audit.log"


@pytest.fixture(autouse=True)
def forget_settings() -> None:
    get_settings.cache_clear()


def show(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    monkeypatch.setattr("sys.argv", ["audit", "--job", JOB, *arguments])
    command.main()
    return capsys.readouterr().out


def test_recipients_are_found_in_all_files_of_a_log(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log.with_name("audit.log.2.gz").write_bytes(gzip.compress(SUBMIT.encode()))
    log.with_name("audit.log.1").write_text(line(0, "submit", OTHER, caller="other") + END + READ)
    log.write_text(line(2, "read", OTHER, caller="other") + SEND + AGAIN)
    shown = show(monkeypatch, capsys).splitlines()
    assert [row.split()[1] for row in shown[1:6]] == ["submit", "end", "read", "read", "send"]
    assert shown[-1] == "Result sent to: form, 2 times, forms.example.org (webhook, with pictures)"
    assert "other" not in "".join(shown)
    assert "form-4711" in shown[1]


def test_a_result_without_recipients(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_text(SUBMIT + END)
    assert show(monkeypatch, capsys).endswith("Result sent to: no one\n")


def test_an_entry_that_cannot_be_written_goes_to_the_process_log(tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    audit.configure(Settings(audit_log=str(folder / "audit.log")))
    try:
        shutil.rmtree(folder)
        with capture_logs() as logs:
            audit.record("read", "done", job_id=JOB)
    finally:
        audit.close()
    assert [(line["event"], line["action"], line["job_id"]) for line in logs] == [
        ("audit log entry not written", "read", JOB)
    ]


def test_an_entry_has_the_context_of_its_request_and_the_time_and_is_never_refused(tmp_path: Path) -> None:
    audit.configure(Settings(audit_log=str(tmp_path / "audit.log")))
    try:
        with structlog.contextvars.bound_contextvars(caller="form", request_id="form-4711", kind=None, user="other"):
            audit.record("read", "done", job_id=JOB, batch=None, path=Path("/a%20b"))
    finally:
        audit.close()
    entry = json.loads((tmp_path / "audit.log").read_text())
    assert list(entry) == ["caller", "request_id", "outcome", "job_id", "path", "at", "action"]
    assert (entry["caller"], entry["action"], entry["path"]) == ("form", "read", repr(Path("/a%20b")))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", entry["at"])


def test_duplicate_entries_count_once_and_truncated_ones_are_ignored(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_text(END + END + READ[:60] + "\n" + json.dumps({"event": "job ended", "job_id": JOB}) + "\n")
    assert [json.loads(text) for text in show(monkeypatch, capsys, "--json").splitlines()] == [json.loads(END)]


def test_collected_logs_are_read_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"api-1  | ready\napi-1  | {READ}worker-1  | {END}"))
    assert show(monkeypatch, capsys, "-").endswith("Result sent to: form\n")


def test_a_job_id_may_be_in_upper_case(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_text(READ)
    monkeypatch.setattr("sys.argv", ["audit", "--job", JOB.upper()])
    command.main()
    assert "Result sent to: form" in capsys.readouterr().out


def test_compressed_files_are_read_or_reported_as_unreadable(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_text(SUBMIT)
    log.with_name("audit.log.1.xz").write_bytes(lzma.compress(READ.encode()))
    monkeypatch.setattr("sys.argv", ["audit", "--job", JOB])
    command.main()
    assert "Result sent to: form" in capsys.readouterr().out
    for name, content in (("audit.log.2.gz", gzip.compress(AGAIN.encode())[:-9]), ("audit.log.3.zst", b"anything")):
        other = log.with_name(name)
        other.write_bytes(content)
        with pytest.raises(SystemExit) as ended:
            command.main()
        assert (ended.value.code, name in capsys.readouterr().err) == (2, True)
        other.unlink()


@pytest.mark.parametrize(
    ("setting", "arguments", "code"),
    [("", [], "no entries for job"), ("-", [], 2), ("elsewhere", [], 2), ("", ["no-such-file"], 2)],
)
def test_a_missing_job_or_an_unreadable_log_is_an_error(
    log: Path, monkeypatch: pytest.MonkeyPatch, setting: str, arguments: list[str], code: int | str
) -> None:
    log.write_text(line(0, "submit", OTHER))
    if setting:
        monkeypatch.setenv("AUDIT_LOG", setting)
    monkeypatch.setattr("sys.argv", ["audit", "--job", JOB, *arguments])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == code or str(ended.value.code).startswith(str(code))
