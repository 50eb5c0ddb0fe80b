"""The manifests are valid and give each program only what it needs."""

import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import yaml

from shared.redis.sentinel import SentinelUrl
from shared.settings import Settings
from tests.support.servers import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"
COMPONENTS = KUBERNETES / "components"
PROGRAMS = ["api", "worker", "worker-bulk", "housekeeping", "callbacks"]

# These kinds belong to kustomize and KEDA, so Kubernetes has no schemas for them.
FOREIGN = {"Kustomization", "Component", "ScaledObject", "TriggerAuthentication"}

STORE = {"redis_url", "storage_options"}
DOCUMENTS = STORE | {"master_key"}
SECRETS = {
    "api": DOCUMENTS | {"api_keys"},
    "worker": DOCUMENTS,
    "worker-bulk": DOCUMENTS,
    "housekeeping": STORE,  # deletes blobs and cannot read them
    "callbacks": DOCUMENTS | {"callback_secret"},
}


def resources() -> list[dict[str, Any]]:
    return [each for path in sorted(KUBERNETES.rglob("*.yaml")) for each in yaml.safe_load_all(path.read_text())]


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = (each for each in resources() if each["kind"] == kind and each["metadata"]["name"] == name)
    return found


def kustomization(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / "kustomization.yaml").read_text())
    return found


@pytest.mark.parametrize(
    "resource",
    [each for each in resources() if each["kind"] not in FOREIGN],
    ids=lambda each: f"{each['kind']}-{each['metadata']['name']}",
)
def test_a_resource_follows_its_schema(resource: dict[str, Any]) -> None:
    kubernetes_validate.validate(resource, "1.33", strict=True)


@pytest.mark.parametrize(
    "folder", [KUBERNETES, *sorted(COMPONENTS.iterdir())], ids=lambda folder: str(folder.relative_to(ROOT))
)
def test_a_kustomization_contains_every_manifest_of_its_folder(folder: Path) -> None:
    manifests = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization(folder).get("resources", [])) == manifests


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the manifests that kustomize renders with all components, by kind and name."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    copy = tmp_path_factory.mktemp("rendered") / "kubernetes"
    shutil.copytree(KUBERNETES, copy)
    manifest = (copy / "kustomization.yaml").read_text()
    with_components = manifest.replace("# components:", "components:").replace("#   - components/", "  - components/")
    (copy / "kustomization.yaml").write_text(with_components)
    (copy / "components" / "authority" / "ca.pem").touch()
    output = subprocess.run([kubectl, "kustomize", str(copy)], capture_output=True, text=True, check=True).stdout
    return {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(output)}


def test_kustomize_renders_all_components_together(rendered: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert {name for kind, name in rendered if kind == "Deployment"} == set(PROGRAMS)
    assert {name for kind, name in rendered if kind == "NetworkPolicy"} >= {"callbacks", "sentinel", "collector"}
    (settings,) = (each["data"] for (_, name), each in rendered.items() if name.startswith("nsfas-settings-"))
    assert {"STORAGE_URL", "CALLBACK_HOSTS", "OTEL_EXPORTER_OTLP_ENDPOINT", "STORAGE_CA"} <= settings.keys()
    assert {key.lower() for key in settings} <= Settings.model_fields.keys()
    for (kind, _), resource in rendered.items():
        if kind not in FOREIGN:
            kubernetes_validate.validate(resource, "1.33", strict=True)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_finds_the_certificates_of_an_authority(
    name: str, rendered: dict[tuple[str, str], dict[str, Any]]
) -> None:
    pod = rendered["Deployment", name]["spec"]["template"]["spec"]
    (source,) = (volume["configMap"]["name"] for volume in pod["volumes"] if volume["name"] == "authority")
    assert ("ConfigMap", source) in rendered
    (folder,) = (each["mountPath"] for each in pod["containers"][0]["volumeMounts"] if each["name"] == "authority")
    _, settings = kustomization(COMPONENTS / "authority")["configMapGenerator"]
    assert settings["literals"] == [f"STORAGE_CA={folder}/ca.pem"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_pod_has_minimal_privileges(name: str) -> None:
    pod = named("Deployment", name)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "memory" in container["resources"]["limits"]
    assert {"startupProbe", "readinessProbe"} <= container.keys()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_pod_mounts_the_secrets_that_its_program_uses(name: str) -> None:
    pod = named("Deployment", name)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (mounted,) = (volume["secret"] for volume in pod["volumes"] if "secret" in volume)
    assert {item["key"] for item in mounted["items"]} == {item["path"] for item in mounted["items"]} == SECRETS[name]
    assert [each["configMapRef"]["name"] for each in container["envFrom"]] == ["nsfas-settings"]
    assert not any("valueFrom" in each for each in container.get("env", []))


def test_a_skipped_checkov_check_has_a_reason() -> None:
    skipped = [
        value
        for each in resources()
        for key, value in each.get("metadata", {}).get("annotations", {}).items()
        if key.startswith("checkov.io/skip")
    ]
    assert skipped
    for value in skipped:
        check, _, reason = value.partition("=")
        assert check.startswith("CKV_")
        assert " " in reason


def egress(name: str) -> Iterator[int]:
    """Yield the ports that the policies allow a program to connect to. Policies are additive."""
    for policy in resources():
        if policy["kind"] == "NetworkPolicy" and selects(policy["spec"]["podSelector"], name):
            for rule in policy["spec"].get("egress", []):
                yield from (port["port"] for port in rule["ports"])


def selects(selector: dict[str, Any], name: str) -> bool:
    wanted = selector.get("matchLabels", {}).get("app.kubernetes.io/component", name) == name
    return wanted and all(name in each["values"] for each in selector.get("matchExpressions", []))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_pod_reaches_redis_its_sentinels_and_the_object_store(name: str) -> None:
    sentinel = SentinelUrl.parse("redis+sentinel://one/documents")
    assert sentinel is not None
    assert {53, 443, 6379, sentinel.hosts[0][1]} <= set(egress(name)) <= {53, 443, 6379, 26379, 4318}


@pytest.mark.parametrize("name", ["api", "worker", "worker-bulk", "callbacks"])
def test_a_pod_that_sends_traces_reaches_the_collector(name: str) -> None:
    (settings,) = kustomization(COMPONENTS / "collector")["configMapGenerator"]
    (endpoint,) = settings["literals"]
    assert endpoint.startswith("OTEL_EXPORTER_OTLP_ENDPOINT=")
    assert urlsplit(endpoint.partition("=")[2]).port in set(egress(name))


def test_the_base_allows_no_port_that_only_a_component_needs() -> None:
    base = list(yaml.safe_load_all((KUBERNETES / "network.yaml").read_text()))
    ports = {port["port"] for policy in base for rule in policy["spec"]["egress"] for port in rule["ports"]}
    assert ports == {53, 443, 6379}


@pytest.mark.long
def test_the_manifests_name_the_version_of_this_checkout() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for name in PROGRAMS:
        (container,) = named("Deployment", name)["spec"]["template"]["spec"]["containers"]
        assert container["image"] == f"nsfas-{'api' if name == 'api' else 'worker'}:{version}"
    assert {image["newTag"] for image in kustomization(KUBERNETES)["images"]} == {version}
