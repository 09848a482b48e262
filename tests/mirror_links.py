"""The oracle of links: an entry walked in Python, field by field, as its content model has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

LINK_COLUMNS = (
    "content_type_uid",
    "uid",
    "locale",
    "field_path",
    "position",
    "kind",
    "to_uid",
    "to_content_type_uid",
    "to_url",
)
Field = Mapping[str, Any]
Link = tuple[str, "str | None", "str | None", "str | None"]
"""Kind, uid, content type uid and address."""


def links_of(data: Field, schema: list[Field] | None) -> Iterator[tuple[Any, ...]]:
    """Yield field path, position, kind, uid, content type uid and address of every link."""
    places: Counter[str] = Counter()
    known = _by_uid(schema)
    for name, value in data.items():
        for path, link in _walk(value, known.get(name), (name,)):
            place = ".".join(path)
            yield (place, places[place], *link)
            places[place] += 1


def _walk(
    value: Any, field: Field | None, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Link]]:
    kind = (field or {}).get("data_type")
    if isinstance(value, list):
        for each in value:
            yield from _walk(each, field, path)
    elif isinstance(value, str) and value:
        if kind == "file":
            yield path, ("asset", value, "sys_assets", None)
        if kind == "reference":
            yield path, ("entry", value, None, None)
    elif isinstance(value, dict) and kind == "json":
        if (field or {}).get("field_metadata", {}).get("allow_json_rte"):
            yield from ((path, link) for link in _in_rich_text(value))
    elif isinstance(value, dict) and field is None and {"type", "children"} <= value.keys():
        yield from ((path, link) for link in _in_rich_text(value))
    elif isinstance(value, dict):
        yield from _walk_object(value, field, path)


def _walk_object(
    value: Field, field: Field | None, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Link]]:
    kind = (field or {}).get("data_type")
    if value.get("uid") and "_content_type_uid" in value:
        yield path, ("entry", value["uid"], value["_content_type_uid"], None)
    if kind == "link" and value.get("href"):
        yield path, ("url", None, None, value["href"])
    inner = _by_uid((field or {}).get("blocks") or (field or {}).get("schema"))
    for name, each in value.items():
        of = inner.get(name)
        if of is not None and kind == "blocks":
            of = {**of, "data_type": "group"}
        yield from _walk(each, of, (*path, name))


def _in_rich_text(node: Any) -> Iterator[Link]:
    if isinstance(node, list):
        for each in node:
            yield from _in_rich_text(each)
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        if name == "attrs" and isinstance(value, dict):
            yield from _in_attrs(value)
        yield from _in_rich_text(value)


def _in_attrs(attrs: Field) -> Iterator[Link]:
    address = attrs.get("url") or attrs.get("href") or attrs.get("src")
    if attrs.get("entry-uid"):
        yield "entry", attrs["entry-uid"], attrs.get("content-type-uid"), None
    elif attrs.get("asset-uid"):
        yield "asset", attrs["asset-uid"], "sys_assets", None
    elif address:
        yield "url", None, None, address


def _by_uid(schema: Any) -> dict[str, Field]:
    listed = schema if isinstance(schema, list) else []
    return {each["uid"]: each for each in listed if isinstance(each, dict) and "uid" in each}
