"""The vendor's Python SDK and DuckDB: one row per entry, content as JSON, inserted page by page."""

from __future__ import annotations

import json
import os
from typing import Any

import contentstack
import duckdb
import pyarrow as pa

_COLUMNS = ("content_type_uid", "uid", "locale", "type", "event_at", "data")


def main() -> None:
    stack = contentstack.Stack(
        os.environ["SOURCES__CONTENTSTACK__API_KEY"],
        os.environ["SOURCES__CONTENTSTACK__DELIVERY_TOKEN"],
        os.environ["SOURCES__CONTENTSTACK__ENVIRONMENT"],
    )
    stack.http_instance.endpoint = os.environ["SOURCES__CONTENTSTACK__BASE_URL"]
    with duckdb.connect("warehouse.duckdb") as database:
        database.execute(
            """
            CREATE TABLE entries (
                content_type_uid VARCHAR, uid VARCHAR, locale VARCHAR,
                type VARCHAR, event_at TIMESTAMP, data JSON,
                PRIMARY KEY (content_type_uid, uid, locale))
            """
        )
        page = stack.sync_init()
        insert(database, page["items"])
        while "pagination_token" in page:
            page = stack.pagination(page["pagination_token"])
            insert(database, page["items"])


def insert(database: duckdb.DuckDBPyConnection, items: list[dict[str, Any]]) -> None:
    columns = zip(*(to_row(item) for item in items), strict=True)
    page = pa.table(dict(zip(_COLUMNS, columns, strict=True)))
    database.register("page", page)
    database.execute("INSERT OR REPLACE INTO entries SELECT * FROM page")


def to_row(item: dict[str, Any]) -> tuple[str, ...]:
    data = item["data"]
    return (
        item["content_type_uid"],
        data["uid"],
        data["publish_details"]["locale"],
        item["type"],
        item["event_at"],
        json.dumps(data),
    )


if __name__ == "__main__":
    main()
