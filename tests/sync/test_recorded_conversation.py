"""The recorded conversation with the real service, replayed over HTTP and loaded."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dlt
import pytest

from contentstack_source import contentstack_source
from tests.support.oracle import assert_equal
from tests.support.paths import RECORDED

MODEL = "content_types_include_global_field_schema.json"


class Recording(BaseHTTPRequestHandler):
    """Answers each query with the recorded response."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps(self._body()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def _body(self) -> Any:
        asked = urlsplit(self.path)
        if asked.path == "/v3/content_types":
            return recorded(MODEL)
        query = parse_qs(asked.query)
        mode = next(name for name in ("init", "pagination_token", "sync_token") if name in query)
        return recorded(
            {
                "init": "sync_1_init.json",
                "pagination_token": "sync_2_pagination.json",
                "sync_token": "sync_3_sync_token_empty_delta.json",
            }[mode]
        )


class RecordedStack:
    """The recorded items in the form that the oracle needs."""

    def __init__(self) -> None:
        pages = ("sync_1_init.json", "sync_2_pagination.json")
        self.items = [item for page in pages for item in recorded(page)["items"]]

    def published_entries(self) -> dict[tuple[str, str, str], Any]:
        return {
            (item["content_type_uid"], item["data"]["uid"], _locale(item)): item
            for item in self.items
            if item["type"] == "entry_published"
        }

    def published_assets(self) -> dict[tuple[str, str], Any]:
        return {
            (item["data"]["uid"], _locale(item)): item
            for item in self.items
            if item["type"] == "asset_published"
        }


def recorded(name: str) -> Any:
    return json.loads((RECORDED / name).read_text("utf-8"))["body"]


def _locale(item: Any) -> str:
    locale: str = item["data"]["publish_details"]["locale"]
    return locale


@pytest.fixture
def base_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Recording) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v3"
        server.shutdown()


def test_every_recorded_item_is_loaded_value_by_value(base_url: str, tmp_path: Path) -> None:
    pipeline = dlt.pipeline(
        "recorded",
        pipelines_dir=str(tmp_path / "dlt"),
        destination=dlt.destinations.duckdb(str(tmp_path / "warehouse.duckdb")),
        dataset_name="contentstack",
    )
    source = contentstack_source(
        api_key="recorded", delivery_token="recorded", environment="web", base_url=base_url
    )
    pipeline.run(source)
    stack = RecordedStack()
    assert len(stack.items) == 129
    assert_equal(str(tmp_path / "warehouse.duckdb"), stack)
    with pipeline.sql_client() as client:
        fallbacks = client.execute_sql(
            "SELECT count(*) FROM session WHERE locale = 'en-gb' AND content_locale = 'en-us'"
        )
    assert fallbacks is not None
    assert fallbacks[0][0] > 0
