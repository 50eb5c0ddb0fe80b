"""Requests made from the service's own description, valid and not: ``python -m tests.fuzz.requests --count 5000``.

By schemathesis: its checks, each operation alone and one after the other, with API keys and without. Three checks are
left out. That what follows the schema is accepted: no schema can say that a file is a picture with a face. That what
breaks the schema is refused, of forms alone: an empty list in a form is an empty field, which is one left out. And that
nothing can be read after its deletion: a job that is deleted before its end is cancelled, and says so while it is kept.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.keys import write_key_file
from tests.support.servers import running

CONFIGURATION = """
[checks]
positive_data_acceptance.enabled = false
use_after_free.enabled = false

[[operations]]
include-method = "POST"
checks.negative_data_rejection.enabled = false
"""

EXAMPLES = 60
"""Cases of one operation in one phase of one round; a round has some 1,500 of all operations."""


def fuzz(url: str, seed: int, key: str | None = None, examples: int = EXAMPLES) -> tuple[int, int, str]:
    """Run one round; return how many requests were made of it, how many failures there were, and the report."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json"]
    command += ["--continue-on-failure", "--request-timeout=60"]
    command += [f"--max-examples={examples}", f"--seed={seed}", "--workers=2", "--warnings=off", "--no-color"]
    command += [f"--header=Authorization: Bearer {key}"] if key else []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schemathesis.toml").write_text(CONFIGURATION)
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    report = done.stdout + done.stderr
    cases = re.search(r"(\d+) generated", report)
    failures = re.search(r"(\d+) unique failures?", report)
    if cases is None:
        raise RuntimeError(report)
    return int(cases[1]), int(failures[1]) if failures else int(done.returncode != 0), report


def main() -> None:
    """Start a service with API keys and one without, and fuzz both until there were enough requests."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.requests", description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    total = failed = 0
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        file, key = write_key_file(home)
        with (
            running(["app.py"], home / "log", data_dir=home / "data") as everybody,
            running(["app.py"], home / "keys.log", data_dir=home / "data-keys", api_keys_file=file) as keyed,
        ):
            seed = asked.seed
            while total < asked.count:
                url, secret = (everybody.url, None) if seed % 2 else (keyed.url, key)
                cases, failures, report = fuzz(url, seed, secret)
                total, failed = total + cases, failed + failures
                if failures:
                    print(report)
                seed += 1
    print(f"seed {asked.seed}: {total} requests, {failed} failures")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
