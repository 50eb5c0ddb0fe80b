"""The files that operators use are what their tools take, and as strict as the README says."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from shared.settings import Settings
from tests.servers import ROOT

COMPOSE = ROOT / "docker-compose.yml"
OVERRIDES = sorted((ROOT / "deploy" / "compose").glob("*.yml"))
KUBERNETES = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
OURS = {"api", "worker", "worker-bulk", "housekeeping", "callbacks"}


def tool(name: str, *arguments: str) -> str:
    """Run a tool of the environment; return what it says if it is not content."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / name), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


@pytest.mark.parametrize("path", [COMPOSE, *OVERRIDES], ids=lambda path: path.name)
def test_a_compose_file_follows_the_specification(path: Path) -> None:
    assert not tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(path))


@pytest.mark.parametrize("name", services())
def test_a_service_of_compose_is_bounded_restarted_and_may_write_nothing_but_its_volumes(name: str) -> None:
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
def test_a_service_mounts_no_secrets_but_its_own(path: Path) -> None:
    for name, service in yaml.safe_load(path.read_text())["services"].items():
        mounts = [volume for volume in service.get("volumes", []) if "/run/secrets" in volume]
        own = name.removesuffix("-bulk")  # the same program
        assert mounts in ([], [f"./secrets/{own}:/run/secrets:ro"])
        assert mounts or path != COMPOSE or name in {"prometheus", "grafana"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_compose_sets_is_a_setting_of_ours(name: str) -> None:
    assert {key.lower() for key in services()[name]["environment"]} <= Settings.model_fields.keys()


def test_a_stopping_container_is_given_the_time_that_its_program_takes() -> None:
    drain, limit = Settings.model_fields["drain_timeout"].default, Settings.model_fields["job_time_limit"].default
    assert int(services()["api"]["stop_grace_period"].removesuffix("s")) > drain
    assert int(services()["worker"]["stop_grace_period"].removesuffix("s")) > limit


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.api", "Dockerfile.worker"])
def test_a_dockerfile_is_as_hadolint_would_have_it(name: str) -> None:
    assert not tool("hadolint", name)


def resources() -> list[dict[str, Any]]:
    return [each for path in KUBERNETES for each in yaml.safe_load_all(path.read_text())]


# Their schemas are not Kubernetes's own: those of kustomize and KEDA.
FOREIGN = {"Kustomization", "ScaledObject", "TriggerAuthentication"}


@pytest.mark.parametrize(
    "resource",
    [each for each in resources() if each["kind"] not in FOREIGN],
    ids=lambda each: f"{each['kind']}-{each['metadata']['name']}",
)
def test_a_resource_of_kubernetes_follows_its_schema(resource: dict[str, Any]) -> None:
    kubernetes_validate.validate(resource, "1.33", strict=True)


def test_the_kustomization_holds_every_manifest() -> None:
    named = yaml.safe_load((ROOT / "deploy" / "kubernetes" / "kustomization.yaml").read_text())["resources"]
    assert sorted(named) == [path.name for path in KUBERNETES if path.name != "kustomization.yaml"]


@pytest.mark.parametrize("name", ["api", "worker", "worker-bulk", "housekeeping"])
def test_a_pod_may_do_no_more_than_it_must(name: str) -> None:
    (deployment,) = (each for each in resources() if each["kind"] == "Deployment" and each["metadata"]["name"] == name)
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "memory" in container["resources"]["limits"]
    assert {"startupProbe", "readinessProbe"} <= container.keys()
