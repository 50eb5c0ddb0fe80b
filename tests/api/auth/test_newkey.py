"""``python -m api.newkey``: the command that creates an API key."""

import tomllib
from datetime import date
from pathlib import Path

import httpx
import pytest

from api import newkey
from api.auth.api_keys import ApiKey
from tests.api.conftest import Serve


def make(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["newkey", *arguments])
    newkey.main()


def test_the_key_goes_to_standard_error_and_its_entry_to_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(monkeypatch, "form", "--scopes", "submit, read", "--rate", "50/second", "--quota", "200000/day")
    shown = capsys.readouterr()
    entry = tomllib.loads(shown.out)["form"]
    assert entry["scopes"] == ["submit", "read"]
    assert (entry["rate"], entry["quota"]) == ("50/second", "200000/day")
    assert shown.err.strip().rpartition(" ")[2].startswith("nsfas_")
    assert "nsfas_" not in shown.out


def test_a_created_key_is_accepted(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    serve: Serve,
    tmp_path: Path,
) -> None:
    make(monkeypatch, "form")
    shown = capsys.readouterr()
    (path := tmp_path / "keys.toml").write_text(shown.out)
    url = serve(api_keys_file=path)
    headers = {"x-api-key": shown.err.strip().rpartition(" ")[2]}
    assert httpx.get(f"{url}/jobs/unknown", headers=headers, timeout=60).status_code == 404
    assert httpx.get(f"{url}/jobs/unknown", timeout=60).status_code == 401


def test_the_entry_has_the_dates_of_the_validity_period(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(monkeypatch, "form", "--not-before", "2999-01-01", "--expires", "2999-01-31")
    entry = tomllib.loads(capsys.readouterr().out)["form"]
    assert (entry["not_before"], entry["expires"]) == (date(2999, 1, 1), date(2999, 1, 31))
    ApiKey.model_validate(entry)


@pytest.mark.parametrize(
    "arguments",
    [
        ["two words"],
        ["form", "--scopes", "everything"],
        ["form", "--rate", "often"],
        ["form", "--expires", "soon"],
        ["form", "--expires", "2020-01-31"],
        ["form", "--not-before", "2999-02-01", "--expires", "2999-01-31"],
    ],
)
def test_invalid_arguments_exit_with_2_and_create_no_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        make(monkeypatch, *arguments)
    assert ended.value.code == 2
    assert "nsfas_" not in "".join(capsys.readouterr())
