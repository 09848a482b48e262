"""Plain dlt, tuned: Parquet, typed columns, large buffers, two workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import dlt
import orjson
from dlt.common.schema.typing import TColumnSchema
from dlt.sources.helpers import requests

_SHARED: dict[str, TColumnSchema] = {
    "uid": {"data_type": "text", "nullable": False},
    "locale": {"data_type": "text", "nullable": False},
    "content_type_uid": {"data_type": "text"},
    "event_at": {"data_type": "timestamp"},
    "_version": {"data_type": "bigint"},
    "created_at": {"data_type": "timestamp"},
    "updated_at": {"data_type": "timestamp"},
    "publish_details__time": {"data_type": "timestamp"},
    "title": {"data_type": "text"},
    "url": {"data_type": "text"},
    "acl": {"data_type": "json"},
}
_COLUMNS: dict[str, dict[str, TColumnSchema]] = {
    "blog_post": {
        "body": {"data_type": "json"},  # rich text: a tree, not useful as tables
        "date": {"data_type": "timestamp"},
        "reading_minutes": {"data_type": "bigint"},
        "rating": {"data_type": "double"},
    },
    "product": {
        "price": {"data_type": "double"},
        "sku": {"data_type": "text"},
        "in_stock": {"data_type": "bool"},
    },
    "author": {"biography": {"data_type": "text"}},
    "page": {},
}
_TUNING = {
    "DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "5000",  # so that both workers have work
    "NORMALIZE__WORKERS": "2",
}
_BATCH_ROWS = 2_000
"""Rows of a table yielded together."""


@dlt.resource(name="entries", primary_key=("uid", "locale"), write_disposition="merge")
def entries() -> Iterator[Any]:
    for content_type_uid, columns in _COLUMNS.items():
        hints = dlt.mark.make_hints(
            table_name=content_type_uid,
            columns=_SHARED | columns,
            primary_key=("uid", "locale"),
            write_disposition="merge",
        )
        yield dlt.mark.with_hints([], hints, create_table_variant=True)
    waiting: dict[str, list[dict[str, Any]]] = {name: [] for name in _COLUMNS}
    for item in fetched():
        rows = waiting.setdefault(item["content_type_uid"], [])
        rows.append(to_row(item))
        if len(rows) >= _BATCH_ROWS:
            yield dlt.mark.with_table_name(rows, item["content_type_uid"])
            waiting[item["content_type_uid"]] = []
    for content_type_uid, rows in waiting.items():
        yield dlt.mark.with_table_name(rows, content_type_uid)


def fetched() -> Iterator[dict[str, Any]]:
    """Fetch the pages one after the other; dlt's client retries."""
    settings = {
        name: os.environ[f"SOURCES__CONTENTSTACK__{name}"] for name in ("API_KEY", "BASE_URL")
    }
    headers = {
        "api_key": settings["API_KEY"],
        "access_token": os.environ["SOURCES__CONTENTSTACK__DELIVERY_TOKEN"],
    }
    environment = os.environ["SOURCES__CONTENTSTACK__ENVIRONMENT"]
    query: dict[str, str] | None = {"init": "true"}
    while query:
        params = query | {"environment": environment}
        answer = requests.get(settings["BASE_URL"] + "/stacks/sync", params=params, headers=headers)
        page = orjson.loads(answer.content)
        yield from page["items"]
        token = page.get("pagination_token")
        query = {"pagination_token": token} if token else None


def to_row(item: dict[str, Any]) -> dict[str, Any]:
    """Add the locale the entry is published in, and its content type."""
    row: dict[str, Any] = item["data"]
    row["content_type_uid"] = item["content_type_uid"]
    row["event_at"] = item["event_at"]
    row["locale"] = row["publish_details"]["locale"]
    return row


def main() -> None:
    os.environ.update(_TUNING)
    pipeline = dlt.pipeline(
        "tuned",
        pipelines_dir="dlt",
        destination=dlt.destinations.duckdb("warehouse.duckdb"),
        dataset_name="content",
    )
    pipeline.run(entries(), loader_file_format="parquet")


if __name__ == "__main__":
    main()
