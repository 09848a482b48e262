"""Whether a sync would bring anything, found out without one."""

from __future__ import annotations

from collections.abc import Mapping

from contentstack_source.api.client import Client
from contentstack_source.api.fetch import has_changed
from contentstack_source.destinations.target import Target
from contentstack_source.error_mapping import one_line_errors
from contentstack_source.errors import InvalidTokenError
from contentstack_source.runs.recovery import confirmed_position
from contentstack_source.settings import Settings
from contentstack_source.source import contentstack_source, settings_of


class Watch:
    """Looks out for news of a stack, for as long as somebody asks.

    An unchanged stack costs one request a stream, and nothing at the destination: where the stream
    stands is read there at first, and again when something changed.

    Args:
        target: where the stack is loaded to. Its working directory is left alone.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._known: tuple[Settings, Mapping[str, str]] | None = None

    def has_news(self) -> bool:
        """Tell whether a sync now would bring anything, or has something to say.

        Gives up within seconds where the service does not answer.

        Raises:
            RefusedError: a human must act.
            FailedError: the service or the destination does not answer.
        """
        with one_line_errors():
            known, self._known = self._known, None  # what fails is read anew
            if known is None or _is_behind(*known):
                known = self._read()
                if known is None or _is_behind(*known):
                    return True
            self._known = known
            return False

    def _read(self) -> tuple[Settings, Mapping[str, str]] | None:
        """Return what to ask, and from where; None if a sync begins anew, or refuses to."""
        with self._target.aside() as pipeline:
            settings = settings_of(contentstack_source())
            position = confirmed_position(pipeline)
        if position is None or dict(position.identity) != settings.identity():
            return None
        return settings, position.tokens


def _is_behind(settings: Settings, tokens: Mapping[str, str]) -> bool:
    client = Client(settings, is_hasty=True)
    if settings.partition_by:
        uids = [str(each["uid"]) for each in client.fetch_content_types()]
        if settings.streams(uids).keys() - tokens.keys():
            return True  # a new content type has a stream of its own
    try:
        return has_changed(client, tokens)
    except InvalidTokenError:
        return True  # a sync knows what to do
