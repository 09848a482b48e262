"""Plain dlt as it comes: a resource over the pages, merged by key; dlt finds tables and types."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import dlt
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from requests import Request


class Pages(JSONResponseCursorPaginator):
    """A call has `init` or a `pagination_token`, never both."""

    def update_request(self, request: Request) -> None:
        request.params.pop("init", None)
        super().update_request(request)


def client() -> RESTClient:
    return RESTClient(
        base_url=os.environ["SOURCES__CONTENTSTACK__BASE_URL"],
        headers={
            "api_key": os.environ["SOURCES__CONTENTSTACK__API_KEY"],
            "access_token": os.environ["SOURCES__CONTENTSTACK__DELIVERY_TOKEN"],
        },
        paginator=Pages(cursor_path="pagination_token", cursor_param="pagination_token"),
        data_selector="items",
    )


@dlt.resource(
    name="entries",
    table_name=lambda row: row["content_type_uid"],
    primary_key=("uid", "locale"),
    write_disposition="merge",
)
def entries() -> Iterator[list[dict[str, Any]]]:
    environment = os.environ["SOURCES__CONTENTSTACK__ENVIRONMENT"]
    params = {"init": "true", "environment": environment}
    for page in client().paginate("/stacks/sync", params=params):
        yield [to_row(item) for item in page]


def to_row(item: dict[str, Any]) -> dict[str, Any]:
    """Add the locale the entry is published in, and its content type."""
    data: dict[str, Any] = item["data"]
    return {
        **data,
        "content_type_uid": item["content_type_uid"],
        "event_at": item["event_at"],
        "locale": data["publish_details"]["locale"],
    }


def main() -> None:
    pipeline = dlt.pipeline(
        "plain",
        pipelines_dir="dlt",
        destination=dlt.destinations.duckdb("warehouse.duckdb"),
        dataset_name="content",
    )
    pipeline.run(entries())


if __name__ == "__main__":
    main()
