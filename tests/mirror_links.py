"""The oracle of links: an entry walked in Python, field by field, as its content model has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

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


def links_of(data: Field, schema: Sequence[Field] | None) -> Iterator[tuple[Any, ...]]:
    """Yield field path, position, kind, uid, content type uid and address of every link."""
    places: Counter[str] = Counter()
    known = _by_uid(schema)
    for name, value in data.items():
        for path, link in _walk(value, known.get(name), (name,)):
            place = ".".join(path)
            yield (place, places[place], *link)
            places[place] += 1


class Stack(Protocol):
    """What is published, and its content model."""

    @property
    def content_types(self) -> Mapping[str, Any]:
        """By uid."""

    def published_entries(self) -> Mapping[tuple[str, str, str], Any]: ...
    def published_assets(self) -> Mapping[tuple[str, str], Any]: ...


@dataclass(frozen=True)
class Answer:
    """What a view should hold."""

    columns: tuple[str, ...]
    rows: set[tuple[Any, ...]]


def answers_of(stack: Stack) -> dict[str, Answer]:
    """Return what the views should say, by their names."""
    entries, assets = stack.published_entries(), stack.published_assets()
    published = [*entries, *(("sys_assets", *key) for key in assets)]
    broken, used, linked = set(), set(), set()
    for key, item in entries.items():
        for path, place, kind, uid, of, _ in links_of(
            item["data"], stack.content_types[key[0]]["schema"]
        ):
            locales = {
                there[2]
                for there in published
                if there[1] == uid and (there[0] == "sys_assets") == (kind == "asset")
                if of in {None, there[0]}
            }
            if kind != "url" and key[2] not in locales:
                broken.add((*key, path, place, kind, uid, of, len(locales)))
            if kind == "asset":
                used.add(uid)
            if kind == "entry" and uid != key[1]:
                linked.add((of, uid))
            if kind == "entry" and uid == key[1] and of not in {None, key[0]}:
                linked.add((of, uid))
    unlinked = {key for key in entries if not {key[:2], (None, key[1])} & linked}
    locales_of = Counter(uid for uid, _ in assets if uid not in used)
    place = ("content_type_uid", "uid", "locale")
    link = (*place, "field_path", "position", "kind", "to_uid", "to_content_type_uid")
    return {
        "broken_references": Answer((*link, "other_locales"), broken),
        "unlinked_entries": Answer(place, unlinked),
        "unused_assets": Answer(("uid", "locales"), set(locales_of.items())),
    }


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
