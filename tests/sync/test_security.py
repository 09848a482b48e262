"""No secret is stored or shown anywhere, and none is sent to another host."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import dlt
import duckdb
import pytest

from contentstack_source.api.client import Client, init_query
from contentstack_source.destinations.target import Target
from contentstack_source.errors import ContentstackError
from contentstack_source.runs import run
from contentstack_source.settings import parse_settings
from contentstack_source.simulator import Behavior, Fault, Stack, serve
from tests.support.params import by_default

KEY = "blt0a1b2c3d4e5f6071"
TOKEN = "csfedcba98765432100123456789"


def test_no_secret_is_left_anywhere(
    tmp_path: Path,
    configure: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    stack, behavior = Stack(api_key=KEY, delivery_token=TOKEN), Behavior()
    stack.publish_asset("a1", {"title": "A picture", "url": "https://example.org/a1"})
    file = tmp_path / "warehouse.duckdb"
    target = Target(dlt.destinations.duckdb(str(file)), pipelines_dir=str(tmp_path / "dlt"))
    with serve(stack, behavior) as server:
        configure(server)
        run.sync(target)
        behavior.next_faults(Fault.status(500))
        with pytest.raises(ContentstackError) as failure:
            run.sync(target)
    pipeline = target.pipeline()
    text = "".join([str(failure.value), repr(failure.value), caplog.text])
    text += repr(pipeline.state) + repr(pipeline.last_trace)
    with duckdb.connect(str(file), read_only=True) as con:  # its file may be compressed
        for schema, table in con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables()"
        ).fetchall():
            text += repr(con.execute(f'SELECT * FROM {schema}."{table}"').fetchall())
    assert "A picture" in text
    for secret in (KEY, TOKEN):
        assert secret not in text
        for path in tmp_path.rglob("*"):
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path


FAULTS = {
    "none": Fault.none(),
    "500": Fault.status(500),
    "401": Fault.status(401),
    "HTML": Fault.html(),
    "a dropped connection": Fault.dropped(),
}


@pytest.mark.parametrize("fault", by_default({"none", "401"}, FAULTS))
def test_no_secret_is_in_a_trace_or_a_log_of_the_command(
    tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "DEBUG")
    if fault.kind == "none":  # dlt's own error, with all it has of the configuration
        monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(tmp_path / "no" / "file.duckdb"))
    stack, behavior = Stack(api_key=KEY, delivery_token=TOKEN), Behavior()
    stack.publish_asset("a1", {"title": "A picture"})
    with serve(stack, behavior) as server:
        configure(server)
        behavior.next_faults(fault)
        command = [sys.executable, "-m", "contentstack_source.cli.main", "sync", "--debug"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    assert "Traceback" in text
    assert KEY not in text
    assert TOKEN not in text


class Elsewhere(BaseHTTPRequestHandler):
    """Redirects every request to itself, and records its path."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(302)
        self.send_header("Location", f"http://{self.headers['Host']}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    Elsewhere.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v3"
        server.shutdown()


def test_a_redirect_is_not_followed(elsewhere: str) -> None:
    settings = parse_settings(
        api_key=KEY, delivery_token=TOKEN, environment="production", base_url=elsewhere
    )
    with pytest.raises(ContentstackError, match="302"):
        Client(settings).fetch_page(init_query(settings))
    assert len(Elsewhere.asked) == 1


def test_a_response_that_repeats_a_secret_is_shown_without_it() -> None:
    class Echo(Elsewhere):
        def do_GET(self) -> None:
            body = f'{{"error_message": "bad key {KEY} with {TOKEN}", "error_code": 1}}'.encode()
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base_url = f"http://127.0.0.1:{server.server_address[1]}/v3"
        settings = parse_settings(
            api_key=KEY, delivery_token=TOKEN, environment="production", base_url=base_url
        )
        with pytest.raises(ContentstackError, match=r"bad key \*\*\* with \*\*\*") as failure:
            Client(settings).fetch_page(init_query(settings))
        server.shutdown()
    assert KEY not in str(failure.value)
