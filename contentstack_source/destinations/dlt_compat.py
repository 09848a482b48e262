"""All use of dlt that its documentation does not promise: one function each, with the reason.

Written against dlt 1.31. A new version of dlt is checked here first, and in `lake.destination`,
which extends classes of dlt's filesystem destination.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from dlt.common import logger as dlt_logger
from dlt.common.configuration import inject_section, known_sections
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.common.pipeline import PipelineContext, pipeline_state
from dlt.common.schema import Schema

_MADE_BY_DLT: Final = ("dataset_name", "default_schema_name", "as_staging_destination")
"""What dlt puts into the configuration of a client before it reads the rest."""


def active_pipeline() -> Any:  # noqa: ANN401 - the protocol lacks what is used of the class
    """Return the pipeline that runs; None where the source is run without one.

    `dlt.current.pipeline()` creates a pipeline where there is none.
    """
    context = Container()[PipelineContext]
    return context.pipeline() if context.is_active() else None


def resolved_once(destination: Any) -> Any:  # noqa: ANN401 - dlt takes names and factories
    """Return a copy of a destination that reads its configuration once.

    dlt reads the configuration for every client and every question about capabilities: eighty times
    in a run that loads one row, a third of its time. A run has one pipeline, and the configuration
    does not change while it is under way.
    """
    found = Destination.from_reference(destination)
    if found is None:
        raise TypeError
    made = copy.copy(found)
    read = made.configuration
    known: dict[tuple[object, ...], Any] = {}

    def configuration(initial_config: Any, accept_partial: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - as in dlt
        key = (accept_partial, *(str(initial_config.get(name)) for name in _MADE_BY_DLT))
        if key not in known:
            known[key] = read(initial_config, accept_partial)
        return known[key]

    made.configuration = configuration  # type: ignore[method-assign]
    return made


@contextmanager
def source_section(name: str) -> Iterator[None]:
    """Let dlt resolve settings as it does for a source of this name.

    They are looked up under the name of the active pipeline first. dlt sets this section only while
    it makes a source.
    """
    pipeline = active_pipeline()
    context = ConfigSectionContext(
        pipeline_name=pipeline.pipeline_name if pipeline else None,
        sections=(known_sections.SOURCES, name, name),
    )
    with inject_section(context):
        yield


def destination_capabilities() -> DestinationCapabilitiesContext | None:
    """Return the capabilities of the destination of the running pipeline; None without a pipeline.

    A destination may change its capabilities for a load; only the context has those.
    """
    container = Container()
    if DestinationCapabilitiesContext not in container:
        return None
    return container[DestinationCapabilitiesContext]


def local_state() -> Mapping[str, Any]:
    """Return the state of the whole pipeline inside a running resource.

    `dlt.current.source_state()` has only the part of one source.
    """
    state, _ = pipeline_state(Container())
    return state


def with_nullable(schema: Schema, columns: Collection[tuple[str, str]]) -> Schema:
    """Return the schema with these columns nullable, as (table, column).

    dlt does not apply a schema whose content differs from its version hash, and only a private
    method updates the hash.
    """
    made = schema.clone()
    found = [made.tables[table]["columns"][name] for table, name in columns]
    if all(each.get("nullable", True) for each in found):
        return schema
    for each in found:
        each["nullable"] = True
    made._bump_version()  # noqa: SLF001
    return made


def load_table_of(job: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a load job of dlt's filesystem
    """Return the schema of the table that a load job writes; the class has no public attribute."""
    table: Mapping[str, Any] = job._load_table  # noqa: SLF001
    return table


def client_of(job: Any) -> Any:  # noqa: ANN401 - a load job and its client
    """Return the client that a load job writes by; the class has no public attribute."""
    return job._job_client  # noqa: SLF001


def silence_json_notice(resources: Collection[str]) -> None:
    """Drop dlt's warning that JSON columns arrive as text in Arrow, which is how dlt loads them.

    dlt warns for each table and has no setting for it.

    Args:
        resources: the names of our resources; warnings about others stay.
    """
    logger = getattr(dlt_logger, "LOGGER", None)
    if logger is not None and not any(isinstance(each, _NoJsonNotice) for each in logger.filters):
        logger.addFilter(_NoJsonNotice(resources))


class _NoJsonNotice(logging.Filter):
    def __init__(self, resources: Collection[str]) -> None:
        super().__init__()
        self._resources = [f"In resource: {name}," for name in resources]

    def filter(self, record: logging.LogRecord) -> bool:
        message = str(record.msg)
        is_notice = "when merging arrow schema with dlt schema" in message
        return not (is_notice and any(name in message for name in self._resources))
