"""``make audit`` with a copy of OSV's list of vulnerabilities, and without a list."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from tests import audit


def advisory(package: str = "Some.Package", **affected: Any) -> dict[str, Any]:
    return {
        "id": "PYSEC-2026-1",
        "modified": "2026-11-02T00:00:00Z",
        "summary": "Runs arbitrary code.",
        "affected": [{"package": {"ecosystem": "PyPI", "name": package}, **affected}],
    }


def ranged(*events: dict[str, str]) -> dict[str, Any]:
    return advisory(ranges=[{"type": "ECOSYSTEM", "events": list(events)}])


@pytest.mark.parametrize(
    ("about", "affected", "not_affected"),
    [
        (advisory(versions=["1.0", "not a version"]), ["1.0", "1.0.0"], ["1.1"]),
        (ranged({"introduced": "0"}, {"fixed": "2.0"}), ["0.1", "1.9.9"], ["2.0", "3"]),
        (ranged({"introduced": "1.2"}, {"last_affected": "1.4"}), ["1.2", "1.4"], ["1.1", "1.4.1"]),
        (
            ranged({"fixed": "2.1"}, {"introduced": "2"}, {"fixed": "1.1"}, {"introduced": "1"}),
            ["1", "2"],
            ["1.1", "3"],
        ),
    ],
)
def test_an_advisory_affects_the_versions_that_it_lists_or_spans(
    about: dict[str, Any], affected: list[str], not_affected: list[str]
) -> None:
    for version in affected:
        assert audit.affects(about, "some-package", Version(version)), version
    for version in not_affected:
        assert not audit.affects(about, "some-package", Version(version)), version
    assert not audit.affects(about, "another", Version(affected[0]))


@pytest.mark.long
def test_an_audit_with_a_copy_of_osvs_list_needs_no_network(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("PYSEC-2026-1.json", json.dumps(advisory("pillow", versions=["12.0.1"])))
        archive.writestr("PYSEC-2026-2.json", json.dumps(advisory("click", versions=["1.0"]) | {"id": "PYSEC-2026-2"}))
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"Pillow==12.0.1 --hash=sha256:{'0' * 64}\nclick==8.3.1 --hash=sha256:{'0' * 64}\n")
    assert audit.main(["--advisories", str(tmp_path / "all.zip"), "--requirement", str(requirements)]) == 1
    output = capfd.readouterr().out
    assert "2 advisories, the newest of 2026-11-02" in output
    assert "PYSEC-2026-1" in output
    assert "PYSEC-2026-2" not in output


@pytest.mark.parametrize("answer", [None, b"<html>", b'{"info": {}}'])
def test_an_audit_without_pypis_list_fails_with_a_message(
    answer: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if answer is not None:  # the response of a mirror
        (tmp_path / "answer").write_bytes(answer)
    monkeypatch.setattr(audit, "LIST", (tmp_path / "answer").as_uri())
    assert audit.main([]) == audit.NOT_RUN
    assert capsys.readouterr().out.startswith("NOT AUDITED")


def test_a_copy_without_advisories_for_pypi_is_not_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("1.json", json.dumps({"affected": [{"package": {"ecosystem": "npm", "name": "left-pad"}}]}))
    assert audit.main(["--advisories", str(tmp_path / "all.zip")]) == audit.NOT_RUN
    assert "no advisories for PyPI" in capsys.readouterr().out
