"""What a run by dlt alone checks before it asks the service: the dataset goes with dlt's state.

`pipeline.run` believes its working folder. The folder is wrong where it was used with another
dataset since, where the dataset was restored from a backup, and where dlt must not restore it.
The command line needs none of this: it drops such a folder.
"""

from __future__ import annotations

from typing import Any

import dlt
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.destinations.dlt_compat import local_state
from contentstack_source.destinations.owner import (
    Owner,
    State,
    owned_error,
    refuse_if_owned,
    stored_schema,
    stored_states,
)
from contentstack_source.destinations.state import SYNC, has_sync_state, own, owned_since, tokens_of
from contentstack_source.errors import WorkingFolderError


def settle(pipeline: Pipeline) -> bool:
    """Return whether the sync state in dlt's state is valid; if not, a full sync is due.

    Raises:
        DatasetOwnedError: another pipeline, or another source, keeps the dataset.
        WorkingFolderError: the working folder has the state of another load than the dataset.
    """
    name = dlt.current.source_schema().name
    local = local_state()
    stored = stored_states(pipeline)
    if stored is None:
        return True
    _refuse_sibling(pipeline, local, name)
    refuse_if_owned(pipeline, stored, local, name)
    confirmed = stored.get(pipeline.pipeline_name, {})
    own(dlt.current.resource_state(SYNC), _since(local, confirmed, name))
    here, there = tokens_of(local, name), tokens_of(confirmed, name)
    if here is None:
        _learn_tables(pipeline, name)
        return True
    if pipeline.has_pending_data:
        return True  # dlt loads it before, or together with, what comes now
    if not pipeline.config.restore_from_destination:
        return stored_schema(pipeline, name) is not None
    if there is not None and there != here:
        raise _other_load(pipeline)
    return there is not None


def _since(local: State, confirmed: State, name: str) -> str:
    return max(owned_since(state.get("sources", {}).get(name, {})) for state in (local, confirmed))


def _refuse_sibling(pipeline: Pipeline, local: State, name: str) -> None:
    """Refuse a second source in one run: its state is new, and in no dataset yet."""
    before: Any = pipeline.state
    for other, source in local.get("sources", {}).items():
        is_new = tokens_of(local, other) != tokens_of(before, other)
        if other != name and has_sync_state(source) and is_new:
            raise owned_error(pipeline, Owner(pipeline.pipeline_name, other, ""), name)


def _learn_tables(pipeline: Pipeline, name: str) -> None:
    """Let a working folder that is new know the tables of the dataset, so that they are emptied."""
    schema = dlt.current.source_schema()
    if schema.data_table_names(seen_data_only=True):
        return
    stored = stored_schema(pipeline, name)
    if stored is not None:
        for table in stored.data_tables(seen_data_only=True):
            schema.update_table(table, normalize_identifiers=False)


def _other_load(pipeline: Pipeline) -> WorkingFolderError:
    message = (
        f"dlt's working folder {pipeline.working_dir} has the state of another load than dataset "
        f"{pipeline.dataset_name}: it was used with another dataset, or the dataset was "
        "restored from a backup"
    )
    hint = (
        "Delete the folder, which loses nothing (pipeline.drop()), and run again; or use "
        "contentstack-source sync, and another pipeline name for each dataset."
    )
    return WorkingFolderError(message, hint)
