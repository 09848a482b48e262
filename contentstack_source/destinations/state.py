"""The sync state of a stream, in dlt's state.

The sync tokens are state of every event resource, not of the source: dlt's `refresh` drops a
resource's tables together with that resource's state only. A token that outlives its tables would
leave them empty for ever; so a sync state counts only if all event resources agree on it. The
history keeps them too: where it was off for a while, it does not agree, and a full sync follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

import dlt

from contentstack_source.errors import SettingsChangedError
from contentstack_source.settings import HISTORY, Settings

SOURCE: Final = "contentstack"
"""Name of the dlt source, and so of its schema and state."""

SYNC: str = "sync"
"""The resource that walks the stream and feeds all others; never loaded itself."""

_STATE_KEY = "sync_state"
_TOKENS_KEY = "sync_tokens"
_OWNED_KEY = "owned_since"


@dataclass
class SyncState:
    """What is saved between two passes.

    Attributes:
        tokens: sync token by stream, each asks for what changed since; one stream is called `all`.
        identity: the settings that make the stream, see `Settings.identity`.
        tables: content type uid to table; a name once given stays.
        locales: publish locales seen so far.
        moved_at: when the stream last moved, ISO 8601 in UTC.
        events: what the pass that moved it held, by event type.
        may_change: a resync was asked for, so that any other stream may begin.
        table_options: what decides the columns of the tables, see `Settings.table_options`.
    """

    tokens: Mapping[str, str]
    identity: Mapping[str, str]
    tables: Mapping[str, str] = field(default_factory=dict)
    locales: list[str] = field(default_factory=list)
    moved_at: str = ""
    events: Mapping[str, int] = field(default_factory=dict)
    may_change: bool = False
    table_options: Mapping[str, int] = field(default_factory=dict)


def load_sync_state(settings: Settings) -> SyncState | None:
    """Return the sync state of this stream inside a running resource; None for a full sync.

    Raises:
        SettingsChangedError: the state holds another stream.
    """
    state = dlt.current.resource_state(SYNC)
    sync_state = parse_sync_state(state)
    if sync_state is None:
        return None
    if not sync_state.may_change:
        _refuse_other_stream(sync_state.identity, settings.identity())
    if sync_state.table_options != settings.table_options():
        return None
    for resource in settings.keepers():
        if dlt.current.resource_state(resource).get(_TOKENS_KEY) != sync_state.tokens:
            return None
    return sync_state


def changed_table_options(settings: Settings) -> list[str]:
    """Return the table options that differ from those the tables were loaded with, sorted.

    Where another version wrote the state, they are unknown: all count.
    """
    state = dlt.current.resource_state(SYNC)
    last = parse_sync_state(state)
    known = last.table_options if last else {}
    changed = [name for name, value in settings.table_options().items() if known.get(name) != value]
    return sorted(changed) if _STATE_KEY in state else []


def save_sync_state(settings: Settings, sync_state: SyncState) -> None:
    """Save the sync state; dlt commits it with the data of the same load, or not at all."""
    dlt.current.resource_state(SYNC)[_STATE_KEY] = asdict(sync_state)
    for resource in settings.keepers():
        dlt.current.resource_state(resource)[_TOKENS_KEY] = dict(sync_state.tokens)


def load_last_state() -> SyncState | None:
    """Return the last known sync state, also of a stream that needs a full sync."""
    return parse_sync_state(dlt.current.resource_state(SYNC))


def history_begins(settings: Settings) -> bool:
    """Return whether the history has missed events of a stream that went on without it."""
    last = load_last_state()
    is_resync = last is None or last.may_change
    return settings.history and not is_resync and load_recorded_state() is None


def load_recorded_state() -> SyncState | None:
    """Return the last sync state if the history has every event up to it."""
    last = load_last_state()
    kept = dlt.current.resource_state(HISTORY).get(_TOKENS_KEY)
    return last if last is not None and kept == last.tokens else None


def forget_tokens(source_state: dict[str, Any]) -> None:
    """Make the next run a whole pass: take the tokens from a source's state, keep the rest."""
    for name, state in source_state.get("resources", {}).items():
        if name != SYNC:
            state.pop(_TOKENS_KEY, None)
        elif _STATE_KEY in state:
            state[_STATE_KEY]["may_change"] = True


def parse_sync_state(state: Mapping[str, Any]) -> SyncState | None:
    """Read the sync state from the state of the `sync` resource.

    None if there is none, or one that another version wrote: a full sync follows.
    """
    stored = state.get(_STATE_KEY) or {}
    if stored.keys() != {each.name for each in fields(SyncState)}:
        return None
    return SyncState(**stored)


def sync_state_of(pipeline_state: Mapping[str, Any]) -> SyncState | None:
    """Return the sync state in the state of a whole pipeline; None if there is none."""
    source = pipeline_state.get("sources", {}).get(SOURCE, {})
    return parse_sync_state(source.get("resources", {}).get(SYNC, {}))


def has_sync_state(source_state: Mapping[str, Any]) -> bool:
    """Return whether the state of a source has a sync state, of whatever version."""
    return bool(source_state.get("resources", {}).get(SYNC, {}).get(_STATE_KEY))


def owned_since(source_state: Mapping[str, Any]) -> str:
    """Return when a source took its dataset over; empty if it never did."""
    return str(source_state.get("resources", {}).get(SYNC, {}).get(_OWNED_KEY, ""))


def own(sync_state: dict[str, Any], since: str) -> None:
    """Keep in the state of the `sync` resource since when the dataset is taken over."""
    if since:
        sync_state[_OWNED_KEY] = since


def tokens_of(pipeline_state: Mapping[str, Any], source_name: str) -> Mapping[str, str] | None:
    """Return the sync tokens in the state of a whole pipeline; None if there are none."""
    source = pipeline_state.get("sources", {}).get(source_name, {})
    stored = source.get("resources", {}).get(SYNC, {}).get(_STATE_KEY) or {}
    tokens: Mapping[str, str] | None = stored.get("tokens")
    return tokens


def _refuse_other_stream(known: Mapping[str, str], now: Mapping[str, str]) -> None:
    changed = sorted(name for name in {*known, *now} if known.get(name) != now.get(name))
    if changed:
        changes = ", ".join(
            f"{name} {known.get(name, '(none)')} -> {now.get(name, '(none)')}" for name in changed
        )
        message = f"This dataset holds another stream: {changes}"
        hint = (
            "Go back to the old settings, load into another --dataset with another "
            "--pipeline-name, or replace the content: contentstack-source resync."
        )
        raise SettingsChangedError(message, hint)
