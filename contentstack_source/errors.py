"""Every way a sync can fail, as one tree.

    ContentstackError                       (a ``DltSourceException``; `pipeline.run` wraps it)
    ├── RefusedError                        needs user action            exit code 2
    │   ├── SettingsError                   a setting is missing or wrong
    │   │   └── UnsupportedDestinationError the destination cannot hold the tables
    │   ├── CredentialsError                the service rejected the credentials
    │   ├── SettingsChangedError            the dataset belongs to another stream
    │   ├── DatasetOwnedError               the dataset belongs to another pipeline or source
    │   ├── WorkingFolderError              dlt's working folder does not match the dataset
    │   ├── TooManyDeletionsError           a resync would delete more than it may
    │   ├── RowsChangedError                another process changed rows of the tables
    │   ├── UnknownTablesError              tables whose schema is lost
    │   ├── MissingPackagesError            an extra is not installed
    │   └── NoHistoryError                  no history to rebuild the tables from
    └── FailedError                         worth trying again           exit code 1
        ├── ServiceError                    no good answer after all retries
        ├── InvalidResponseError            an answer that breaks the protocol
        │   └── PaginationLoopError         a page that leads back to itself
        ├── ConcurrentRunError              another run is under way, or loaded first
        ├── StoppedError                    stopped by a signal          exit code 143
        └── InvalidTokenError               a sync or pagination token is no longer accepted

A message states what happened, where, and what to do. It never holds a secret: keys and tokens of
the stack travel in headers only, and no header is ever part of a message.
"""

from __future__ import annotations

from typing import ClassVar

from dlt.extract.exceptions import DltSourceException


class ContentstackError(DltSourceException):
    """Base of all errors of this package.

    Args:
        message: what happened, one sentence without its full stop.
        hint: what the reader can do about it, one sentence.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str) -> None:
        self.message = message
        self.hint = hint
        super().__init__(f"{message}. {hint}")


class RefusedError(ContentstackError):
    """Needs user action, a retry cannot help: exit code 2."""

    exit_code: ClassVar[int] = 2


class SettingsError(RefusedError):
    """A setting is missing, malformed, or does not go with another one."""


class UnsupportedDestinationError(SettingsError):
    """The destination would lose deletes or values; nothing was written to it."""


class CredentialsError(RefusedError):
    """The service rejected the API key, the delivery token, the branch or the environment."""


class SettingsChangedError(RefusedError):
    """The dataset holds another stream: other host, stack, environment, branch or filter."""


class DatasetOwnedError(RefusedError):
    """Another pipeline, or another source of the same one, keeps the dataset."""


class WorkingFolderError(RefusedError):
    """dlt's working folder and the dataset do not agree on the last load."""


class TooManyDeletionsError(RefusedError):
    """An initial sync would delete more of the tables than `max_deleted_share` allows."""


class RowsChangedError(RefusedError):
    """The tables do not hold what the last run left in them; raised by `check`."""


class UnknownTablesError(RefusedError):
    """The dataset has tables of this source, and lost dlt's tables, which describe them."""


class MissingPackagesError(RefusedError):
    """What was asked for needs packages that are not installed."""


class NoHistoryError(RefusedError):
    """The dataset has no history, or one that misses what the tables hold."""


class FailedError(ContentstackError):
    """The same command may well succeed later: exit code 1."""


class ServiceError(FailedError):
    """The service gave no good answer within the allowed number of attempts."""


class InvalidResponseError(FailedError):
    """An answer with status 200 that does not follow the vendor's page."""


class PaginationLoopError(InvalidResponseError):
    """A pagination token that was already followed in this pass (FACTS T14)."""


class ConcurrentRunError(FailedError):
    """Another run holds the lock, or has loaded since this one began."""


class StoppedError(FailedError):
    """SIGTERM came: the current step was finished, and the next run goes on from there."""

    exit_code: ClassVar[int] = 143  # as a shell reports a process that SIGTERM ended


class InvalidTokenError(FailedError):
    """422 with the token named in ``errors`` (FACTS 7.7, 8.1).

    Args:
        token_kind: ``sync_token`` or ``pagination_token``.
    """

    def __init__(self, token_kind: str, message: str, hint: str) -> None:
        self.token_kind = token_kind
        super().__init__(message, hint)
