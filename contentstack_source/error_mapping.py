"""Maps whatever dlt raises to one error of the tree, with a message of one line."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.common.destination.exceptions import (
    InvalidDestinationReference,
    UnknownDestinationModule,
)
from dlt.common.exceptions import SignalReceivedException
from dlt.pipeline.exceptions import PipelineStepFailed

from contentstack_source.errors import (
    ContentstackError,
    FailedError,
    SettingsError,
    StoppedError,
)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Raise an error of the tree for any other, with its cause kept.

    Raises:
        ContentstackError: always this, whatever was raised inside.
    """
    try:
        yield
    except ContentstackError:
        raise
    except (Exception, SignalReceivedException) as error:
        raise _mapped(error) from error


def _mapped(error: BaseException) -> ContentstackError:
    chain = list(_chain(error))
    for each in chain:
        if isinstance(each, ContentstackError):
            return each
        if isinstance(each, SignalReceivedException):
            message = f"Stopped by {signal.Signals(each.signal_code).name}"
            return StoppedError(message, "Run again: it goes on where this one stopped.")
        if isinstance(each, ConfigFieldMissingException):
            return _missing(each)
        if isinstance(each, (UnknownDestinationModule, InvalidDestinationReference)):
            message = f"dlt has no such destination ({str(each).splitlines()[0][:200]})"
            return SettingsError(message, "Choose one of dlt's destinations, such as duckdb.")
    return _failed(error, chain[-1])


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what caused it, the root last.

    dlt goes on to the next resource while it handles the StopIteration of the one before, which
    is thus the context of errors it has nothing to do with.
    """
    current: BaseException | None = error
    while current is not None and not isinstance(current, StopIteration):
        yield current
        step = current.exception if isinstance(current, PipelineStepFailed) else None
        current = current.__cause__ or step or current.__context__


def _missing(error: ConfigFieldMissingException) -> SettingsError:
    names = ", ".join(error.traces)
    is_source = {"api_key", "delivery_token", "environment"} & set(error.traces)
    section = "sources.contentstack" if is_source else "destination.<name>.credentials"
    variable = section.upper().replace(".", "__")
    return SettingsError(
        f"No value for {names}",
        f"Put it into .dlt/secrets.toml or .dlt/config.toml under [{section}], or into "
        f"the environment as {variable}__<NAME>.",
    )


def _failed(error: BaseException, root: BaseException) -> ContentstackError:
    if "Ambiguous reference to catalog or schema" in str(root):
        message = (
            "The DuckDB file and the dataset have the same name, which DuckDB cannot distinguish"
        )
        return SettingsError(message, "Choose another --dataset, or another file.")
    step = f" in the step {error.step}" if isinstance(error, PipelineStepFailed) else ""
    reason = (str(root).strip() or type(root).__name__).splitlines()[0][:300]
    return FailedError(
        f"The run failed{step}: {type(root).__name__}: {reason}",
        "Run again: it goes on where it stopped. With --debug the whole trace is shown.",
    )
