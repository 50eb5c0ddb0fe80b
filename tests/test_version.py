"""The version in pyproject.toml is the version of everything: service, client, images, manifests and citation."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from api.app import create_app
from api.version import VERSION
from shared.settings import Settings
from tests.support.servers import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MANIFESTS = sorted((ROOT / "deploy" / "kubernetes").rglob("*.yaml"))


def test_the_service_and_its_description_have_the_version_of_the_project(tmp_path: Path) -> None:
    app = create_app(Settings(redis_url="redis://127.0.0.1:1/0", data_dir=tmp_path))
    assert PROJECT["version"] == VERSION == app.openapi()["info"]["version"]


def test_the_client_has_the_version_of_the_project() -> None:
    client = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text())["project"]
    assert client["version"] == PROJECT["version"]


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.api", "Dockerfile.worker"])
def test_an_image_is_labelled_with_the_version(name: str) -> None:
    assert re.findall(r'image\.version="(.*)"', (ROOT / name).read_text()) == [PROJECT["version"]]


def test_kubernetes_runs_the_images_of_this_version() -> None:
    tags = {tag for path in MANIFESTS for tag in re.findall(r"image: nsfas-\w+:(\S+)", path.read_text())}
    kustomization = yaml.safe_load((ROOT / "deploy" / "kubernetes" / "kustomization.yaml").read_text())
    assert tags | {image["newTag"] for image in kustomization["images"]} == {PROJECT["version"]}


def test_the_citation_names_the_version() -> None:
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == PROJECT["version"]


def test_the_changelog_has_a_dated_section_of_the_version() -> None:
    headings = re.findall(r"(?m)^## (.*)$", (ROOT / "CHANGELOG.md").read_text())
    assert headings[0] == "Unreleased"
    assert re.fullmatch(rf"{re.escape(PROJECT['version'])} - \d{{4}}-\d\d-\d\d", headings[1])
