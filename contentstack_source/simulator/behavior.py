"""Service behavior and faults: every way in which the service is known, or feared, to differ.

`Behavior` holds permanent switches, all off at first; a `Fault` affects one request.
Where reality is unknown (FACTS 12), the switch offers the other possibility.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, fields
from typing import Literal

Order = Literal["newest_first", "oldest_first", "shuffled"]
Delta = Literal["latest", "log"]
DeleteData = Literal["uid_locale", "with_title", "no_locale"]
ContentTypesCount = Literal["total", "none", "text", "zero"]
Kind = Literal[
    "none",
    "status",
    "rate_limited",
    "transient_422",
    "dropped",
    "truncated",
    "half_json",
    "html",
]


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request; make it with one of the class methods."""

    kind: Kind
    code: int = 200
    retry_after: float | None = None
    seconds: float = 0.0

    @classmethod
    def none(cls) -> Fault:
        """Answer as usual: lets the next fault of the queue fall on a later request."""
        return cls("none")

    @classmethod
    def status(cls, code: int, retry_after: float | None = None) -> Fault:
        """Answer with an HTTP status such as 503; `retry_after` is in seconds."""
        return cls("status", code, retry_after)

    @classmethod
    def rate_limited(cls, retry_after: float | None) -> Fault:
        """Answer 429, with `Retry-After` in seconds or without (FACTS 8.3)."""
        return cls("rate_limited", 429, retry_after)

    @classmethod
    def transient_422(cls) -> Fault:
        """Call a good token invalid, this once (FACTS 7.9)."""
        return cls("transient_422", 422)

    @classmethod
    def dropped(cls) -> Fault:
        """Reset the connection without an answer."""
        return cls("dropped")

    @classmethod
    def truncated(cls) -> Fault:
        """Promise the whole body, send half of it, and close (FACTS 8.2)."""
        return cls("truncated")

    @classmethod
    def half_json(cls) -> Fault:
        """Answer 200 with a complete HTTP body that is JSON cut in two."""
        return cls("half_json")

    @classmethod
    def html(cls) -> Fault:
        """Answer 200 with a web page, as a captive proxy does."""
        return cls("html")

    @classmethod
    def slow(cls, seconds: float) -> Fault:
        """Answer as usual, `seconds` late."""
        return cls("none", seconds=seconds)


@dataclass
class Behavior:
    """Permanent switches; they may be changed while the server runs.

    Those that change a pass (order, delta, bodies, pages) count when the pass is frozen, at its
    first request; those about tokens count at each answer.
    """

    order: Order = "newest_first"
    """`shuffled` leaves events of one instant newest first: nothing else orders them."""
    delta: Delta = "latest"
    """The latest event of each object, or all of them (FACTS 3.7)."""
    counts_when_empty: bool = False
    """skip, limit and total_count with an empty result too (FACTS 2.3)."""
    delete_data: DeleteData = "uid_locale"
    """`no_locale`: a delete that leaves the object in no locale is one event without locale;
    one that leaves it published elsewhere keeps its locale, or it could not be applied."""
    invalidate_pagination_on_publish: bool = False
    """Any event invalidates the pagination tokens of passes frozen before it (FACTS 7.5)."""
    duplicate_events: bool = False
    """Every event twice, the copy up to 150 places further down (FACTS 3.4)."""
    missing_publish_details: bool = False
    """Published items come without publish_details (FACTS 5.4)."""
    empty_pages: bool = False
    """An empty page with a pagination_token amid every pass of several pages (FACTS 2.4)."""
    asset_without_content_type_uid: bool = False
    """Items of assets lack content_type_uid (FACTS 2.7)."""
    repeat_pagination_token: bool = False
    """Every page but the first leads to itself, for ever."""
    entry_deleted_with_content_type: bool = False
    """A deleted content type also sends an event for each of its entries (FACTS 12.3)."""
    stale_deltas: int = 0
    """So many next sync_token calls answer as before the last change (FACTS 9.5)."""
    both_tokens: bool = False
    """Every page carries a pagination_token and a sync_token."""
    no_token: bool = False
    """No page carries any token."""
    answer_seconds: float = 0.0
    """How late every answer comes."""
    content_types_forbidden: bool = False
    """The content types endpoint answers 403."""
    content_types_at_most: int = field(default=100, compare=False)
    """So many content types a page, whatever `limit` asks for."""
    content_types_count: ContentTypesCount = field(default="total", compare=False)
    """The field `count`: the total, absent, the total as text, or 0."""
    content_types_ignore_skip: bool = field(default=False, compare=False)
    """Every page of content types is the first one."""
    content_types_unlisted: frozenset[str] = field(default=frozenset(), compare=False)
    """Content types that no page lists; asked for one by one they are there."""
    rewritten: dict[bytes, bytes] = field(default_factory=dict, compare=False)
    """Bytes of an answer's body, and what is sent in their place: any bytes, JSON or not."""
    _faults: deque[Fault] = field(default_factory=deque, repr=False, compare=False)

    def next_faults(self, *faults: Fault) -> None:
        """Let each of the next requests meet one fault, in this order."""
        self._faults.extend(faults)

    def values(self) -> tuple[object, ...]:
        """Return the current switches: two passes under the same ones are equal."""
        return tuple(getattr(self, each.name) for each in fields(self) if each.compare)

    def next_fault(self) -> Fault:
        """Take the fault of the request that has just come in."""
        try:
            return self._faults.popleft()
        except IndexError:
            return Fault.none()
