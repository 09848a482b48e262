"""The dashboard as a user sees it: served by the command, opened in a real browser."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
SECONDS = 120
"""How long a page may take on a busy machine."""


@contextmanager
def shown(folder: Path, *options: str) -> Iterator[str]:
    """Run `contentstack-source dashboard` in a folder and yield the address it prints."""
    command = [sys.executable, "-m", "contentstack_source.cli.main", "dashboard", "--no-browser"]
    command += ["--port", str(_free_port()), *options]
    log = folder / "dashboard.txt"
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield _printed_address(log, server)
        finally:
            server.terminate()
            server.wait(20)


@contextmanager
def page(url: str, *, height: int = 1000) -> Iterator[tuple[Page, list[str]]]:
    """Open a page; yield it and the errors it writes to the browser's console."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"]
        )
        opened = browser.new_page(viewport={"width": 1120, "height": height})
        opened.set_default_timeout(SECONDS * 1000)
        errors: list[str] = []
        opened.on(
            "console",
            lambda message: errors.append(message.text) if message.type == "error" else None,
        )
        opened.goto(url, wait_until="domcontentloaded")
        yield opened, errors
        browser.close()


def _printed_address(log: Path, server: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        found = re.search(r"http://\S+", log.read_text())
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
