"""Locks: one run at a time on a host, and at a destination from state check to the end of the load.

dlt has no lock. A slow run that loads after a newer one would leave older rows under a newer token.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Final

import pendulum
from dlt.common.destination.exceptions import DestinationException
from dlt.destinations.sql_client import SqlClientBase
from dlt.pipeline.pipeline import Pipeline
from filelock import FileLock, Timeout

from contentstack_source.destinations.capabilities import is_duckdb
from contentstack_source.destinations.state import SOURCE
from contentstack_source.destinations.target import Target
from contentstack_source.errors import ConcurrentRunError, DatasetOwnedError
from contentstack_source.runs.recovery import confirmed_state, refuse_other_owner

_POSTGRES: Final = "dlt.destinations.postgres"


@contextmanager
def one_run_at_a_time(target: Target) -> Iterator[None]:
    """Hold the lock of a target on this host; the system frees it when a process dies.

    Raises:
        ConcurrentRunError: another process holds it.
    """
    target.folder.mkdir(parents=True, exist_ok=True)
    # Beside the working directory: dlt drops that one when it doubts its state.
    path = target.folder / f".{target.pipeline_name}.lock"
    holder_file = path.with_suffix(".holder")
    try:
        with FileLock(path, timeout=0):
            holder_file.write_text(
                f"process {os.getpid()} since {pendulum.now('UTC'):YYYY-MM-DD HH:mm:ss}Z"
            )
            yield
    except Timeout:
        holder = holder_file.read_text() if holder_file.is_file() else "another process"
        message = f"Another run of {target.pipeline_name} is under way: {holder}"
        raise ConcurrentRunError(message, f"Wait for it to end; the lock is {path}.") from None


@contextmanager
def alone_at_destination(pipeline: Pipeline, confirmed: str | None) -> Iterator[None]:
    """Keep runs of other hosts out, from the state check until the end of the load.

    A DuckDB file has one process at a time while it is open; PostgreSQL lends a lock that goes
    with its connection. Other destinations have only the state check (decision 0009).

    Raises:
        ConcurrentRunError: another run loads now, or has loaded since `confirmed`.
        DatasetOwnedError: another pipeline has become the owner since.
    """
    with _locked_if_possible(pipeline):
        _refuse_if_moved(pipeline, confirmed)
        yield


@contextmanager
def connected(pipeline: Pipeline) -> Iterator[None]:
    """Keep a DuckDB file open for several short queries: opening it takes longer than they do.

    Not for requests to the service: no other process can open the file until it is closed.
    """
    with pipeline.sql_client() if is_duckdb(pipeline) else nullcontext():
        yield


def _is_postgres(pipeline: Pipeline) -> bool:
    return pipeline.destination is not None and (pipeline.destination.destination_type == _POSTGRES)


@contextmanager
def _locked_if_possible(pipeline: Pipeline) -> Iterator[None]:
    if not (is_duckdb(pipeline) or _is_postgres(pipeline)):
        yield
        return
    with pipeline.sql_client() as client:
        if is_duckdb(pipeline):
            yield
            return
        with _locked(pipeline, client):
            yield


@contextmanager
def _locked(pipeline: Pipeline, client: SqlClientBase[Any]) -> Iterator[None]:
    """Hold a lock named like the dataset; the server takes it back when the process dies."""
    name = f"{SOURCE}:{client.fully_qualified_dataset_name()}"
    with client.begin_transaction():
        # The transaction writes nothing and idles while others load.
        client.execute_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        taken = client.execute_sql("SELECT pg_try_advisory_xact_lock(hashtext(%s))", name)
        if not taken or not taken[0][0]:
            pipeline.abort_packages()
            message = "Another run is loading into this dataset right now; nothing was loaded"
            raise ConcurrentRunError(message, "Wait for it to end, and run again.")
        yield
        try:
            client.execute_sql("SELECT 1")
        except DestinationException as error:
            message = "The destination dropped the connection that kept other runs out of this load"
            hint = "If another run may have loaded meanwhile: contentstack-source resync."
            raise ConcurrentRunError(message, hint) from error


def _refuse_if_moved(pipeline: Pipeline, confirmed: str | None) -> None:
    try:
        refuse_other_owner(pipeline)
    except DatasetOwnedError:
        pipeline.abort_packages()
        raise
    if confirmed_state(pipeline) != confirmed:
        pipeline.abort_packages()
        message = (
            "Another run has loaded into this dataset since this one began; nothing was loaded"
        )
        raise ConcurrentRunError(message, "Run again, and let one scheduler at a time do it.")
