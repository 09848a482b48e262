"""A Singer tap on Meltano's SDK: a stream for each content type, as a tap has it.

Piped into `target-duckdb`, which keeps objects and lists as JSON in the one table of the type.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.pagination import JSONPathPaginator
from singer_sdk.streams import RESTStream

_SHARED = (
    th.Property("uid", th.StringType, required=True),
    th.Property("locale", th.StringType, required=True),
    th.Property("event_at", th.DateTimeType),
    th.Property("_version", th.IntegerType),
    th.Property("_in_progress", th.BooleanType),
    th.Property("ACL", th.ObjectType()),
    th.Property("created_at", th.DateTimeType),
    th.Property("created_by", th.StringType),
    th.Property("updated_at", th.DateTimeType),
    th.Property("updated_by", th.StringType),
    th.Property("publish_details", th.ObjectType()),
    th.Property("title", th.StringType),
    th.Property("url", th.StringType),
    th.Property("tags", th.ArrayType(th.StringType)),
)
_OWN: dict[str, tuple[th.Property[Any], ...]] = {
    "blog_post": (
        th.Property("body", th.ObjectType()),
        th.Property("author", th.ArrayType(th.ObjectType())),
        th.Property("seo", th.ObjectType()),
        th.Property("date", th.DateTimeType),
        th.Property("reading_minutes", th.IntegerType),
        th.Property("rating", th.NumberType),
    ),
    "product": (
        th.Property("price", th.NumberType),
        th.Property("sku", th.StringType),
        th.Property("in_stock", th.BooleanType),
        th.Property("variants", th.ArrayType(th.ObjectType())),
        th.Property("modular_blocks", th.ArrayType(th.ObjectType())),
    ),
    "author": (
        th.Property("biography", th.StringType),
        th.Property("social", th.ObjectType()),
    ),
    "page": (th.Property("sections", th.ArrayType(th.ObjectType())),),
}


class ContentTypeStream(RESTStream[str]):
    """Entries published of one content type."""

    url_base = os.environ["SOURCES__CONTENTSTACK__BASE_URL"]
    path = "/stacks/sync"
    records_jsonpath = "$.items[*]"
    primary_keys = ("uid", "locale")

    @property
    def http_headers(self) -> dict[str, str]:
        return {"api_key": self.config["api_key"], "access_token": self.config["delivery_token"]}

    def get_new_paginator(self) -> JSONPathPaginator:
        return JSONPathPaginator("$.pagination_token")

    def get_url_params(
        self,
        context: Mapping[str, Any] | None,
        next_page_token: str | None,
    ) -> dict[str, Any]:
        del context
        environment = {"environment": self.config["environment"]}
        if next_page_token:
            return {"pagination_token": next_page_token, **environment}
        return {"init": "true", "content_type_uid": self.name, **environment}

    def post_process(
        self,
        row: dict[str, Any],
        context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        del context
        data: dict[str, Any] = row["data"]
        return {
            **data,
            "event_at": row["event_at"],
            "locale": data["publish_details"]["locale"],
        }


class TapContentstack(Tap):
    """What is published in a stack."""

    name = "tap-contentstack"
    config_jsonschema = th.PropertiesList(
        th.Property("api_key", th.StringType, required=True, secret=True),
        th.Property("delivery_token", th.StringType, required=True, secret=True),
        th.Property("environment", th.StringType, required=True),
    ).to_dict()

    def discover_streams(self) -> list[ContentTypeStream]:
        return [
            ContentTypeStream(self, name=uid, schema=th.PropertiesList(*_SHARED, *own).to_dict())
            for uid, own in _OWN.items()
        ]


def main() -> None:
    config = {
        name: os.environ[f"SOURCES__CONTENTSTACK__{name.upper()}"]
        for name in ("api_key", "delivery_token", "environment")
    }
    TapContentstack(config=config).sync_all()


if __name__ == "__main__":
    main()
