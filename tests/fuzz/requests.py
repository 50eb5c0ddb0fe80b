"""Sends valid and invalid requests from the OpenAPI description: ``python -m tests.fuzz.requests --count 5000``.

schemathesis generates the requests, for single operations and for sequences, with and without API keys. Three of its
checks are disabled:

- Valid data are accepted: a schema cannot require that a file is a picture with a face.
- Invalid data are rejected, for forms only: an empty list in a form is an empty field, which counts as missing.
- Deleted objects cannot be read: a job that is deleted before its end is cancelled and remains readable until it
expires.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.api_keys import write_key_file
from tests.support.servers import running, without_coverage

CONFIGURATION = """
[checks]
positive_data_acceptance.enabled = false
use_after_free.enabled = false

[[operations]]
include-method = "POST"
checks.negative_data_rejection.enabled = false
"""

EXAMPLES = 60
"""Cases per operation and phase in one round. A round has about 1,500 cases in total."""


def fuzz(url: str, seed: int, key: str | None = None, examples: int = EXAMPLES) -> tuple[int, int, str]:
    """Run one round. Return the number of requests, the number of failures, and the report."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json"]
    command += ["--continue-on-failure", "--request-timeout=60"]
    command += [f"--max-examples={examples}", f"--seed={seed}", "--workers=2", "--warnings=off", "--no-color"]
    command += [f"--header=Authorization: Bearer {key}"] if key else []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schemathesis.toml").write_text(CONFIGURATION)
        done = subprocess.run(command, cwd=folder, env=without_coverage(), capture_output=True, text=True, check=False)
    report = done.stdout + done.stderr
    cases = re.search(r"(\d+) generated", report)
    failures = re.search(r"(\d+) unique failures?", report)
    if cases is None:
        raise RuntimeError(report)
    return int(cases[1]), int(failures[1]) if failures else int(done.returncode != 0), report


def main() -> None:
    """Start a service with API keys and one without, and fuzz both until the number of requests is reached."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.requests", description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    total = failed = 0
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        file, key = write_key_file(home)
        with (
            running(["app.py"], home / "log", data_dir=home / "data") as public,
            running(["app.py"], home / "keys.log", data_dir=home / "data-keys", api_keys_file=file) as keyed,
        ):
            seed = options.seed
            while total < options.count:
                url, secret = (public.url, None) if seed % 2 else (keyed.url, key)
                cases, failures, report = fuzz(url, seed, secret)
                total, failed = total + cases, failed + failures
                if failures:
                    print(report)
                seed += 1
    print(f"seed {options.seed}: {total} requests, {failed} failures")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
