"""``make audit``: known vulnerabilities of the locked packages, from PyPI's list or a copy of OSV's list.

The copy is the file ``all.zip`` that OSV publishes for PyPI, with one file per advisory. pip-audit can ask OSV only
over HTTP, so a server on this machine serves the copy.
"""

import argparse
import http.server
import json
import subprocess
import sys
import threading
import urllib.request
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

LIST = "https://pypi.org/pypi/urllib3/1.24/json"
"""A version with known vulnerabilities in PyPI's list. Some mirrors omit vulnerabilities."""

NOT_RUN = 3
"""Exit status if no list is available."""

_HOW = """Audit with a copy of OSV's list instead: download https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip
on another machine, then run `make audit ADVISORIES=all.zip`."""

Advisory = dict[str, Any]
"""An advisory in the OSV schema: https://ossf.github.io/osv-schema/."""


def affects(advisory: Advisory, package: str, version: Version) -> bool:
    """Return whether an advisory affects this version of a PyPI package, by its list of versions or its ranges."""
    return any(
        _is_of(affected, package)
        and (
            any(_equal(text, version) for text in affected.get("versions", []))
            or any(_within(each["events"], version) for each in affected.get("ranges", []) if each["type"] != "GIT")
        )
        for affected in advisory.get("affected", [])
    )


def _is_of(affected: dict[str, Any], package: str) -> bool:
    named = affected.get("package", {})
    return named.get("ecosystem") == "PyPI" and canonicalize_name(named["name"]) == canonicalize_name(package)


def _equal(text: str, version: Version) -> bool:
    with suppress(InvalidVersion):
        return Version(text) == version
    return False


def _within(events: list[dict[str, str]], version: Version) -> bool:
    """Evaluate a range. The last event at or before the version decides."""
    dated = [(Version(text), kind) for event in events for kind, text in event.items() if kind != "limit"]
    inside = False
    for at, kind in sorted(dated):
        match kind:
            case "introduced" if version >= at:
                inside = True
            case "fixed" if version >= at:
                inside = False
            case "last_affected" if version > at:
                inside = False
            case _:
                pass
    return inside


class Advisories:
    """A copy of OSV's list, indexed by package.

    Attributes
    ----------
    newest
        Time of the latest change in the copy, in the format of OSV.

    """

    def __init__(self, path: Path) -> None:
        self._by_package: dict[str, list[Advisory]] = defaultdict(list)
        self.newest = ""
        self.count = 0
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                self._add(json.loads(archive.read(name)))

    def _add(self, advisory: Advisory) -> None:
        named = [each.get("package", {}) for each in advisory.get("affected", [])]
        packages = {canonicalize_name(each["name"]) for each in named if each.get("ecosystem") == "PyPI"}
        for package in packages:
            self._by_package[package].append(advisory)
        if packages:
            self.newest, self.count = max(self.newest, advisory.get("modified", "")), self.count + 1

    def about(self, package: str, version: str) -> list[Advisory]:
        """Return the advisories that affect a version of a package."""
        known = self._by_package.get(canonicalize_name(package), [])
        return [each for each in known if affects(each, package, Version(version))]


@contextmanager
def serving(advisories: Advisories) -> Iterator[str]:
    """Serve the advisories with the API of OSV. Yields the URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found = advisories.about(query["package"]["name"], query["version"])
            body = json.dumps({"vulns": found} if found else {}).encode()
            self.send_response(http.HTTPStatus.OK)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()
        thread.join()


def audit(requirements: Path, *options: str) -> int:
    """Run pip-audit on a requirements file. Return its exit status: 1 if a vulnerability is known."""
    program = Path(sys.executable).parent / "pip-audit"
    flags = ["--strict", "--no-deps", "--disable-pip", "--requirement", str(requirements)]
    return subprocess.run([program, *flags, *options], check=False).returncode


def main(arguments: list[str]) -> int:
    """Audit with the available list. Return the exit status."""
    parser = argparse.ArgumentParser(prog="make audit")
    parser.add_argument("--advisories", type=Path)
    parser.add_argument("--requirement", type=Path, default=Path("requirements.txt"))
    given = parser.parse_args(arguments)
    if given.advisories is None:
        return audit(given.requirement) if _pypi_lists() else _not_run("PyPI's list is not available")
    advisories = Advisories(given.advisories)
    if not advisories.count:
        return _not_run(f"{given.advisories} has no advisories for PyPI")
    print(f"{advisories.count} advisories, the newest of {advisories.newest}", flush=True)
    with serving(advisories) as url:
        return audit(given.requirement, "--vulnerability-service", "osv", "--osv-url", url)


def _pypi_lists() -> bool:
    with suppress(OSError, ValueError), urllib.request.urlopen(LIST, timeout=20) as response:
        return bool(json.load(response).get("vulnerabilities"))
    return False


def _not_run(reason: str) -> int:
    print(f"NOT AUDITED for known vulnerabilities: {reason}.\n{_HOW}")
    return NOT_RUN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
