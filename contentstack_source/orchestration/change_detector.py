"""Detects whether a sync would bring changes, without running one."""

from __future__ import annotations

from collections.abc import Mapping

from contentstack_source.api.client import Client
from contentstack_source.api.fetch import has_changed
from contentstack_source.destinations.target import Target
from contentstack_source.error_mapping import one_line_errors
from contentstack_source.errors import InvalidTokenError
from contentstack_source.runs.recovery import confirmed_sync_state
from contentstack_source.settings import Settings
from contentstack_source.source.configuration import load_settings


class ChangeDetector:
    """Detects changes of a stack, for callers that poll.

    An unchanged stack costs one request per stream, and nothing at the destination: the sync state
    is read there at first, and again when something changed.

    Args:
        target: where the stack is loaded to. Its working directory is left alone.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._known: tuple[Settings, Mapping[str, str]] | None = None

    def has_changes(self) -> bool:
        """Return whether a sync now would load or report anything.

        Gives up within seconds where the service does not answer.

        Raises:
            RefusedError: needs user action.
            FailedError: the service or the destination does not answer.
        """
        with one_line_errors():
            known, self._known = self._known, None  # read again after a failure
            if known is None or _is_behind(*known):
                known = self._read()
                if known is None or _is_behind(*known):
                    return True
            self._known = known
            return False

    def _read(self) -> tuple[Settings, Mapping[str, str]] | None:
        """Return what to ask, and from where; None if a full sync is due or refused."""
        with self._target.temporary_pipeline() as pipeline:
            settings = load_settings()
            sync_state = confirmed_sync_state(pipeline)
        if sync_state is None or dict(sync_state.identity) != settings.identity():
            return None
        return settings, sync_state.tokens


def _is_behind(settings: Settings, tokens: Mapping[str, str]) -> bool:
    client = Client(settings, fail_fast=True)
    if settings.partition_by:
        uids = [str(each["uid"]) for each in client.fetch_content_types()]
        if settings.streams(uids).keys() - tokens.keys():
            return True  # a new content type has a stream of its own
    try:
        return has_changed(client, tokens)
    except InvalidTokenError:
        return True  # a sync knows what to do
