"""Types: from the content model, from the data, and from the destination."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from contentstack_source.schema import DestinationTable

Load = Callable[..., Any]

INSTANT = "2026-01-31T12:00:00.500Z"
NOON = datetime(2026, 1, 31, 12, 0, 0, 500000, tzinfo=timezone.utc)


def field(data_type: str, uid: str = "f", **more: Any) -> dict[str, Any]:
    return {"uid": uid, "data_type": data_type, **more}


def fields_of(row: dict[str, Any], prefix: str = "f") -> dict[str, Any]:
    return {name: value for name, value in row.items() if name.startswith(prefix)}


MODELLED = [
    ("text", "words", "text", "words"),
    ("text", "", "text", ""),
    ("text", "2026-01-31T12:00:00.500Z", "text", "2026-01-31T12:00:00.500Z"),
    ("text", "{not an object", "text", "{not an object"),
    ("text", '{"a": 1}', "text", '{"a": 1}'),
    ("text", 12, "text", "12"),
    ("text", True, "text", "true"),
    ("file", "blt123", "text", "blt123"),
    ("number", 12, "double", 12.0),
    ("number", -0.5, "double", -0.5),
    ("number", 0, "double", 0.0),
    ("boolean", False, "bool", False),
    ("isodate", INSTANT, "timestamp", NOON),
    ("isodate", "2026-01-31T14:00:00.500+02:00", "timestamp", NOON),
    ("isodate", "2026-01-31", "timestamp", datetime(2026, 1, 31, tzinfo=timezone.utc)),
    ("json", {"type": "doc", "children": [1]}, "json", '{"type":"doc","children":[1]}'),
    ("json", [1, "a"], "json", '[1,"a"]'),
    ("json", "a", "json", '"a"'),
]


@pytest.mark.parametrize(("data_type", "value", "kept_as", "kept"), MODELLED)
def test_the_content_model_gives_the_type(
    loaded: Load, data_type: str, value: object, kept_as: str, kept: object
) -> None:
    found = loaded({"f": value}, schema=[field(data_type)])
    assert fields_of(found.row("blog")) == {"f": kept}
    assert found.types["blog"]["f"] == kept_as
    assert found.drift.unknown == found.drift.variants == {}


MISFITS = [
    ("number", "abc", "f__v_text", "abc"),
    ("number", "12", "f__v_text", "12"),
    ("number", True, "f__v_bool", True),
    ("number", 2**53 + 1, "f__v_text", str(2**53 + 1)),
    ("number", -(2**63) - 1, "f__v_text", str(-(2**63) - 1)),
    ("boolean", "yes", "f__v_text", "yes"),
    ("boolean", 1, "f__v_bigint", 1),
    ("boolean", 1.5, "f__v_double", 1.5),
    ("isodate", "tomorrow", "f__v_text", "tomorrow"),
    ("isodate", "infinity", "f__v_text", "infinity"),
    ("isodate", "", "f__v_text", ""),
    ("text", {"a": 1}, "f__a", 1),
    ("number", {"a": 1}, "f__a", 1),
]


@pytest.mark.parametrize(("data_type", "value", "column", "kept"), MISFITS)
def test_a_value_that_does_not_fit_is_kept_beside_its_column(
    loaded: Load, data_type: str, value: object, column: str, kept: object
) -> None:
    found = loaded({"f": value}, {"f": None}, schema=[field(data_type)])
    rows = [fields_of(row) for row in found.rows["blog"]]
    assert [row.get("f") for row in rows] == [None, None]
    assert [row[column] for row in rows if row[column] is not None] == [kept]
    counts = found.drift.variants | found.drift.unknown
    assert counts == {f"blog.{column}": 1}


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**60, 0.1, 1e300, 12345678901234.5])
def test_a_number_that_a_double_holds_is_a_double(loaded: Load, number: float) -> None:
    found = loaded({"f": number}, schema=[field("number")])
    assert fields_of(found.row("blog")) == {"f": number}


UNMODELLED = [
    ([1, 2], "bigint", {}),
    ([1, 2.5], "double", {}),
    ([True, None], "bool", {}),
    (["a", 1], "text", {}),
    ([INSTANT], "timestamp", {}),
    (["2026-01-31"], "text", {}),
    ([INSTANT, "soon"], "text", {}),
    (["2026-13-31T12:00:00Z"], "timestamp", {"f__v_text": "2026-13-31T12:00:00Z"}),
    ([True, 1], "double", {"f__v_bool": True}),
    ([2**63 - 1, -(2**63)], "bigint", {}),
    ([1, 2**70], "bigint", {"f__v_text": str(2**70)}),
]


@pytest.mark.parametrize(("values", "data_type", "beside"), UNMODELLED)
def test_an_unknown_field_has_the_type_of_its_values(
    loaded: Load, values: list[object], data_type: str, beside: dict[str, object]
) -> None:
    found = loaded(*({"f": value} for value in values), schema=[])
    assert found.types["blog"]["f"] == data_type
    kept = {
        name: row[name]
        for row in found.rows["blog"]
        for name in fields_of(row, "f__")
        if row[name] is not None
    }
    assert kept == beside
    filled = sum(value is not None for value in values) - len(beside)
    assert found.drift.unknown == ({"blog.f": filled} if filled else {})


def test_integers_of_64_bits_are_kept_to_the_last_digit(loaded: Load) -> None:
    assert loaded({"f": 2**63 - 1}).row("blog")["f"] == 2**63 - 1


def test_a_modelled_field_without_a_value_still_has_its_type(loaded: Load) -> None:
    schema = [field("number"), field("group", "g", schema=[field("isodate", "when")])]
    found = loaded({}, schema=schema)
    assert found.types["blog"]["f"] == "double"
    assert found.types["blog"]["g__when"] == "timestamp"


def test_groups_links_and_global_fields_flatten_to_any_depth(loaded: Load) -> None:
    inner = field("group", "in", schema=[field("number", "n"), field("link", "l")])
    schema = [field("global_field", "g", schema=[inner, field("text", "t")])]
    link = {"title": "Home", "href": "/"}
    found = loaded({"g": {"in": {"n": 1, "l": link}, "t": "x"}}, schema=schema)
    assert fields_of(found.row("blog"), "g") == {
        "g__in__n": 1.0,
        "g__in__l__title": "Home",
        "g__in__l__href": "/",
        "g__t": "x",
    }


def test_every_entry_has_the_system_columns(loaded: Load) -> None:
    details = {"environment": "blt9", "locale": "en-gb", "time": INSTANT, "user": "blt8"}
    data = {"title": "T", "_version": 3, "created_at": INSTANT, "created_by": "u", "ACL": {}}
    row = loaded(data | {"publish_details": details, "tags": ["x"]}, schema=[]).row("blog")
    assert len(row.pop("_dlt_id")) == 24
    assert row == {
        "uid": "e0",
        "locale": "en-gb",
        "content_locale": "en-us",
        "event_at": datetime(2026, 1, 1, tzinfo=timezone.utc),
        "title": "T",
        "_version": 3,
        "created_at": NOON,
        "created_by": "u",
        "acl": "{}",
        "publish_details__environment": "blt9",
        "publish_details__locale": "en-gb",
        "publish_details__time": NOON,
        "publish_details__user": "blt8",
    }


def test_entries_of_all_types_share_a_table(loaded: Load) -> None:
    data = {"title": "T", "url": "/t", "_version": 3, "created_at": INSTANT, "updated_at": "?"}
    row = loaded(data | {"publish_details": {"time": INSTANT}}).row("entries")
    row.pop("_dlt_id")
    assert row == {
        "content_type_uid": "blog",
        "uid": "e0",
        "locale": "en-us",
        "title": "T",
        "url": "/t",
        "_version": 3,
        "created_at": NOON,
        "published_at": NOON,
        "event_at": datetime(2026, 1, 1, tzinfo=timezone.utc),
    }


def test_words_are_not_instants_in_the_table_entries(loaded: Load) -> None:
    found = loaded({"created_at": "infinity", "updated_at": "epoch"})
    (part,) = (part for part in found.parts if part.table == "entries")
    assert part.data["created_at"].null_count == part.data["updated_at"].null_count == 1


ASSET = {
    "uid": "a1",
    "filename": "x.svg",
    "content_type": "image/svg+xml",
    "file_size": "4242",
    "is_dir": False,
    "dimension": {"width": 30.223, "height": 12},
    "publish_details": {"locale": "en-us"},
}


def asset(**data: Any) -> dict[str, Any]:
    at = "2026-01-01T00:00:00.000Z"
    return {"type": "asset_published", "event_at": at, "data": ASSET | data}


def test_an_asset_has_its_size_as_a_number(load_items: Load) -> None:
    row = load_items([asset()]).row("assets")
    assert row["file_size"] == 4242
    assert row["is_dir"] is False
    assert (row["dimension__width"], row["dimension__height"]) == (30.223, 12.0)
    assert "content_locale" not in row


def test_known_fields_of_assets_are_not_reported_as_unknown(load_items: Load) -> None:
    known = {
        "description": "A lake",
        "parent_uid": "bltfolder",
        "url_path": "/pictures/x.svg",
        "permanent_url": "https://images.contentstack.io/v3/assets/bltstack/a1/x",
        "ACL": {},
    }
    found = load_items([asset(**known)])
    assert found.drift.unknown == {}
    row = found.row("assets")
    assert {name: row[name.lower()] for name in known} == known | {"ACL": "{}"}


@pytest.mark.parametrize(
    ("size", "column", "kept"),
    [
        (17, "file_size", 17),
        ("4 kB", "file_size__v_text", "4 kB"),
        ("1.5", "file_size__v_text", "1.5"),
        (str(2**70), "file_size__v_text", str(2**70)),
        (1.5, "file_size__v_double", 1.5),
    ],
)
def test_an_assets_size_of_another_type_is_not_lost(
    load_items: Load, size: object, column: str, kept: object
) -> None:
    assert fields_of(load_items([asset(file_size=size)]).row("assets"), "file_size") == {
        column: kept
    }


EXISTING = [
    ("text", 12, "text", {"f": "12"}),
    ("text", 1.5, "text", {"f": "1.5"}),
    ("bigint", 12, "bigint", {"f": 12}),
    ("bigint", 1.5, "bigint", {"f__v_double": 1.5}),
    ("bigint", "a", "bigint", {"f__v_text": "a"}),
    ("timestamp", "soon", "timestamp", {"f__v_text": "soon"}),
    ("timestamp", 5, "timestamp", {"f__v_bigint": 5}),
    ("bool", 0, "bool", {"f__v_bigint": 0}),
    ("double", 3, "double", {"f": 3.0}),
    ("json", {"a": [1]}, "json", {"f": '{"a":[1]}'}),
]


@pytest.mark.parametrize("schema", [None, [field("number")]], ids=["inferred", "modelled"])
@pytest.mark.parametrize(("has", "value", "data_type", "kept"), EXISTING)
def test_the_type_a_column_has_at_the_destination_stays(
    loaded: Load,
    has: str,
    value: object,
    data_type: str,
    kept: dict[str, object],
    schema: list[dict[str, Any]] | None,
) -> None:
    found = loaded({"f": value}, schema=schema, existing={"blog": DestinationTable({"f": has})})
    assert fields_of(found.row("blog")) == kept
    assert found.types["blog"]["f"] == data_type


def test_the_type_a_list_has_at_the_destination_stays(loaded: Load) -> None:
    existing = {"blog__f": DestinationTable({"value": "bigint"}, "blog")}
    found = loaded({"f": ["a", 1]}, existing=existing)
    assert found.types["blog__f"]["value"] == "bigint"
    assert found.column("blog__f", "value") == [None, 1]
    assert found.column("blog__f", "value__v_text") == ["a", None]


def test_a_document_is_kept_beside_a_text_column(loaded: Load) -> None:
    existing = {"blog": DestinationTable({"f": "text"})}
    found = loaded({"f": {"type": "doc"}}, schema=[field("json")], existing=existing)
    assert fields_of(found.row("blog")) == {"f__v_json": '{"type":"doc"}'}
    assert found.types["blog"]["f"] == "text"
