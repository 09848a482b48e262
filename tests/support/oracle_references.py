"""The oracle of references: walks an entry in Python, field by field, by its content model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

REFERENCE_COLUMNS = (
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
Reference = tuple[str, "str | None", "str | None", "str | None"]
"""Kind, uid, content type uid and address."""


def references_of(data: Field, schema: Sequence[Field] | None) -> Iterator[tuple[Any, ...]]:
    """Yield field path, position, kind, uid, content type uid and address of every reference."""
    places: Counter[str] = Counter()
    known = _by_uid(schema)
    for name, value in data.items():
        for path, reference in _walk(value, known.get(name), (name,)):
            place = ".".join(path)
            yield (place, places[place], *reference)
            places[place] += 1


class Stack(Protocol):
    """What is published, and its content model."""

    @property
    def content_types(self) -> Mapping[str, Any]:
        """By uid."""

    def published_entries(self) -> Mapping[tuple[str, str, str], Any]: ...
    def published_assets(self) -> Mapping[tuple[str, str], Any]: ...


@dataclass(frozen=True)
class ExpectedView:
    """The expected rows of a view."""

    columns: tuple[str, ...]
    rows: set[tuple[Any, ...]]


def expected_views(stack: Stack) -> dict[str, ExpectedView]:
    """Return the expected rows of the views, by name."""
    entries, assets = stack.published_entries(), stack.published_assets()
    published = [*entries, *(("sys_assets", *key) for key in assets)]
    broken, used, referenced = set(), set(), set()
    for key, item in entries.items():
        for path, place, kind, uid, of, _ in references_of(
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
                referenced.add((of, uid))
            if kind == "entry" and uid == key[1] and of not in {None, key[0]}:
                referenced.add((of, uid))
    unreferenced = {key for key in entries if not {key[:2], (None, key[1])} & referenced}
    locales_of = Counter(uid for uid, _ in assets if uid not in used)
    place = ("content_type_uid", "uid", "locale")
    reference = (*place, "field_path", "position", "kind", "to_uid", "to_content_type_uid")
    return {
        "broken_references": ExpectedView((*reference, "other_locales"), broken),
        "unreferenced_entries": ExpectedView(place, unreferenced),
        "unused_assets": ExpectedView(("uid", "locales"), set(locales_of.items())),
    }


def _walk(
    value: Any, field: Field | None, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Reference]]:
    kind = (field or {}).get("data_type")
    is_document = isinstance(value, dict) and field is None and {"type", "children"} <= value.keys()
    if kind == "json" and not (isinstance(value, list) and (field or {}).get("multiple")):
        is_document = bool((field or {}).get("field_metadata", {}).get("allow_json_rte"))
        yield from ((path, reference) for reference in _in_json(value, is_document=is_document))
    elif is_document:
        yield from ((path, reference) for reference in _in_json(value, is_document=True))
    elif isinstance(value, list):
        for each in value:
            yield from _walk(each, field, path)
    elif isinstance(value, str) and value:
        if kind == "file":
            yield path, ("asset", value, "sys_assets", None)
        if kind == "reference":
            yield path, ("entry", value, None, None)
        yield from ((path, _asset(uid)) for uid in _once(assets_in(value)))
    elif isinstance(value, dict):
        yield from _walk_object(value, field, path)


def _walk_object(
    value: Field, field: Field | None, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Reference]]:
    kind = (field or {}).get("data_type")
    itself = None
    if value.get("uid") and (kind == "file" or value.get("_content_type_uid") == "sys_assets"):
        itself = value["uid"]
        yield path, _asset(itself)
    elif value.get("uid") and "_content_type_uid" in value:
        yield path, ("entry", value["uid"], value["_content_type_uid"], None)
    if kind == "link" and value.get("href"):
        yield path, _to_address(value["href"])
    inner = _by_uid((field or {}).get("blocks") or (field or {}).get("schema"))
    for name, each in value.items():
        of = inner.get(name)
        if of is not None and kind == "blocks":
            of = {**of, "data_type": "group"}
        if kind != "link" or name != "href":
            found = _walk(each, of, (*path, name))
            is_text = isinstance(each, str)
            yield from (f for f in found if not (is_text and f[1] == _asset(str(itself))))


def _in_json(value: Any, *, is_document: bool) -> Iterator[Reference]:
    """Yield the references of a document, and each other asset where the JSON names it first."""
    found = [*_nodes(value, "", is_document=is_document)]
    seen = {reference for is_reference, reference in found if is_reference}
    seen |= {
        _asset(reference[1] or "")
        for is_reference, reference in found
        if is_reference and reference[0] == "asset"
    }
    for is_reference, reference in found:
        if is_reference or reference not in seen:
            yield reference
        seen.add(reference)


def _nodes(value: Any, key: str, *, is_document: bool) -> Iterator[tuple[bool, Reference]]:
    if isinstance(value, str):
        yield from ((False, _asset(uid)) for uid in assets_in(value))
    elif isinstance(value, list):
        for each in value:
            yield from _nodes(each, "", is_document=is_document)
    elif isinstance(value, dict):
        if is_document and key == "attrs":
            yield from ((True, reference) for reference in _in_attrs(value))
        if value.get("_content_type_uid") == "sys_assets" and value.get("uid"):
            yield False, _asset(value["uid"])
        for name, each in value.items():
            yield from _nodes(each, name, is_document=is_document)


def _in_attrs(attrs: Field) -> Iterator[Reference]:
    address = attrs.get("url") or attrs.get("href") or attrs.get("src") or attrs.get("asset-link")
    if attrs.get("entry-uid"):
        yield "entry", attrs["entry-uid"], attrs.get("content-type-uid"), None
    elif attrs.get("asset-uid"):
        yield _asset(attrs["asset-uid"])
    elif address:
        yield _to_address(address)


def _to_address(address: str) -> Reference:
    for uid in _in_addresses(_unescaped(address)).values():
        return "asset", uid, "sys_assets", address
    return "url", None, None, address


def _asset(uid: str) -> Reference:
    return "asset", uid, "sys_assets", None


def assets_in(text: str) -> list[str]:
    """Return the assets that a text names, in order and with repetitions."""
    plain = _unescaped(text)
    found = _in_addresses(plain)
    for name in ("asset-uid=", "asset_uid="):
        for before, after in _around(plain, name):
            uid = _word(after.removeprefix('"').removeprefix("'"))
            if uid:
                found[len(before)] = uid
    return [found[place] for place in sorted(found)]


def _in_addresses(plain: str) -> dict[int, str]:
    found = {}
    for before, after in _around(plain, "/v3/assets/"):
        stack, slash, rest = after.partition("/")
        if stack and slash and _word(rest) and not set(stack) & set("\"'<>?% \n\t"):
            found[len(before)] = _word(rest)
    return found


def _around(text: str, word: str) -> Iterator[tuple[str, str]]:
    place = text.find(word)
    while place >= 0:
        yield text[:place], text[place + len(word) :]
        place = text.find(word, place + 1)


def _unescaped(text: str) -> str:
    return text.replace("\\", "").replace("%2F", "/").replace("%2f", "/")


def _word(text: str) -> str:
    """Return the start of a text, as far as it can be a uid."""
    for place, character in enumerate(text):
        if not (character.isascii() and (character.isalnum() or character in "_-")):
            return text[:place]
    return text


def _once(uids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(uids))


def _by_uid(schema: Any) -> dict[str, Field]:
    listed = schema if isinstance(schema, list) else []
    return {each["uid"]: each for each in listed if isinstance(each, dict) and "uid" in each}
