"""The content model: a table of fields and the nodes they become."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contentstack_source.transform.content_model import (
    ASSET,
    REFERENCE,
    Group,
    Many,
    Node,
    Value,
    parse_content_type,
    parse_fields,
)

TEXT, DOUBLE, JSON = Value("text"), Value("double"), Value("json")
ASSET_UID, RICH_TEXT = Value("text", holds="asset"), Value("json", holds="rich text")
LINK = Group({"title": TEXT, "href": TEXT}, is_link=True)
TERM = Group({"taxonomy_uid": TEXT, "term_uid": TEXT})
INNER = [{"uid": "n", "data_type": "number"}]

NODES: list[tuple[dict[str, Any], Node | None]] = [
    ({"data_type": "text"}, TEXT),
    ({"data_type": "text", "field_metadata": {"allow_rich_text": True}}, TEXT),
    ({"data_type": "text", "field_metadata": {"markdown": True}}, TEXT),
    ({"data_type": "text", "enum": {"choices": [{"value": "a"}]}}, TEXT),
    ({"data_type": "text", "multiple": True}, Many(TEXT)),
    ({"data_type": "number"}, DOUBLE),
    ({"data_type": "number", "multiple": True}, Many(DOUBLE)),
    ({"data_type": "boolean"}, Value("bool")),
    ({"data_type": "isodate"}, Value("timestamp")),
    ({"data_type": "isodate", "field_metadata": {"hide_time": False}}, Value("timestamp")),
    ({"data_type": "isodate", "field_metadata": {"hide_time": True}}, Value("date")),
    ({"data_type": "file"}, ASSET_UID),
    ({"data_type": "file", "multiple": True}, Many(ASSET_UID)),
    ({"data_type": "json"}, JSON),
    ({"data_type": "json", "multiple": True}, Many(JSON)),
    (
        {"data_type": "json", "field_metadata": {"allow_json_rte": True}, "reference_to": ["a"]},
        RICH_TEXT,
    ),
    ({"data_type": "json", "field_metadata": {"extension": True}, "extension_uid": "blt1"}, JSON),
    ({"data_type": "link"}, LINK),
    ({"data_type": "link", "multiple": True}, Many(LINK)),
    ({"data_type": "reference", "reference_to": ["page"]}, Many(REFERENCE)),
    ({"data_type": "reference", "reference_to": "page"}, Many(REFERENCE)),
    ({"data_type": "reference", "reference_to": ["page"], "multiple": True}, Many(REFERENCE)),
    ({"data_type": "group", "schema": INNER}, Group({"n": DOUBLE})),
    ({"data_type": "group", "schema": INNER, "multiple": True}, Many(Group({"n": DOUBLE}))),
    ({"data_type": "global_field", "reference_to": "seo", "schema": INNER}, Group({"n": DOUBLE})),
    ({"data_type": "global_field", "reference_to": "seo"}, Group()),
    ({"data_type": "global_field", "multiple": True}, Many(Group())),
    (
        {"data_type": "blocks", "blocks": [{"uid": "b", "schema": INNER}], "multiple": True},
        Many(Group({"b": Group({"n": DOUBLE})}, is_blocks=True)),
    ),
    (
        {"data_type": "blocks", "blocks": [{"uid": "b", "reference_to": "seo"}]},
        Many(Group({"b": Group()}, is_blocks=True)),
    ),
    (
        {"data_type": "taxonomy", "taxonomies": [{"taxonomy_uid": "c"}], "multiple": True},
        Many(TERM),
    ),
    ({"data_type": "hologram"}, None),
    ({"data_type": "hologram", "multiple": True}, Many(None)),
    ({"data_type": None}, None),
    ({"data_type": ["text"]}, None),
    ({}, None),
]


@pytest.mark.parametrize(("field", "node"), NODES, ids=lambda value: str(value)[:50])
def test_a_field_becomes_a_node(field: dict[str, Any], node: Node | None) -> None:
    assert parse_fields([field | {"uid": "f"}]).fields.get("f") == node


def test_fields_keep_the_order_of_the_schema() -> None:
    uids = ["zebra", "apple", "Mango"]
    fields = parse_fields([{"uid": uid, "data_type": "text"} for uid in uids]).fields
    assert list(fields) == uids


MALFORMED: list[Any] = [
    *(None, {}, "schema", 17, [None], ["text"], [[]], [{}], [{"data_type": "text"}]),
    *([{"uid": None, "data_type": "text"}], [{"uid": 5, "data_type": "text"}]),
]


@pytest.mark.parametrize("schema", MALFORMED, ids=json.dumps)
def test_a_malformed_schema_has_no_fields(schema: object) -> None:
    assert parse_fields(schema) == Group()


@pytest.mark.parametrize("schema", [*MALFORMED, [{"uid": "n", "data_type": "group", "schema": 1}]])
@pytest.mark.parametrize("data_type", ["group", "global_field"])
def test_a_malformed_group_is_a_group(schema: Any, data_type: str) -> None:
    fields = parse_fields([{"uid": "f", "data_type": data_type, "schema": schema}]).fields
    assert isinstance(fields["f"], Group)


@pytest.mark.parametrize("blocks", [None, {}, "blocks", [None], [{}], [{"schema": []}], ["b"]])
def test_malformed_blocks_are_a_list(blocks: object) -> None:
    fields = parse_fields([{"uid": "f", "data_type": "blocks", "blocks": blocks}]).fields
    assert fields["f"] == Many(Group(is_blocks=True))


def test_a_malformed_field_does_not_affect_its_neighbours() -> None:
    schema = [None, {"uid": "a", "data_type": "text"}, {"uid": 1}, {"uid": "b", "data_type": "x"}]
    assert parse_fields(schema) == Group({"a": TEXT})


@pytest.mark.parametrize("content_type", [None, {}, {"schema": None}, {"uid": "a", "schema": "x"}])
def test_a_type_without_a_model_has_the_system_fields(content_type: dict[str, Any] | None) -> None:
    fields = parse_content_type(content_type).fields
    assert fields["created_at"] == Value("timestamp")
    assert fields["_version"] == Value("bigint")
    assert fields["tags"] == Many(TEXT)
    assert fields["ACL"] == JSON
    assert set(fields) >= {"title", "updated_at", "updated_by", "created_by", "publish_details"}


def test_a_field_of_the_model_overrides_a_system_field() -> None:
    schema = [{"uid": "title", "data_type": "number"}, {"uid": "f", "data_type": "text"}]
    fields = parse_content_type({"schema": schema}).fields
    assert (fields["title"], fields["f"]) == (DOUBLE, TEXT)


def test_an_asset_has_its_size_as_a_number_and_its_dimension_as_a_group() -> None:
    assert ASSET.fields["file_size"] == Value("bigint", from_text=True)
    assert ASSET.fields["dimension"] == Group({"width": DOUBLE, "height": DOUBLE})
    assert ASSET.fields["is_dir"] == Value("bool")


def test_every_field_that_assets_can_have_is_known() -> None:
    names = {"description", "parent_uid", "url_path", "permanent_url"}
    assert {name: ASSET.fields[name] for name in names} == dict.fromkeys(names, TEXT)
    assert ASSET.fields["ACL"] == JSON
