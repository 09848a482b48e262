"""Editors: random plausible edits for any stack, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contentstack_source.simulator.fields import text
from contentstack_source.simulator.log import ASSETS, Item, Key

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from contentstack_source.simulator.stack import Stack

LOCALES = ("en-us", "de-de", "fr-fr")
SYSTEM_KEYS = frozenset(
    {
        "uid",
        "_version",
        "locale",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "ACL",
        "_in_progress",
        "publish_details",
    },
)


def edit(stack: Stack, rng: random.Random) -> str:
    """Make one random edit, and return a sentence about it in the past tense."""
    keys = stack.published_keys()
    if not keys:
        return _upload(stack, rng)
    actions, weights = zip(*_ACTIONS, strict=True)
    (action,) = rng.choices(actions, weights)
    sentence: str = action(stack, rng, rng.choice(keys))
    return sentence


def content(stack: Stack, key: Key) -> Item:
    """Give the fields an editor wrote: what is published, without the system's keys."""
    data = stack.published_item(key)["data"]
    return {name: value for name, value in data.items() if name not in SYSTEM_KEYS}


def revised(fields: Item, note: str) -> Item:
    """Write another title, and take the last element out of every list at any depth."""
    title = str(fields["title"]).partition(" (")[0]
    return {**_shrunk(fields), "title": f"{title} ({note})"}


def publish(stack: Stack, key: Key, fields: Item) -> None:
    """Publish an entry or an asset, depending on the key."""
    kind, uid, locale = key
    if kind == ASSETS:
        stack.publish_asset(uid, fields, locale)
    else:
        stack.publish_entry(kind, uid, fields, locale)


def _shrunk(value: Item) -> Item:
    return {
        name: _shrunk_value(each) if name not in {"children", "tags"} else each
        for name, each in value.items()
    }


def _shrunk_value(value: object) -> object:
    if isinstance(value, dict):
        return _shrunk(value)
    if isinstance(value, list):
        return [_shrunk_value(each) for each in value[:-1]]
    return value


def _new_uid(rng: random.Random) -> str:
    return f"blt{rng.getrandbits(64):016x}"


def _upload(stack: Stack, rng: random.Random, _key: Key | None = None) -> str:
    uid, locale = _new_uid(rng), rng.choice(LOCALES)
    stack.publish_asset(uid, {"filename": f"picture-{rng.randint(1, 9999)}.jpg"}, locale)
    return f"published the new asset {uid} in {locale}"


def _revise(stack: Stack, rng: random.Random, key: Key) -> str:
    publish(stack, key, revised(content(stack, key), f"revision {rng.randint(1, 9999)}"))
    return f"published {_named(key)} with shorter lists"


def _translate(stack: Stack, rng: random.Random, key: Key) -> str:
    other = (key[0], key[1], rng.choice(LOCALES))
    publish(stack, other, content(stack, key))
    return f"published {_named(other)}"


def _fall_back(stack: Stack, rng: random.Random, key: Key) -> str:
    kind, uid, shown = key
    locale = rng.choice(LOCALES)
    if kind == ASSETS:
        return _translate(stack, rng, key)
    stack.publish_entry(kind, uid, content(stack, key), locale, content_locale=shown)
    return f"published {_named((kind, uid, locale))} with the content of {shown}"


def _write(stack: Stack, rng: random.Random, key: Key) -> str:
    new = (key[0], _new_uid(rng), key[2])
    publish(stack, new, content(stack, key))
    return f"published the new {_named(new)}"


def _republish_all(stack: Stack, rng: random.Random, key: Key) -> str:
    batch = [each for each in stack.published_keys() if each[0] == key[0]]
    batch = rng.sample(batch, min(10, len(batch)))
    with stack.same_instant():
        for each in batch:
            publish(stack, each, content(stack, each))
    return f"published {len(batch)} {key[0]} at once"


def _unpublish(stack: Stack, _rng: random.Random, key: Key) -> str:
    kind, uid, locale = key
    if kind == ASSETS:
        stack.unpublish_asset(uid, locale)
    else:
        stack.unpublish_entry(kind, uid, locale)
    return f"unpublished {_named(key)}"


def _delete(stack: Stack, rng: random.Random, key: Key) -> str:
    kind, uid, locale = key
    where = rng.choice((locale, None))
    if kind == ASSETS:
        stack.delete_asset(uid, where)
    else:
        stack.delete_entry(kind, uid, where)
    return f"deleted {_named(key)}" if where else f"deleted {kind} {uid} in every locale"


def _flip(stack: Stack, rng: random.Random, key: Key) -> str:
    """Unpublish and publish within one instant: the last of the two counts."""
    fields = content(stack, key)
    with stack.same_instant():
        _unpublish(stack, rng, key)
        publish(stack, key, fields)
    return f"unpublished and published {_named(key)} in the same instant"


def _extend(stack: Stack, rng: random.Random, key: Key) -> str:
    kind = key[0]
    if kind not in stack.content_types:
        return _revise(stack, rng, key)
    uid = f"note_{rng.randint(1, 99)}"
    schema = [each for each in stack.content_types[kind]["schema"] if each["uid"] != uid]
    stack.change_content_type(kind, [*schema, text(uid)])
    publish(stack, key, content(stack, key) | {uid: "Only in stock until spring."})
    return f"added the field {uid} to {kind} and published {_named(key)} with it"


def _delete_content_type(stack: Stack, rng: random.Random, key: Key) -> str:
    kind = key[0]
    if kind not in stack.content_types:
        return _revise(stack, rng, key)
    fields, schema = content(stack, key), stack.content_types[kind]["schema"]
    stack.delete_content_type(kind)
    if rng.choice((True, False)):
        return f"deleted the content type {kind}"
    stack.create_content_type(kind, schema)
    publish(stack, key, fields)
    return f"deleted the content type {kind}, created it again and published {_named(key)}"


def _named(key: Key) -> str:
    kind, uid, locale = key
    return f"{'asset' if kind == ASSETS else kind} {uid} in {locale}"


_ACTIONS: tuple[tuple[Callable[[Stack, random.Random, Key], str], int], ...] = (
    (_revise, 25),
    (_translate, 15),
    (_fall_back, 8),
    (_write, 15),
    (_upload, 8),
    (_republish_all, 5),
    (_unpublish, 15),
    (_delete, 12),
    (_flip, 4),
    (_extend, 4),
    (_delete_content_type, 1),
)
