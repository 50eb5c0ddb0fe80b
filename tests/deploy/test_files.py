"""Compose files and Dockerfiles are valid, and as strict as docs/deploy.md says."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.settings import Settings
from tests.support.servers import ROOT

COMPOSE = ROOT / "docker-compose.yml"
OVERRIDES = sorted((ROOT / "deploy" / "compose").glob("*.yml"))
KUBERNETES = sorted((ROOT / "deploy" / "kubernetes").rglob("*.yaml"))
OPERATED = [*sorted(ROOT.glob("Dockerfile*")), COMPOSE, *OVERRIDES, *KUBERNETES]
OURS = {"api", "worker", "worker-bulk", "housekeeping", "callbacks"}


def tool(name: str, *arguments: str) -> str:
    """Run a tool of the environment. Return its output if it fails, otherwise nothing."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / name), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


@pytest.mark.long
@pytest.mark.parametrize("path", [COMPOSE, *OVERRIDES], ids=lambda path: path.name)
def test_a_compose_file_follows_the_specification(path: Path) -> None:
    assert not tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(path))


GITHUB = [
    *[("github-workflows", path) for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))],
    *[("github-issue-forms", ROOT / ".github" / "ISSUE_TEMPLATE" / name) for name in ("bug.yml", "feature.yml")],
    ("github-issue-config", ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml"),
    ("dependabot", ROOT / ".github" / "dependabot.yml"),
    ("citation-file-format", ROOT / "CITATION.cff"),
]


@pytest.mark.long
@pytest.mark.parametrize(("schema", "path"), GITHUB, ids=lambda value: getattr(value, "name", None))
def test_a_file_that_github_reads_follows_its_schema(schema: str, path: Path) -> None:
    assert not tool("check-jsonschema", "--builtin-schema", f"vendor.{schema}", str(path))


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_a_workflow_has_no_permission_but_those_of_its_jobs_and_pins_its_actions(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    assert all(job["permissions"].get("contents") for job in workflow["jobs"].values())
    actions = [step["uses"] for job in workflow["jobs"].values() for step in job.get("steps", []) if "uses" in step]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in actions)


def test_the_hooks_of_pre_commit_are_valid_and_run_tools_of_the_environment() -> None:
    config = ROOT / ".pre-commit-config.yaml"
    assert not tool("pre-commit", "validate-config", str(config))
    hooks = [hook for repo in yaml.safe_load(config.read_text())["repos"] for hook in repo["hooks"]]
    assert all(hook["language"] == "system" and hook["entry"].startswith(".venv/bin/") for hook in hooks)


@pytest.mark.parametrize("name", services())
def test_a_compose_service_is_limited_restarted_and_writes_only_to_its_volumes(name: str) -> None:
    service = services()[name]
    assert service["restart"] == "unless-stopped"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert {"cpus", "mem_limit", "pids_limit"} <= service.keys()
    assert service["logging"]["options"]["max-size"]
    published = [str(port) for port in service.get("ports", [])]
    assert name == "api" or all(port.startswith("127.0.0.1:") for port in published)


def test_redis_does_not_depend_on_its_images_protected_mode() -> None:
    command = services()["redis"]["command"]
    assert command[command.index("--protected-mode") + 1] == "no"


@pytest.mark.parametrize("path", [COMPOSE, *OVERRIDES], ids=lambda path: path.name)
def test_a_service_mounts_only_its_own_secrets(path: Path) -> None:
    for name, service in yaml.safe_load(path.read_text())["services"].items():
        mounts = [volume for volume in service.get("volumes", []) if "/run/secrets" in volume]
        own = name.removesuffix("-bulk")  # worker and worker-bulk are the same program
        assert mounts in ([], [f"./secrets/{own}:/run/secrets:ro"])
        assert mounts or path != COMPOSE or name in {"prometheus", "grafana"}


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.api"])
def test_an_image_exposes_the_default_port_of_the_api(name: str) -> None:
    dockerfile = (ROOT / name).read_text()
    port = Settings.model_fields["port"].default
    assert f"\nEXPOSE {port}\n" in dockerfile
    assert f"api.healthcheck ${{PORT:-{port}}}" in dockerfile
    assert " PORT=" not in dockerfile


@pytest.mark.parametrize("name", sorted(OURS))
def test_compose_sets_only_existing_settings(name: str) -> None:
    assert {key.lower() for key in services()[name]["environment"]} <= Settings.model_fields.keys()


def test_every_worker_that_reads_documents_uses_the_gpu() -> None:
    gpu = yaml.safe_load((ROOT / "deploy" / "compose" / "gpu.yml").read_text())["services"]
    readers = {name for name, service in services().items() if service.get("environment", {}).get("WORKER_PROCESSES")}
    assert readers == gpu.keys() == {"worker", "worker-bulk"}
    for service in gpu.values():
        assert service["environment"]["VISION_PROVIDER"] == "cuda"
        assert service["build"]["args"]["ACCELERATOR"] == "cuda"
        assert service["image"].endswith("-cuda")
        (device,) = service["deploy"]["resources"]["reservations"]["devices"]
        assert device["capabilities"] == ["gpu"]


def test_a_stopping_container_has_enough_time_for_its_program() -> None:
    drain, limit = Settings.model_fields["drain_timeout"].default, Settings.model_fields["job_time_limit"].default
    assert int(services()["api"]["stop_grace_period"].removesuffix("s")) > drain
    assert int(services()["worker"]["stop_grace_period"].removesuffix("s")) > limit


DOCKERFILES = ["Dockerfile", "Dockerfile.api", "Dockerfile.worker"]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_a_dockerfile_passes_hadolint(name: str) -> None:
    assert not tool("hadolint", name)


@pytest.mark.parametrize("path", OPERATED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_deployment_allows_anonymous_access(path: Path) -> None:
    instructions = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    assert instructions
    assert not [line for line in instructions if "ALLOW_ANONYMOUS" in line]


BASE = "python:3.13-slim-trixie"
LABELS = {"title", "description", "version", "licenses", "source", "revision", "base.name"}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_has_labels_for_its_content_and_its_sources(name: str) -> None:
    final = final_stage(name)
    labels = dict(re.findall(r'org\.opencontainers\.image\.([a-z.]+)="([^"]*)"', final))
    assert labels.keys() == LABELS
    assert labels["version"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert ("AGPL-3.0" in labels["licenses"]) == (name != "Dockerfile.api")  # PyMuPDF
    assert labels["base.name"] == f"docker.io/library/{BASE}"
    for label, argument in (("source", "SOURCE"), ("revision", "REVISION")):
        assert labels[label] == f"${{{argument}}}"
        assert f"\nARG {argument}\n" in final.partition("LABEL")[0]  # without this line the label is empty


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_does_not_depend_on_its_build_time(name: str) -> None:
    build, final = (ROOT / name).read_text().partition(f"\nFROM {BASE}\n")[0], final_stage(name)
    assert "PYTHONDONTWRITEBYTECODE=1" in build  # bytecode from an import contains the time of its source
    assert build.count("compileall") == build.count("--invalidation-mode unchecked-hash")
    assert "rm -f /opt/venv/.lock" in build
    assert final.index("\nARG SOURCE_DATE_EPOCH\n") < final.index(
        "RUN useradd"
    )  # useradd writes the date to /etc/shadow
    assert "RUN" not in final.replace("\nRUN useradd", "")


def final_stage(name: str) -> str:
    return (ROOT / name).read_text().partition(f"\nFROM {BASE}\n")[2]
