"""The tables of a stack as its users think of them, known before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlt.common import logger
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.api.client import Client
from contentstack_source.api.fetch import FetchStats, fetch_model
from contentstack_source.destinations.target import Target
from contentstack_source.error_mapping import one_line_errors
from contentstack_source.errors import ContentstackError
from contentstack_source.naming import Names
from contentstack_source.runs.recovery import confirmed_sync_state
from contentstack_source.source.configuration import load_settings


@dataclass(frozen=True)
class ContentTable:
    """The table of a content type.

    Attributes:
        name: of the table; there is none yet while no entry was published.
        content_type_uid: as the vendor has it.
        title: of the content type; its uid if the content model could not be read.
        description: of the content type; may be empty.
    """

    name: str
    content_type_uid: str
    title: str
    description: str = ""


def fetch_tables(target: Target) -> list[ContentTable]:
    """Return the tables of the content types there are: those of the content model.

    If the model cannot be read, those that the destination knows; if neither can, none. Why, is
    logged. The working directory is left alone, and the service has seconds to answer.
    """
    with target.temporary_pipeline() as pipeline:
        known = _known(pipeline)
        model = _model()
        names = Names(pipeline.naming, known)
    if model is None:
        model = {uid: {} for uid in known}
    names.assign_tables(model)
    return [
        ContentTable(
            names.table(uid), uid, str(each.get("title") or uid), str(each.get("description") or "")
        )
        for uid, each in sorted(model.items())
    ]


def _known(pipeline: Pipeline) -> Mapping[str, str]:
    """Return the tables that content types have at the destination, by uid."""
    try:
        with one_line_errors():
            sync_state = confirmed_sync_state(pipeline)
    except ContentstackError as error:
        logger.warning(f"Tables of earlier runs are not known: {error}")
        return {}
    return sync_state.tables if sync_state else {}


def _model() -> Mapping[str, Mapping[str, Any]] | None:
    """Return the content types by uid; None if they cannot be read."""
    stats = FetchStats()
    try:
        with one_line_errors():
            settings = load_settings()
            model = fetch_model(Client(settings, fail_fast=True), stats)
    except ContentstackError as error:
        logger.warning(f"The content model could not be read: {error}")
        return None
    if model is None:
        logger.warning(f"The content model could not be read: {stats.model_error}")
    return model
