"""The content model: how a content type's schema describes the JSON of its entries.

A field becomes one of three nodes, whatever its kind in the CMS:

    ======================================  ==========================================
    field                                   node
    ======================================  ==========================================
    text                                    ``Value("text")``
    file (the asset's uid)                  ``Value("text")`` of an asset
    number                                  ``Value("double")``
    boolean                                 ``Value("bool")``
    isodate                                 ``Value("timestamp")``
    isodate that hides the time             ``Value("date")``
    json (custom field)                     ``Value("json")``
    json (rich text)                        ``Value("json")`` of rich text
    group, global_field                     ``Group``
    link                                    ``Group`` of title and href
    reference                               ``Many`` of uid and _content_type_uid
    blocks                                  ``Many`` of one ``Group`` a block
    taxonomy                                ``Many`` of taxonomy_uid and term_uid
    any of them, when multiple              ``Many``
    anything else                           no node: typed by what the data holds
    ======================================  ==========================================

Source: FACTS 6 and 10.4 to 10.8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from contentstack_source.schema import DataType


@dataclass(frozen=True)
class Value:
    """A scalar, or JSON kept whole.

    Attributes:
        from_text: the wire prints the number as a string, as `file_size` (FACTS T10).
        holds: what the scalar or the JSON stands for, if for more than itself.
    """

    data_type: DataType
    from_text: bool = False
    holds: Literal["itself", "asset", "rich text"] = "itself"


@dataclass(frozen=True)
class Group:
    """An object; flattens into the table it stands in.

    Attributes:
        fields: by their keys.
        is_link: a link field, not a group that happens to have such fields.
        is_blocks: modular blocks by their uids, of which an object has one.
    """

    fields: Mapping[str, Node] = field(default_factory=dict)
    is_link: bool = False
    is_blocks: bool = False


@dataclass(frozen=True)
class Many:
    """A list; becomes a table of its own."""

    of: Node | None


Node: TypeAlias = "Value | Group | Many"

_TEXT: Final = Value("text")
_LINK: Final = Group({"title": _TEXT, "href": _TEXT}, is_link=True)
REFERENCE: Final = Group({"uid": _TEXT, "_content_type_uid": _TEXT})
_TERM: Final = Group({"taxonomy_uid": _TEXT, "term_uid": _TEXT})

_VALUES: Final[Mapping[str, Value]] = {
    "text": _TEXT,
    "file": Value("text", holds="asset"),
    "number": Value("double"),
    "boolean": Value("bool"),
    "isodate": Value("timestamp"),
    "json": Value("json"),
}

_SYSTEM: Final[Mapping[str, Node]] = {
    "title": _TEXT,
    "_version": Value("bigint"),
    "created_at": Value("timestamp"),
    "created_by": _TEXT,
    "updated_at": Value("timestamp"),
    "updated_by": _TEXT,
    "tags": Many(_TEXT),
    "publish_details": Group(
        {
            "environment": _TEXT,
            "locale": _TEXT,
            "time": Value("timestamp"),
            "user": _TEXT,
        }
    ),
}
"""What every published entry and asset has (FACTS 5)."""

ASSET: Final = Group(
    {
        **_SYSTEM,
        "filename": _TEXT,
        "description": _TEXT,
        "url": _TEXT,
        "permanent_url": _TEXT,
        "url_path": _TEXT,
        "parent_uid": _TEXT,
        "content_type": _TEXT,
        "file_size": Value("bigint", from_text=True),
        "is_dir": Value("bool"),
        "dimension": Group({"width": Value("double"), "height": Value("double")}),
        "ACL": Value("json"),
    }
)
"""Assets have no content model to read; theirs is fixed (FACTS 5).

Not every stack has all of them: `description` and `permanent_url` exist where an editor has
filled them, `parent_uid` where the asset is in a folder.
"""


def parse_content_type(content_type: Mapping[str, Any] | None) -> Group:
    """Return the fields of an entry: those of the system, then those of its content type.

    A content type that cannot be read (None) leaves the system's fields; the rest is typed by the
    data.
    """
    schema = (content_type or {}).get("schema")
    return Group({**_SYSTEM, "ACL": Value("json"), **parse_fields(schema).fields})


def parse_fields(schema: object) -> Group:
    """Read a schema: the `schema` of a content type, group, global field or block."""
    fields: Iterable[object] = schema if isinstance(schema, list) else ()
    nodes = {}
    for item in fields:
        if isinstance(item, dict) and isinstance(item.get("uid"), str):
            node = _parse_field(item)
            if node is not None:
                nodes[item["uid"]] = node
    return Group(nodes)


def _parse_field(item: Mapping[str, Any]) -> Node | None:
    data_type = item.get("data_type")
    if data_type == "reference":  # always a list on the wire, even a single one (FACTS T11)
        return Many(REFERENCE)
    if data_type == "taxonomy":
        return Many(_TERM)
    if data_type == "blocks":
        return Many(_parse_blocks(item.get("blocks")))
    single = _parse_single(data_type, item)
    return Many(single) if item.get("multiple") else single


def _parse_single(data_type: object, item: Mapping[str, Any]) -> Node | None:
    if data_type == "link":
        return _LINK
    if data_type in ("group", "global_field"):
        return parse_fields(item.get("schema"))
    if data_type == "json" and _has_option(item, "allow_json_rte"):
        return Value("json", holds="rich text")  # a custom field may hold any JSON (FACTS 10.7)
    if data_type == "isodate" and _has_option(item, "hide_time"):
        return Value("date")
    return _VALUES.get(str(data_type))


def _has_option(item: Mapping[str, Any], option: str) -> bool:
    field_metadata = item.get("field_metadata")
    return isinstance(field_metadata, dict) and bool(field_metadata.get(option))


def _parse_blocks(blocks: object) -> Group:
    """A block is an object under its own uid: `{"hero": {…}}` (FACTS 6)."""
    listed = [b for b in blocks if isinstance(b, dict)] if isinstance(blocks, list) else []
    fields = {str(b["uid"]): parse_fields(b.get("schema")) for b in listed if "uid" in b}
    return Group(fields, is_blocks=True)
