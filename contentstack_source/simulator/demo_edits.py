"""The edits of the demo: a day at the publisher's, in which every kind of event happens."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

from contentstack_source.simulator.demo_content import Pen
from contentstack_source.simulator.editors import content, publish, revised
from contentstack_source.simulator.fields import text
from contentstack_source.simulator.log import ASSETS, Key
from contentstack_source.simulator.publishing_hours import EDITORS
from contentstack_source.simulator.text_generator import Dice

if TYPE_CHECKING:
    from collections.abc import Callable

    from contentstack_source.simulator.stack import Stack

DAY = timedelta(hours=7)


def editors_at_work(stack: Stack) -> list[str]:
    """Let the editors of a demo stack work for a day, always the same way; return what they did.

    Each sentence has the number of (uid, locale) pairs it concerns.
    """
    edits: tuple[Callable[[], str], ...] = (
        lambda: _revise(stack, _of(stack, "blog_post")[:25]),
        lambda: _launch(stack, 12),
        lambda: _unpublish(stack, [key for key in _of(stack, "page") if key[2] == "de-de"][:5]),
        lambda: _delete_everywhere(stack, _most_translated(stack, "author")),
        lambda: _replace_pictures(stack, _of(stack, ASSETS)),
        lambda: _label_products(stack, _of(stack, "product")[:20]),
        lambda: _close_events(stack),
    )
    sentences = []
    for edit, editor in zip(edits, itertools.cycle(EDITORS)):
        stack.clock.advance_to(stack.clock.now + DAY / len(edits))
        stack.editor = editor
        sentences.append(edit())
    return sentences


def _of(stack: Stack, kind: str) -> list[Key]:
    return [key for key in stack.published_keys() if key[0] == kind]


def _most_translated(stack: Stack, kind: str) -> list[Key]:
    """Find one entry of a kind that is published in as many locales as any."""
    keys = _of(stack, kind)
    uids = [key[1] for key in keys]
    return sorted(keys, key=lambda key: -uids.count(key[1]))[:1]


def _revise(stack: Stack, keys: list[Key]) -> str:
    for key in keys:
        publish(stack, key, revised(content(stack, key), "revised"))
    return f"Published {len(keys)} blog posts again, their lists shorter."


def _launch(stack: Stack, count: int) -> str:
    pen = Pen(Dice(count), entries={"product": [key[1] for key in _of(stack, "product")]})
    with stack.same_instant():
        for _ in range(count):
            stack.publish_entry("product", pen.new_uid(), pen.write("product", "en-us"))
    return f"Published {count} new products in one instant."


def _unpublish(stack: Stack, keys: list[Key]) -> str:
    for key in keys:
        stack.unpublish_entry(*key)
    return f"Unpublished {len(keys)} pages in de-de."


def _delete_everywhere(stack: Stack, keys: list[Key]) -> str:
    before = len(stack.published_keys())
    for kind, uid, _ in keys:
        stack.delete_entry(kind, uid)
    gone = before - len(stack.published_keys())
    return f"Deleted {len(keys)} author, who was published in {gone} locales."


def _replace_pictures(stack: Stack, keys: list[Key]) -> str:
    replaced, hidden, deleted = keys[:3], keys[3:4], keys[4:5]
    for key in replaced:
        publish(stack, key, content(stack, key) | {"file_size": "2048", "filename": "new.png"})
    for _, uid, locale in hidden:
        stack.unpublish_asset(uid, locale)
    for _, uid, locale in deleted:
        stack.delete_asset(uid, locale)
    return f"Replaced {len(replaced)} assets, unpublished {len(hidden)} and deleted {len(deleted)}."


def _label_products(stack: Stack, keys: list[Key]) -> str:
    schema = stack.content_types["product"]["schema"]
    stack.change_content_type("product", [*schema, text("energy_label")])
    for key in keys:
        publish(stack, key, content(stack, key) | {"energy_label": "A"})
    return f"Added the field energy_label to product and published {len(keys)} of them with it."


def _close_events(stack: Stack) -> str:
    gone = len(_of(stack, "event"))
    stack.delete_content_type("event")
    return f"Deleted the content type event, of which {gone} entries were published."
