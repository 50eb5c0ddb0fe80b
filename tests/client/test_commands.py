"""The command ``face-intake``: its output for people and for programs, and its exit status."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest
from face_intake import Client
from face_intake.diagnostics import run_checks

from shared.jobs import RedisKeys, Workers
from shared.redis.connections import heartbeat_redis
from shared.settings import Settings
from tests.api.server import serving
from tests.client.command import COMMAND, call, lines
from tests.support.faults.breakout import CONFINES
from tests.support.servers import System, free_port


def test_extract_writes_portraits_and_exits_with_1_if_a_document_has_none(
    system: System, files: Path, tmp_path: Path
) -> None:
    done = call(system.url, "extract", "id-card.jpg", "letter.pdf", "--portraits", tmp_path / "out", cwd=files)
    assert done.returncode == 1
    assert "id-card.jpg: face 1 of 2 on page 1, score" in done.stdout
    assert done.stderr.startswith("letter.pdf: No face was found")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["id-card.jpg.jpg"]
    assert (tmp_path / "out" / "id-card.jpg.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    assert call(system.url, "extract", "id-card.jpg", cwd=files).returncode == 0


def test_two_files_with_the_same_name_give_two_portraits(system: System, files: Path, tmp_path: Path) -> None:
    (tmp_path / "id-card.jpg").write_bytes((files / "selfie.jpg").read_bytes())
    arguments = ("extract", "id-card.jpg", tmp_path / "id-card.jpg", "--portraits", tmp_path / "out")
    assert call(system.url, *arguments, cwd=files).returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["id-card.jpg-2.jpg", "id-card.jpg.jpg"]


def test_extract_prints_one_json_object_per_line(system: System, files: Path) -> None:
    found, failed = lines(call(system.url, "extract", "--json", "id-card.jpg", "letter.pdf", cwd=files))
    assert found["file"] == "id-card.jpg"
    assert found["face_image"].startswith("data:image/jpeg;base64,")
    assert failed["error"]["code"] == "no_face"


def test_compare_exits_with_0_for_one_person_and_1_for_two(system: System, files: Path) -> None:
    same = call(system.url, "compare", "selfie.jpg", "id-card.jpg", cwd=files)
    assert same.returncode == 0
    distance = same.stdout.removeprefix("match: distance ")[:5]
    assert 0 < float(distance) < 0.4
    assert same.stdout.endswith(
        f"distance {distance}, threshold 0.6 (1 in 1,000 pairs of strangers); "
        "at most 1 in 100,000 pairs of strangers look this alike\n"
    )
    other = call(system.url, "compare", "selfie.jpg", "stranger.jpg", cwd=files)
    assert other.returncode == 1
    assert other.stdout.startswith("no match: ")
    assert other.stdout.endswith("; more than 1 in 10 pairs of strangers look this alike\n")
    (answer,) = lines(call(system.url, "compare", "selfie.jpg", "stranger.jpg", "--json", cwd=files))
    assert (answer["match"], answer["id_photo"]["page"]) == (False, 1)
    assert "face_image" not in answer["selfie"]
    assert call(system.url, "compare", "selfie.jpg", "letter.pdf", cwd=files).stderr.startswith("ID photo: No face")


def test_compare_accepts_a_rate_and_writes_portraits(system: System, files: Path, tmp_path: Path) -> None:
    arguments = (
        "compare",
        "selfie.jpg",
        "id-card.jpg",
        "--false-match-rate",
        "0.0001",
        "--portraits",
        tmp_path / "out",
    )
    done = call(system.url, *arguments, cwd=files)
    assert "threshold 0.5 (1 in 10,000 pairs of strangers)" in done.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["id-card.jpg.jpg", "selfie.jpg.jpg"]
    assert (tmp_path / "out" / "selfie.jpg.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    (answer,) = lines(call(system.url, *arguments, "--json", cwd=files))
    assert answer["portraits"]["id_photo"] == str(tmp_path / "out" / "id-card.jpg.jpg")
    both = call(system.url, *arguments, "--threshold", "0.5", cwd=files)
    assert both.returncode == 2
    assert "not both" in both.stderr
    unmeasured = call(system.url, "compare", "selfie.jpg", "id-card.jpg", "--false-match-rate", "0.5", cwd=files)
    assert unmeasured.returncode == 3
    assert "unmeasured_rate" in unmeasured.stderr


def test_compare_gives_advice_about_a_poor_picture(system: System, files: Path) -> None:
    small = call(system.url, "compare", "small.jpg", "id-card.jpg", cwd=files)
    _, warning = small.stdout.splitlines()
    assert warning.startswith(
        "warning: small.jpg: the comparison is unreliable: the face is too small; move the camera"
    )
    friends = call(system.url, "compare", "friends.jpg", "id-card.jpg", cwd=files)
    assert "warning: friends.jpg: the picture shows several people; check that" in friends.stdout


def test_status_shows_the_service_a_job_and_a_batch(system: System, files: Path) -> None:
    assert "workers" in call(system.url, "status", cwd=files).stdout
    assert lines(call(system.url, "status", "--json", cwd=files))[0]["workers"] == 1
    unknown = call(system.url, "status", "unknown", cwd=files)
    assert unknown.returncode == 1
    assert "No job has this id" in unknown.stderr
    assert call(system.url, "status", "--batch", "unknown", cwd=files).returncode == 1


def test_doctor_passes_on_a_working_deployment(system: System, files: Path) -> None:
    done = call(system.url, "doctor", "--json", cwd=files)
    checks = lines(done)
    names = ["service", "versions", "clock", "redis", "workers", "sandbox", "storage", "speed", "models"]
    assert [(check["name"], check["ok"]) for check in checks] == [
        (name, name != "sandbox" or CONFINES) for name in names
    ]
    assert done.returncode == (0 if CONFINES else 1)


@pytest.mark.parametrize("confined", [True, False])
def test_doctor_reports_workers_with_an_incomplete_sandbox(valkey_url: str, tmp_path: Path, *, confined: bool) -> None:
    settings = Settings.model_validate({"redis_url": valkey_url, "data_dir": tmp_path, "redis_namespace": "sandboxes"})
    with heartbeat_redis(valkey_url) as redis, serving(settings) as url, Client(url) as client:
        workers = Workers(redis, RedisKeys("sandboxes"))
        workers.heartbeat("ours@here")
        workers.heartbeat("other@here", confined=confined)
        with httpx.Client(base_url=url, timeout=60) as http:
            check = next(check for check in run_checks(client, http) if check.name == "sandbox")
        workers.remove("other@here")
    assert check.ok is confined
    assert ("1 of 2 workers" in check.seen, "Landlock" in check.advice) == (not confined, not confined)


@pytest.mark.parametrize(
    ("redis_runs", "part", "advice"), [(True, "workers", "Start workers"), (False, "redis", "Start Redis")]
)
def test_doctor_gives_advice_about_a_missing_part(  # noqa: PLR0913 - fixtures and parameters
    valkey_url: str, tmp_path: Path, files: Path, part: str, advice: str, *, redis_runs: bool
) -> None:
    redis_url = valkey_url if redis_runs else f"redis://127.0.0.1:{free_port()}/0"
    with serving(Settings(redis_url=redis_url, data_dir=tmp_path)) as url:
        done = call(url, "doctor", cwd=files)
    assert done.returncode == 1
    assert f"failed {part}" in done.stdout
    assert advice in done.stdout


@pytest.mark.parametrize("arguments", [["doctor"], ["status"], ["extract", "id-card.jpg"]])
def test_an_unreachable_service_is_reported(files: Path, arguments: list[str]) -> None:
    done = call(f"http://127.0.0.1:{free_port()}", *arguments, cwd=files)
    assert done.returncode == (1 if arguments == ["doctor"] else 3)
    assert "127.0.0.1" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage_exits_with_2_and_an_explanation(system: System, files: Path) -> None:
    done = call(system.url, "extract", "missing.jpg", cwd=files)
    assert done.returncode == 2
    assert "missing.jpg" in done.stderr


def test_help_lists_commands_and_exit_statuses_and_shells_can_complete(files: Path) -> None:
    done = call("http://unused", "--help", cwd=files)
    for word in ("extract", "compare", "intake", "status", "doctor", "130 interrupted"):
        assert word in " ".join(done.stdout.split())
    assert call("http://unused", "intake", "--help", cwd=files).returncode == 0
    environment = os.environ | {
        "_FACE_INTAKE_COMPLETE": "complete_bash",
        "COMP_WORDS": "face-intake in",
        "COMP_CWORD": "1",
    }
    done = subprocess.run([COMMAND], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["intake"]


def test_a_key_is_read_from_a_file(system: System, files: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("nsfas_any\n")
    done = call(system.url, "--key-file", tmp_path / "key", "status", cwd=files)
    assert done.returncode == 0  # a service without API keys ignores the key
