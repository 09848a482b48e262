"""The content model of the demo world: five content types that use every kind of field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contentstack_source.simulator import fields as f

if TYPE_CHECKING:
    from contentstack_source.simulator.log import Item

MATERIALS = ("oak", "linen", "wool", "steel", "clay")
SIZES = ("small", "medium", "large")
LANGUAGES = ("English", "Deutsch", "Français")
NETWORKS = ("site", "feed", "book")


def _seo() -> Item:
    return f.global_field("seo", "seo", *_seo_schema())


def _seo_schema() -> list[Item]:
    return [
        f.text("meta_title"),
        f.multiline("meta_description"),
        f.text("keywords", multiple=True),
    ]


def author() -> list[Item]:
    """People who write, with the old kind of reference."""
    return [
        f.title(),
        f.text("url"),
        f.multiline("bio"),
        f.file("portrait"),
        f.isodate("joined_on"),
        f.boolean("active"),
        f.link("profiles", multiple=True),
        f.old_reference("mentor", "author"),
    ]


def product() -> list[Item]:
    """Things to sell: numbers, choices, files, groups in groups, and a custom field."""
    contacts = f.group("contacts", f.text("name"), f.text("email"), multiple=True)
    return [
        f.title(),
        f.text("sku", unique=True),
        f.number("price"),
        f.number("stock"),
        f.boolean("on_sale"),
        f.select("size", *SIZES),
        f.select("materials", *MATERIALS, multiple=True),
        f.html("description"),
        f.markdown("care"),
        f.file("gallery", multiple=True),
        f.file("manual"),
        f.group("dimensions", f.number("width"), f.number("height"), f.text("unit")),
        f.group("suppliers", f.text("name"), f.text("country"), contacts, multiple=True),
        f.custom("specification"),
        f.reference("related", "product", "blog_post"),
        f.taxonomies("season", "room"),
    ]


def blog_post() -> list[Item]:
    """Articles: every kind of text, a global field, modular blocks."""
    return [
        f.title(),
        f.text("url"),
        f.multiline("summary"),
        f.html("introduction"),
        f.rich_text("body"),
        f.file("hero_image"),
        f.reference("author", "author", many=False),
        f.text("keywords", multiple=True),
        f.isodate("published_on"),
        f.number("reading_minutes"),
        f.link("source"),
        _seo(),
        f.blocks(
            "sections",
            f.block("quote", f.multiline("words"), f.text("speaker")),
            f.block("gallery", f.text("caption"), f.file("images", multiple=True)),
            f.block("call_to_action", f.text("label"), f.link("target")),
        ),
        f.taxonomies("season"),
    ]


def page() -> list[Item]:
    """Pages: blocks with lists inside, and a block that is a global field."""
    cards = f.group("cards", f.text("heading"), f.link("target"), multiple=True)
    return [
        f.title(),
        f.text("url"),
        f.boolean("in_menu"),
        f.reference("parent", "page", many=False),
        _seo(),
        f.blocks(
            "blocks",
            f.block("hero", f.text("heading"), f.file("image")),
            f.block("card_row", f.text("heading"), cards),
            f.shared_block("search_preview", "seo", *_seo_schema()),
        ),
    ]


def event() -> list[Item]:
    """Meetings: dates, references to several content types, a list of groups."""
    return [
        f.title(),
        f.isodate("starts_at"),
        f.isodate("ends_at"),
        f.boolean("cancelled"),
        f.group("venue", f.text("name"), f.text("city"), f.number("seats")),
        f.reference("hosts", "author", "page"),
        f.group("agenda", f.text("topic"), f.number("minutes"), multiple=True),
        f.select("languages", *LANGUAGES, multiple=True),
        f.link("tickets"),
        f.file("flyer"),
    ]


CONTENT_TYPES = {
    "author": author,
    "page": page,
    "product": product,
    "blog_post": blog_post,
    "event": event,
}
"""uid -> what makes its schema."""
