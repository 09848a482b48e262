"""The content of the demo's entries and assets, for each content type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from contentstack_source.simulator import demo_models, text_generator

if TYPE_CHECKING:
    from contentstack_source.simulator.log import Item


@dataclass
class Pen:
    """Writes content; it knows what there is to refer to."""

    dice: text_generator.Dice
    assets: list[str] = field(default_factory=list)
    """uids of assets."""
    entries: dict[str, list[str]] = field(default_factory=dict)
    """content_type_uid -> uids of entries."""

    def new_uid(self) -> str:
        """Make a uid: `blt` and 16 hex digits."""
        return f"blt{self.dice.getrandbits(64):016x}"

    def write(self, content_type_uid: str, locale: str) -> Item:
        """Write the fields of one entry."""
        return _WRITERS[content_type_uid](self, locale)

    def asset(self) -> Item:
        """Describe an asset: a picture, or now and then a document (FACTS 5)."""
        name = text_generator.thing(self.dice).lower().replace(" ", "-")
        size = str(self.dice.number(2_000, 4_000_000))
        if self.dice.happens(0.2):
            kind: Item = {
                "content_type": "application/pdf",
                "filename": f"{name}.pdf",
                "dimension": None,
            }
        else:
            width = self.dice.number(200, 3000)
            dimension = {"width": width, "height": _number(width * 0.66)}
            kind = {"content_type": "image/png", "filename": f"{name}.png", "dimension": dimension}
        return kind | {
            "title": name,
            "file_size": size,
            "tags": self.dice.some(text_generator.KEYWORDS, 2),
        }

    def an_asset(self) -> str | None:
        """Refer to one asset; null where there is none (FACTS 6)."""
        return self.dice.pick(self.assets) if self.assets and self.dice.happens(0.9) else None

    def some_assets(self) -> list[str]:
        """Refer to up to three assets."""
        return [self.dice.pick(self.assets) for _ in range(self.dice.number(0, 3)) if self.assets]

    def references(self, most: int, *content_type_uids: str) -> list[Item]:
        """Refer to entries of several content types (FACTS 6)."""
        found = []
        for _ in range(self.dice.number(0, most)):
            kind = self.dice.pick(content_type_uids)
            if self.entries.get(kind):
                uid = self.dice.pick(self.entries[kind])
                found.append({"uid": uid, "_content_type_uid": kind})
        return found

    def link(self, locale: str) -> Item:
        """Point somewhere."""
        title = text_generator.sentence(self.dice, locale)
        return {"title": title, "href": f"https://example.org/{self.dice.number(1, 999)}"}

    def instant(self) -> str:
        """Give some instant of the past years."""
        dice = self.dice
        day = f"{dice.number(2018, 2025)}-{dice.number(1, 12):02}-{dice.number(1, 28):02}"
        return f"{day}T{dice.number(0, 23):02}:{dice.number(0, 59):02}:00.000Z"

    def marked(self, item: Item) -> Item:
        """Give an element of a list the `_metadata` it has on the wire (FACTS 6)."""
        return item | {"_metadata": {"uid": f"cs{self.dice.getrandbits(64):016x}"}}


def _number(value: float) -> float:
    """Keep two digits; whole numbers have none on the wire, which is written by JavaScript."""
    rounded = round(value, 2)
    return int(rounded) if rounded.is_integer() else rounded


def _author(pen: Pen, locale: str) -> Item:
    name = f"{pen.dice.pick(text_generator.NAMES)} {pen.dice.number(1, 999)}"
    known = pen.entries.get("author", [])
    return {
        "title": name,
        "url": f"/people/{name.partition(' ')[0].lower()}",
        "bio": "\n".join(text_generator.paragraph(pen.dice, locale) for _ in range(2)),
        "portrait": pen.an_asset(),
        "joined_on": pen.instant(),
        "active": pen.dice.pick((True, True, False, None)),
        "profiles": [pen.link(locale) for _ in range(pen.dice.number(0, 3))],
        "mentor": pen.dice.some(known, 2),
    }


def _product(pen: Pen, locale: str) -> Item:
    dice = pen.dice
    suppliers = [_supplier(pen) for _ in range(dice.number(0, 3))]
    terms = [("season", "winter"), ("season", "summer"), ("room", "kitchen"), ("room", "hall")]
    return {
        "title": text_generator.thing(dice),
        "sku": f"SKU-{dice.number(1, 999_999):06}",
        "price": _number(dice.uniform(3, 900)),
        "stock": dice.pick((None, dice.number(0, 500))),
        "on_sale": dice.happens(0.3),
        "size": dice.pick(demo_models.SIZES),
        "materials": dice.some(demo_models.MATERIALS, 3),
        "description": (
            f"<p>{text_generator.paragraph(dice, locale)}</p>"
            f"<p><em>{text_generator.thing(dice)}</em></p>"
        ),
        "care": (
            f"# Care\n\n* {text_generator.sentence(dice, locale)}\n"
            f"* {text_generator.sentence(dice, locale)}"
        ),
        "gallery": pen.some_assets(),
        "manual": pen.an_asset(),
        "dimensions": {
            "width": dice.number(1, 200),
            "height": _number(dice.uniform(1, 200)),
            "unit": "cm",
        },
        "suppliers": suppliers,
        "specification": {"watts": dice.number(1, 60), "tests": [True, None, "ISO ½"]},
        "related": pen.references(3, "product", "blog_post"),
        "taxonomies": [
            {"taxonomy_uid": taxonomy, "term_uid": term} for taxonomy, term in dice.some(terms, 2)
        ],
    }


def _supplier(pen: Pen) -> Item:
    people = pen.dice.some(text_generator.NAMES, 2)
    contacts = [pen.marked({"name": each, "email": "hello@example.org"}) for each in people]
    city = pen.dice.pick(text_generator.CITIES)
    return pen.marked({"name": f"{city} Works", "country": city[:2].upper(), "contacts": contacts})


def _blog_post(pen: Pen, locale: str) -> Item:
    dice = pen.dice
    title = text_generator.sentence(dice, locale)
    return {
        "title": title,
        "url": f"/blog/{dice.number(1, 99_999)}",
        "summary": text_generator.paragraph(dice, locale, 2),
        "introduction": f"<p>{text_generator.paragraph(dice, locale)}</p>",
        "body": _document(pen, locale),
        "hero_image": pen.an_asset(),
        "author": pen.references(1, "author"),
        "keywords": dice.some(text_generator.KEYWORDS, 4),
        "published_on": pen.instant(),
        "reading_minutes": dice.pick((2, 3, 4.5, 12)),
        "source": pen.link(locale),
        "seo": _seo(pen, title),
        "sections": [_section(pen, locale) for _ in range(dice.number(0, 3))],
        "taxonomies": [{"taxonomy_uid": "season", "term_uid": "autumn"}][: dice.number(0, 1)],
    }


def _document(pen: Pen, locale: str) -> Item:
    """Write JSON rich text: a document of paragraphs (FACTS 6)."""
    paragraphs = [
        {"type": "p", "uid": pen.new_uid(), "attrs": {}, "children": [{"text": text}]}
        for text in (
            text_generator.paragraph(pen.dice, locale),
            text_generator.sentence(pen.dice, locale),
        )
    ]
    root = {"type": "doc", "uid": pen.new_uid(), "_version": 1, "attrs": {}}
    return root | {"children": paragraphs}


def _seo(pen: Pen, title: str) -> Item:
    found = pen.dice.some(text_generator.KEYWORDS, 2)
    return {"meta_title": title, "meta_description": f"{title} ☞", "keywords": found}


def _section(pen: Pen, locale: str) -> Item:
    words_ = text_generator.sentence(pen.dice, locale)
    kind = pen.dice.pick(("quote", "gallery", "call_to_action"))
    bodies: dict[str, Item] = {
        "quote": {"words": words_, "speaker": pen.dice.pick(text_generator.NAMES)},
        "gallery": {"caption": words_, "images": pen.some_assets()},
        "call_to_action": {"label": words_, "target": pen.link(locale)},
    }
    return {kind: pen.marked(bodies[kind])}


def _page(pen: Pen, locale: str) -> Item:
    title = text_generator.sentence(pen.dice, locale)
    return {
        "title": title,
        "url": f"/{pen.dice.number(1, 99_999)}",
        "in_menu": pen.dice.happens(0.5),
        "parent": pen.references(1, "page"),
        "seo": _seo(pen, title),
        "blocks": [_page_block(pen, locale) for _ in range(pen.dice.number(0, 4))],
    }


def _page_block(pen: Pen, locale: str) -> Item:
    heading = text_generator.sentence(pen.dice, locale)
    cards = [
        pen.marked({"heading": text_generator.thing(pen.dice), "target": pen.link(locale)})
        for _ in range(pen.dice.number(0, 3))
    ]
    kind = pen.dice.pick(("hero", "card_row", "search_preview"))
    bodies: dict[str, Item] = {
        "hero": {"heading": heading, "image": pen.an_asset()},
        "card_row": {"heading": heading, "cards": cards},
        "search_preview": _seo(pen, heading),
    }
    return {kind: pen.marked(bodies[kind])}


def _event(pen: Pen, locale: str) -> Item:
    dice = pen.dice
    topics = [text_generator.sentence(dice, locale) for _ in range(dice.number(0, 4))]
    city = dice.pick(text_generator.CITIES)
    return {
        "title": f"{text_generator.thing(dice)}, {city}",
        "starts_at": pen.instant(),
        "ends_at": dice.pick((pen.instant(), None)),
        "cancelled": dice.happens(0.1),
        "venue": {"name": f"Halle {dice.number(1, 9)}", "city": city, "seats": dice.number(9, 900)},
        "hosts": pen.references(3, "author", "page"),
        "agenda": [pen.marked({"topic": each, "minutes": dice.pick((20, 45))}) for each in topics],
        "languages": dice.some(demo_models.LANGUAGES, 3),
        "tickets": pen.link(locale),
        "flyer": pen.an_asset(),
    }


_WRITERS = {
    "author": _author,
    "product": _product,
    "blog_post": _blog_post,
    "page": _page,
    "event": _event,
}
