"""The Chromium that is installed on the system, run headless by Playwright."""

import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import without_network_changes
from tests.support.servers import ROOT
from worker.sandbox import seccomp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""

REBOUND = "rebound.example"
"""A host name that resolves to this machine, as the name of a hostile page can (DNS rebinding)."""

# No background requests. Chromium refuses its sandbox to root, which containers run tests as.
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1",
]  # fmt: skip


@contextmanager
def chromium(film: Path) -> Iterator[Browser]:
    """Run Chromium within a context. Its only camera shows a film (``tests.browser.film``)."""
    camera = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
    with _program() as program, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*_FLAGS, *camera])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def _program() -> Iterator[str]:
    """Yield the path of a program that runs Chromium, without notice of network changes if the kernel can do that."""
    if not seccomp.available():
        yield CHROMIUM
        return
    command = [sys.executable, "-m", without_network_changes.__name__, CHROMIUM]
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "chromium"
        program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.join(command)} "$@"\n')
        program.chmod(0o755)
        yield str(program)
