"""The API's description is clean enough to generate a client from, and the console's scripts keep to it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.npm import INSTALL_TIMEOUT, npm_packages
from tests.support.openapi import openapi_description
from tests.support.servers import ROOT

HERE = Path(__file__).parent
CONSOLE = ROOT / "api" / "console"
STRICT = {"strict": True, "noUncheckedIndexedAccess": True, "noImplicitOverride": True, "noEmit": True, "types": []}
WEB = {
    "target": "esnext",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
}

pytestmark = pytest.mark.timeout(INSTALL_TIMEOUT + 60)


@pytest.fixture(scope="module")
def tools() -> Path:
    return npm_packages(HERE)


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("openapi") / "openapi.json"
    path.write_text(json.dumps(openapi_description()))
    return path


def node(tools: Path, program: str, *arguments: str, folder: Path) -> str:
    """Run a tool; return what it complains of."""
    command = ["node", str(tools / program), *arguments]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def compile_strictly(tools: Path, folder: Path, include: list[str], **options: object) -> str:
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": STRICT | WEB | options, "include": include}))
    return node(tools, "typescript/bin/tsc", "-p", "tsconfig.json", folder=folder)


def test_a_generated_client_compiles_and_has_a_method_of_a_good_name_for_each_operation(
    tools: Path, description: Path, tmp_path: Path
) -> None:
    generate = ("generate", "-p", str(description), "-o", ".", "-n", "client.ts")
    assert not node(tools, "swagger-typescript-api/dist/cli.mjs", *generate, folder=tmp_path)
    (tmp_path / "use.ts").write_text(
        """
        import { Api } from "./client";
        export async function use(file: File): Promise<[string, number, boolean, string | undefined]> {
          const api = new Api({ baseUrl: "http://127.0.0.1:7860" });
          const { data } = await api.extractFace.extractFace({ file });
          const comparison = await api.compareFaces.compareFaces({ selfie: file, id_photo: file, threshold: 0.5 });
          const job = await api.jobs.submitExtraction({ file, batch: "intake", reference: "applicant" });
          const ended = await api.jobs.getJob(job.data.id, { wait: 10 });
          return [data.face_image, data.metadata.confidence, comparison.data.match, ended.data.error?.code];
        }
        """
    )
    assert not compile_strictly(tools, tmp_path, ["use.ts"], noUncheckedIndexedAccess=False)  # of what is generated
    generated = (tmp_path / "client.ts").read_text()
    operations = json.loads(description.read_text())["paths"].values()
    for operation in (operation for methods in operations for operation in methods.values()):
        first, *rest = operation["operationId"].split("_")
        assert f"{first}{''.join(word.title() for word in rest)}" in generated


def test_the_scripts_of_the_console_agree_with_the_description(tools: Path, description: Path, tmp_path: Path) -> None:
    types = str(tmp_path / "openapi.d.ts")
    assert not node(tools, "openapi-typescript/bin/cli.js", str(description), "-o", types, folder=tmp_path)
    options = {"allowJs": True, "checkJs": True, "noUnusedLocals": True, "noUnusedParameters": True}
    assert not compile_strictly(tools, tmp_path, [f"{CONSOLE}/**/*.js"], paths={"openapi": [types]}, **options)
