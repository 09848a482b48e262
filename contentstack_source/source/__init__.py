"""The dlt source: one resource per event type, all fed by one pass over the stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dlt
import pyarrow as pa
from dlt.extract.items import DataItemWithMeta
from dlt.extract.resource import DltResource

from contentstack_source.destinations.capabilities import (
    date_ranges,
    encodes_json,
    file_format,
    holds_nul,
    lake_format,
    to_objects,
)
from contentstack_source.destinations.dlt_compat import destination_capabilities
from contentstack_source.destinations.hints import count_data_rows, hints_of, owner_of
from contentstack_source.destinations.state import SOURCE, SYNC
from contentstack_source.events import PUBLISHED
from contentstack_source.schema import RowBatch
from contentstack_source.settings import (
    HISTORY,
    Settings,
    parse_settings,
)
from contentstack_source.source.rebuild_pass import rebuild_pass
from contentstack_source.source.run_context import RunContext
from contentstack_source.source.stats import RunningPass
from contentstack_source.source.sync_pass import run_sync_pass
from contentstack_source.transform.change_set import CONTENT_TYPES, SYNC_EVENTS, ChangeSet
from contentstack_source.transform.date_ranges import dates_aside
from contentstack_source.transform.nul_characters import nul_aside


@dlt.source(name=SOURCE, section=SOURCE)
def contentstack_source(
    api_key: dlt.TSecretStrValue = dlt.secrets.value,
    delivery_token: dlt.TSecretStrValue = dlt.secrets.value,
    environment: str = dlt.config.value,
    region: str | None = None,
    base_url: str | None = None,
    branch: str | None = None,
    content_type_uid: str | None = None,
    locale: str | None = None,
    start_from: Any = None,  # noqa: ANN401 - TOML has dates of its own
    event_types: Any = None,  # noqa: ANN401 - a list, or text with commas
    partition_by: str | None = None,
    max_concurrent_requests: int = 16,
    requests_per_second: int = 80,
    max_deleted_share: float = 0.5,
    entry_references: bool = True,  # noqa: FBT001, FBT002 - dlt calls by name
    rich_text: bool = False,  # noqa: FBT001, FBT002
    history: bool = False,  # noqa: FBT001, FBT002 - dlt calls by name
    deletes: str = "hard",
    locale_fallback: Any = None,  # noqa: ANN401 - a table, or text with commas
    master_locale: str = "en-us",
) -> list[DltResource]:
    """Load what is published in a Contentstack stack, and keep it equal from then on.

    One run is one pass: the first is an initial sync, each later one brings the changes since.

    Args:
        api_key: key of the stack.
        delivery_token: delivery token of the environment.
        environment: name of the publishing environment.
        region: `na` (default), `eu`, `au`, `azure-na`, `azure-eu`, `gcp-na`, `gcp-eu`.
        base_url: wins over `region`; up to and including the version.
        branch: branch of the stack.
        content_type_uid: load entries of this content type only.
        locale: load this publish locale only.
        start_from: load only what was published since.
        event_types: load only these event types.
        partition_by: `content_type` reads each content type, and the assets, by a stream of its
            own, side by side; unset, there is one stream.
        max_concurrent_requests: requests under way at a time, with many streams.
        requests_per_second: requests started in any second, with many streams.
        max_deleted_share: the part of all rows that a resync may delete, 0 to 1.
        entry_references: keep the table `entry_references`, a row for each reference of an entry.
        rich_text: add columns of plain text and Markdown beside JSON rich text.
        history: keep every event received, with what it published, in `entry_history`.
        deletes: `hard` deletes rows; `soft` keeps them, with `deleted_at` and `deleted_by`.
        locale_fallback: locale to the one it falls back to, for the views `localized__…`.
        master_locale: the locale that others are translated from, for the view `locale_coverage`.

    Raises:
        SettingsError: a setting is wrong.
        TooManyDeletionsError: when run: a resync would delete more than it may.
        SettingsChangedError: when run: the dataset holds another stream.
        CredentialsError: when run: the service rejected the credentials.
        FailedError: when run: worth trying again.
    """
    settings = parse_settings(
        api_key=api_key,
        delivery_token=delivery_token,
        environment=environment,
        region=region,
        base_url=base_url,
        branch=branch,
        content_type_uid=content_type_uid,
        locale=locale,
        start_from=start_from,
        event_types=event_types,
        partition_by=partition_by,
        max_concurrent_requests=max_concurrent_requests,
        requests_per_second=requests_per_second,
        max_deleted_share=max_deleted_share,
        entry_references=entry_references,
        rich_text=rich_text,
        history=history,
        deletes=deletes,
        locale_fallback=locale_fallback,
        master_locale=master_locale,
    )
    return _sync_resources(settings, RunContext())


@dlt.source(name=SOURCE, section=SOURCE)
def sync_source(settings: Settings, context: RunContext) -> list[DltResource]:
    """Return the source of `contentstack_source` for settings that are loaded already.

    Args:
        settings: what to load.
        context: of the run; gets the stats of the pass.
    """
    return _sync_resources(settings, context)


@dlt.source(name=SOURCE, section=SOURCE)
def rebuild_source(settings: Settings, context: RunContext) -> list[DltResource]:
    """Rebuild all tables from `entry_history`, without a request; the sync state stays.

    Args:
        settings: of `load_local_settings`.
        context: of the run; gets the stats of the pass.

    Raises:
        NoHistoryError: when run: there is none, or it misses what the tables hold.
        TooManyDeletionsError: when run: it lacks more than it may.
    """
    sync = dlt.resource(rebuild_pass, name=SYNC, selected=False)(settings, context)
    return [sync, *(_resource(name, sync, context) for name in PUBLISHED)]


def _sync_resources(settings: Settings, context: RunContext) -> list[DltResource]:
    sync = dlt.resource(run_sync_pass, name=SYNC, selected=False)(settings, context)
    history = [HISTORY] if settings.history else []
    names = (*settings.event_types, CONTENT_TYPES, SYNC_EVENTS, *history)
    return [sync, *(_resource(name, sync, context) for name in names)]


def _resource(name: str, sync: DltResource, context: RunContext) -> DltResource:
    def load(running: RunningPass) -> Iterator[DataItemWithMeta]:
        current = running.changes
        load_id = dlt.current.load_package_state()["load_id"]
        caps = destination_capabilities()
        for each in _adapted(current, name):
            is_new = current.is_new(each.table)
            merges = not is_new and each.table != CONTENT_TYPES
            running.stats.count_rows(each, count_data_rows(each), merges=merges)
            ids = pa.repeat(pa.scalar(load_id), each.data.num_rows)
            data = each.data.append_column("_dlt_load_id", ids)
            chosen_format = file_format(caps, each.types, is_empty=not each.data.num_rows)
            hints = hints_of(
                each,
                may_append=context.loads_once and is_new,
                file_format=chosen_format,
                lake_format=lake_format(caps),
            )
            items = to_objects(data, each.types) if encodes_json(caps, each.types) else data
            yield dlt.mark.with_hints(items, hints, create_table_variant=True)
            # dlt names the resource that wrote last; `refresh` wants the one that owns the rows.
            if (owner := owner_of(each)) in dlt.current.source().resources:
                dlt.current.source_schema().get_table(each.table)["resource"] = owner

    return dlt.transformer(load, data_from=sync, name=name)


def _adapted(current: ChangeSet, name: str) -> Iterator[RowBatch]:
    """Yield the rows of a resource as the destination can hold them."""
    caps = destination_capabilities()
    keeps_nul, ranges = holds_nul(caps), date_ranges(caps)
    for each in current.rows(name):
        rows = dates_aside(each, ranges, current.names, current.drift) if ranges else each
        yield rows if keeps_nul else nul_aside(rows, current.names, current.drift)
