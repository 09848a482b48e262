"""Fields of a content model as the CDA writes them (FACTS 10.4): one function for each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contentstack_source.simulator.log import Item


def field(uid: str, data_type: str, *, multiple: bool = False, **more: object) -> Item:
    """Give any field; `more` are the keys special to its kind and replace the usual ones."""
    usual: Item = {
        "uid": uid,
        "data_type": data_type,
        "display_name": uid.replace("_", " ").capitalize(),
        "multiple": multiple,
        "mandatory": False,
        "unique": False,
        "non_localizable": False,
        "field_metadata": {"description": "", "version": 3},
    }
    return usual | more


def title() -> Item:
    """Give the title every content type begins with."""
    return text("title", mandatory=True, unique=True, field_metadata={"_default": True})


def text(uid: str, *, multiple: bool = False, **more: object) -> Item:
    """Give one line of text, or several such."""
    return field(uid, "text", multiple=multiple, **more)


def multiline(uid: str) -> Item:
    """Give text of several lines."""
    return text(uid, field_metadata={"multiline": True, "version": 3})


def html(uid: str) -> Item:
    """Give rich text kept as HTML."""
    return text(uid, field_metadata={"allow_rich_text": True, "rich_text_type": "advanced"})


def markdown(uid: str) -> Item:
    """Give Markdown text."""
    return text(uid, field_metadata={"markdown": True, "version": 3})


def select(uid: str, *choices: str, multiple: bool = False) -> Item:
    """Give a choice of several; entries hold the bare value (FACTS 6)."""
    values = [{"value": choice} for choice in choices]
    enum = {"advanced": False, "choices": values}
    return text(uid, multiple=multiple, enum=enum, display_type="dropdown")


def rich_text(uid: str) -> Item:
    """Give rich text kept as JSON (FACTS 10.5)."""
    metadata = {"allow_json_rte": True, "rich_text_type": "advanced", "embed_entry": False}
    return field(uid, "json", field_metadata=metadata, reference_to=["sys_assets"])


def custom(uid: str) -> Item:
    """Give a custom field, which may hold any JSON."""
    metadata = {"extension": True}
    return field(uid, "json", field_metadata=metadata, extension_uid="blt4d1c6a90e2b7358f")


def number(uid: str) -> Item:
    """Give a number, whole or not."""
    return field(uid, "number")


def boolean(uid: str) -> Item:
    """Give a field that is true or false."""
    return field(uid, "boolean")


def isodate(uid: str) -> Item:
    """Give an instant."""
    return field(uid, "isodate", startDate=None, endDate=None)


def file(uid: str, *, multiple: bool = False) -> Item:
    """Give an asset, by its uid in sync items (FACTS 6)."""
    return field(uid, "file", multiple=multiple, extensions=[])


def link(uid: str, *, multiple: bool = False) -> Item:
    """Give a title and an address."""
    return field(uid, "link", multiple=multiple)


def reference(uid: str, *content_type_uids: str, many: bool = True) -> Item:
    """Give entries of the content types named; a list in sync items even for one (FACTS 6)."""
    metadata = {"ref_multiple": many, "ref_multiple_content_types": True}
    return field(uid, "reference", reference_to=list(content_type_uids), field_metadata=metadata)


def old_reference(uid: str, content_type_uid: str) -> Item:
    """Give the old kind of reference, to one content type: entries hold bare uids (FACTS 6)."""
    metadata = {"ref_multiple": True}
    return field(uid, "reference", reference_to=content_type_uid, field_metadata=metadata)


def group(uid: str, *schema: Item, multiple: bool = False) -> Item:
    """Give fields that belong together, once or several times."""
    return field(uid, "group", multiple=multiple, schema=list(schema), field_metadata={})


def global_field(uid: str, of: str, *schema: Item) -> Item:
    """Give fields shared by several content types; `of` is the global field's own uid."""
    return field(uid, "global_field", reference_to=of, schema=list(schema))


def blocks(uid: str, *each: Item) -> Item:
    """Give modular blocks; make each with `block` or `shared_block`."""
    return field(uid, "blocks", multiple=True, blocks=list(each))


def block(uid: str, *schema: Item) -> Item:
    """Give one kind of modular block (FACTS 10.8)."""
    return {"uid": uid, "title": uid.replace("_", " ").capitalize(), "schema": list(schema)}


def shared_block(uid: str, of: str, *schema: Item) -> Item:
    """Give a block that is a global field (FACTS 10.8)."""
    return block(uid, *schema) | {"reference_to": of}


def taxonomies(*taxonomy_uids: str) -> Item:
    """Give terms of taxonomies; the field is always called so (FACTS 10.4)."""
    allowed = [
        {"taxonomy_uid": uid, "max_terms": 5, "mandatory": False, "non_localizable": False}
        for uid in taxonomy_uids
    ]
    return field("taxonomies", "taxonomy", multiple=True, taxonomies=allowed)
