"""PyAirbyte: a declarative source on Airbyte's CDK, read into its DuckDB cache.

A stream for each content type, as a connector has it; the manifest is what the connector builder
writes, in Python instead of YAML. The cache keeps objects and lists as JSON in the type's table.
"""

from __future__ import annotations

import os
from typing import Any

import airbyte as ab
from airbyte.caches import DuckDBCache

_TEXT = {"type": ["null", "string"]}
_INSTANT = {"type": ["null", "string"], "format": "date-time"}
_NUMBER = {"type": ["null", "number"]}
_INTEGER = {"type": ["null", "integer"]}
_BOOLEAN = {"type": ["null", "boolean"]}
_OBJECT = {"type": ["null", "object"], "additionalProperties": True}
_LIST = {"type": ["null", "array"]}

_SHARED: dict[str, Any] = {
    "uid": {"type": "string"},
    "locale": {"type": "string"},
    "_version": _INTEGER,
    "_in_progress": _BOOLEAN,
    "ACL": _OBJECT,
    "created_at": _INSTANT,
    "created_by": _TEXT,
    "updated_at": _INSTANT,
    "updated_by": _TEXT,
    "publish_details": _OBJECT,
    "title": _TEXT,
    "url": _TEXT,
    "tags": _LIST,
}
_OWN: dict[str, dict[str, Any]] = {
    "blog_post": {
        "body": _OBJECT,
        "author": _LIST,
        "seo": _OBJECT,
        "date": _INSTANT,
        "reading_minutes": _INTEGER,
        "rating": _NUMBER,
    },
    "product": {
        "price": _NUMBER,
        "sku": _TEXT,
        "in_stock": _BOOLEAN,
        "variants": _LIST,
        "modular_blocks": _LIST,
    },
    "author": {"biography": _TEXT, "social": _OBJECT},
    "page": {"sections": _LIST},
}


def manifest() -> dict[str, Any]:
    return {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": list(_OWN)},
        "streams": [stream(uid, own) for uid, own in _OWN.items()],
        "spec": {
            "type": "Spec",
            "connection_specification": {
                "type": "object",
                "required": ["base_url", "api_key", "delivery_token", "environment"],
                "properties": {
                    "base_url": {"type": "string"},
                    "api_key": {"type": "string"},
                    "delivery_token": {"type": "string", "airbyte_secret": True},
                    "environment": {"type": "string"},
                },
            },
        },
    }


def stream(content_type_uid: str, own: dict[str, Any]) -> dict[str, Any]:
    published_in = {
        "type": "AddedFieldDefinition",
        "path": ["locale"],
        "value": "{{ record['publish_details']['locale'] }}",
    }
    schema = {"type": "object", "additionalProperties": True, "properties": _SHARED | own}
    return {
        "type": "DeclarativeStream",
        "name": content_type_uid,
        "primary_key": ["uid", "locale"],
        "schema_loader": {"type": "InlineSchemaLoader", "schema": schema},
        "transformations": [{"type": "AddFields", "fields": [published_in]}],
        "retriever": {
            "type": "SimpleRetriever",
            "requester": requester(content_type_uid),
            "record_selector": {
                "type": "RecordSelector",
                "extractor": {"type": "DpathExtractor", "field_path": ["items", "*", "data"]},
            },
            "paginator": {
                "type": "DefaultPaginator",
                "page_token_option": {
                    "type": "RequestOption",
                    "inject_into": "request_parameter",
                    "field_name": "pagination_token",
                },
                "pagination_strategy": {
                    "type": "CursorPagination",
                    "cursor_value": "{{ response.get('pagination_token') }}",
                    "stop_condition": "{{ not response.get('pagination_token') }}",
                },
            },
        },
    }


def requester(content_type_uid: str) -> dict[str, Any]:
    """A call has `init` or a `pagination_token`, never both; what is empty is not sent."""
    return {
        "type": "HttpRequester",
        "url_base": "{{ config['base_url'] }}",
        "path": "/stacks/sync",
        "http_method": "GET",
        "request_headers": {
            "api_key": "{{ config['api_key'] }}",
            "access_token": "{{ config['delivery_token'] }}",
        },
        "request_parameters": {
            "environment": "{{ config['environment'] }}",
            "init": "{{ '' if next_page_token else 'true' }}",
            "content_type_uid": f"{{{{ '' if next_page_token else '{content_type_uid}' }}}}",
        },
    }


def main() -> None:
    config = {
        name: os.environ[f"SOURCES__CONTENTSTACK__{name.upper()}"]
        for name in ("base_url", "api_key", "delivery_token", "environment")
    }
    source = ab.get_source("source-contentstack", source_manifest=manifest(), config=config)
    source.select_all_streams()
    source.read(cache=DuckDBCache(db_path="warehouse.duckdb", schema_name="content"))


if __name__ == "__main__":
    main()
