"""Rules of a state machine: edits and service behavior between two runs."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from contentstack_source.simulator import Behavior
from tests.support.small_stack import LOCALES, MODELS, SAME_NAME, TYPES, UIDS, content, small_stack

types = st.sampled_from(TYPES)
uids = st.sampled_from(UIDS)
locales = st.sampled_from(LOCALES)
seeds = st.integers(0, 99)


class EditorRules(RuleBasedStateMachine):
    """Edits and service behavior between two runs."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = small_stack()
        self.behavior = Behavior()
        self.is_fresh = False

    @initialize(
        order=st.sampled_from(["newest_first", "oldest_first", "shuffled"]),
        delta=st.sampled_from(["latest", "log"]),
        delete_data=st.sampled_from(["uid_locale", "with_title", "no_locale"]),
        twice=st.booleans(),
        empty_pages=st.booleans(),
    )
    def choose_behavior(
        self, order: Any, delta: Any, delete_data: Any, twice: bool, empty_pages: bool
    ) -> None:
        self.behavior.order, self.behavior.delta = order, delta
        self.behavior.delete_data = delete_data
        self.behavior.duplicate_events = twice
        self.behavior.empty_pages = empty_pages

    @rule(content_type_uid=types, uid=uids, locale=locales, seed=seeds)
    def publish(self, content_type_uid: str, uid: str, locale: str, seed: int) -> None:
        if content_type_uid in self.stack.content_types:
            fields = content(content_type_uid, random.Random(seed))
            self.stack.publish_entry(content_type_uid, uid, fields, locale)
            self.is_fresh = False

    @rule(content_type_uid=types, uid=uids, seed=seeds)
    def publish_the_fallback(self, content_type_uid: str, uid: str, seed: int) -> None:
        if content_type_uid in self.stack.content_types:
            fields = content(content_type_uid, random.Random(seed))
            self.stack.publish_entry(content_type_uid, uid, fields, "de-de", content_locale="en-us")
            self.is_fresh = False

    @rule(content_type_uid=types, uid=uids, locale=locales)
    def unpublish(self, content_type_uid: str, uid: str, locale: str) -> None:
        self.stack.unpublish_entry(content_type_uid, uid, locale)
        self.is_fresh = False

    @rule(content_type_uid=types, uid=uids, locale=st.none() | locales)
    def delete(self, content_type_uid: str, uid: str, locale: str | None) -> None:
        self.stack.delete_entry(content_type_uid, uid, locale)
        self.is_fresh = False

    # In a short stream oldest-first looks like newest-first, the only order ever recorded.
    @precondition(lambda self: self.behavior.order != "oldest_first")
    @rule(content_type_uid=types, uid=uids, locale=locales, seed=seeds)
    def unpublish_and_publish_in_one_instant(
        self, content_type_uid: str, uid: str, locale: str, seed: int
    ) -> None:
        with self.stack.same_instant():
            self.unpublish(content_type_uid, uid, locale)
            self.publish(content_type_uid, uid, locale, seed)

    @rule(uid=uids, locale=locales)
    def publish_asset(self, uid: str, locale: str) -> None:
        self.stack.publish_asset(uid, {"title": f"Picture {uid}", "tags": ["t"]}, locale)
        self.is_fresh = False

    @rule(uid=uids, locale=st.none() | locales)
    def delete_asset(self, uid: str, locale: str | None) -> None:
        self.stack.delete_asset(uid, locale)
        self.is_fresh = False

    @rule(content_type_uid=types)
    def delete_content_type(self, content_type_uid: str) -> None:
        if content_type_uid in self.stack.content_types:
            self.stack.delete_content_type(content_type_uid)
            self.is_fresh = False

    @precondition(lambda self: "article" in self.stack.content_types)
    @rule(order=st.permutations(MODELS["article"]), renamed=st.sampled_from(SAME_NAME))
    def reorder_and_rename_fields(self, order: list[dict[str, Any]], renamed: str) -> None:
        schema = [{**each, "uid": renamed} if each["uid"] in SAME_NAME else each for each in order]
        self.stack.change_content_type("article", schema)

    @rule(content_type_uid=types, as_text=st.booleans())
    def create_or_change_content_type(self, content_type_uid: str, as_text: bool) -> None:
        schema = [
            {**each, "data_type": "text"} if as_text and each["uid"] == "rating" else each
            for each in MODELS[content_type_uid]
        ]
        if content_type_uid in self.stack.content_types:
            self.stack.change_content_type(content_type_uid, schema)
        else:
            self.stack.create_content_type(content_type_uid, schema)
