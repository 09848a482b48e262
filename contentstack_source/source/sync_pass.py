"""One walk over the streams: what is asked, what becomes of it, and where it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import dlt
import pendulum

from contentstack_source.api.client import Client
from contentstack_source.api.fetch import Pages, Stream, add_missing_types, fetch_model
from contentstack_source.api.sync_protocol import Page
from contentstack_source.destinations.capabilities import (
    lake_format,
    refuse_soft_deletes,
    refuse_unsupported,
)
from contentstack_source.destinations.dlt_compat import (
    active_pipeline,
    destination_capabilities,
    silence_json_notice,
)
from contentstack_source.destinations.hints import RESOURCES, existing_tables
from contentstack_source.destinations.reader import read_ids, read_rows
from contentstack_source.destinations.state import (
    SyncState,
    changed_table_options,
    history_begins,
    load_last_state,
    load_sync_state,
    save_sync_state,
)
from contentstack_source.errors import CredentialsError, TooManyDeletionsError
from contentstack_source.events import SYS_ASSETS
from contentstack_source.naming import Names
from contentstack_source.settings import HISTORY, SOFT, WHOLE, Settings
from contentstack_source.source.dataset_check import settle
from contentstack_source.source.run_context import RunContext
from contentstack_source.source.stats import PassStats, RunningPass
from contentstack_source.transform.change_set import CONTENT_TYPES, SYNC_EVENTS, ChangeSet
from contentstack_source.transform.compaction import Compaction
from contentstack_source.transform.nested_lists import nest
from contentstack_source.transform.soft_deletes import SoftDeletes
from contentstack_source.transform.staging import Staging


def run_sync_pass(settings: Settings, context: RunContext) -> Iterator[RunningPass]:
    """Run one pass, hand it to the resources, and save its sync state."""
    if (pipeline := active_pipeline()) is not None:
        refuse_unsupported(pipeline.destination)
    if settings.deletes == SOFT:
        refuse_soft_deletes(destination_capabilities())
    settings = _only_selected(settings)
    is_believed = context.loads_once or pipeline is None or settle(pipeline)
    sync_state, last = load_sync_state(settings) if is_believed else None, load_last_state()
    context.stats = stats = PassStats(changed_table_options=changed_table_options(settings))
    stats.history_begins = history_begins(settings)
    client = Client(settings)
    pages = Pages(client, _spool_folder())
    staging = Staging(only_locale=settings.locale, temp_folder=pages.folder / "tmp")
    tokens = dict(sync_state.tokens) if sync_state else {}
    content_types = _model_of_streams(settings, client, stats)
    streams = _streams(settings, tokens, content_types or {})
    pages.fetch(streams, staging, stats, _progress())
    stats.requests, stats.retries = client.requests, client.retries
    if stats.tokens == tokens:
        pages.clear()  # The same tokens again: nothing changed (FACTS 7.2); ask again next time.
        return
    stats.has_moved = True
    silence_json_notice(RESOURCES)
    if content_types is None:
        content_types = fetch_model(client, stats)
    compaction = Compaction(staging.con, last.locales if last else ())
    if content_types is not None:
        add_missing_types(client, content_types, compaction.standing_types)
    replaced = _replaced(settings, streams, stats, last)
    current = _change_set(compaction, settings, last, content_types, replaced)
    stats.count_changes(current)
    stats.requests, stats.retries = client.requests, client.retries
    try:
        current.refuse_too_many_deletions(settings.max_deleted_share, read_ids)
    except TooManyDeletionsError:
        pages.clear()  # the next run asks the service again
        raise
    if not context.loads_once:
        # From here on dlt's load package has the data, and dlt loads it, in a later run if need be.
        current.when_read(_readers(settings), pages.clear)
    yield RunningPass(current, stats)
    save_sync_state(
        settings,
        SyncState(
            tokens=_without_finished(stats, compaction, content_types),
            identity=settings.identity(),
            tables=current.names.tables,
            locales=compaction.locales,
            moved_at=current.received_at.isoformat(),
            events=stats.events,
            table_options=settings.table_options(),
        ),
    )


def _change_set(
    compaction: Compaction,
    settings: Settings,
    last: SyncState | None,
    content_types: dict[str, Mapping[str, Any]] | None,
    replaced: set[str] | None,
) -> ChangeSet:
    """Return the pass, ready to be handed over table by table."""
    names = Names(dlt.current.source_schema().naming, last.tables if last else {})
    existing = existing_tables(dlt.current.source_schema())
    received_at, soft_deletes = _received_at(last), None
    if settings.deletes == SOFT:
        soft_deletes = SoftDeletes(
            compaction,
            names,
            existing,
            replaced=replaced,
            received_at=received_at,
            read_rows=read_rows,
        )
    return ChangeSet(
        compaction,
        settings,
        names=names,
        existing=existing,
        content_types=content_types,
        replaced=replaced,
        received_at=received_at,
        gather=nest if lake_format(destination_capabilities()) else None,
        soft_deleted=soft_deletes.soft_deleted if soft_deletes else None,
        soft_delete_rows=soft_deletes.rows if soft_deletes else None,
    )


def _model_of_streams(
    settings: Settings, client: Client, stats: PassStats
) -> dict[str, Mapping[str, Any]] | None:
    """Return the content types if they are needed to know the streams.

    Raises:
        CredentialsError: they cannot be read.
    """
    if settings.partition_by is None:
        return None
    content_types = fetch_model(client, stats)
    if content_types is None:
        message = f"The content types cannot be read ({stats.model_error})"
        hint = "partition_by needs them: let the delivery token read them, or leave it unset."
        raise CredentialsError(message, hint)
    return content_types


def _streams(
    settings: Settings, tokens: Mapping[str, str], content_types: Mapping[str, Any]
) -> list[Stream]:
    """Return the streams to fetch; that of a deleted content type still has its last events."""
    known = {name for name in tokens if name not in {WHOLE, SYS_ASSETS}}
    streams = settings.streams({*content_types, *known})
    return [
        Stream(name, number, each, tokens.get(name))
        for number, (name, each) in enumerate(streams.items())
    ]


def _replaced(
    settings: Settings, streams: Sequence[Stream], stats: PassStats, last: SyncState | None
) -> set[str] | None:
    """Return the content types that the pass brings whole; None if it brings all there is."""
    is_new_stream = last is not None and dict(last.identity) != settings.identity()
    if settings.start_from is not None and not (is_new_stream or stats.changed_table_options):
        return set()  # partial by definition: absence means nothing (FACTS 3.9)
    if stats.full_sync_streams == {each.name for each in streams}:
        return None
    return stats.full_sync_streams


def _received_at(last: SyncState | None) -> pendulum.DateTime:
    """Return the moment of a pass: now, but later than the last, whatever the clock shows."""
    now = pendulum.now("UTC")
    before = pendulum.parse(last.moved_at) if last else None
    return max(now, before.add(microseconds=1)) if isinstance(before, pendulum.DateTime) else now


def _without_finished(
    stats: PassStats, compaction: Compaction, content_types: Mapping[str, Any] | None
) -> dict[str, str]:
    """Return the tokens but those of streams whose content type is gone, and all its rows with it.

    One that is missing from the content model only is asked again: the model may be late.
    """
    gone = ({*compaction.deleted_types} | stats.full_sync_streams) - {
        *compaction.standing_types,
        WHOLE,
        SYS_ASSETS,
    }
    gone -= (content_types or {}).keys()
    return {name: token for name, token in stats.tokens.items() if name not in gone}


def _only_selected(settings: Settings) -> Settings:
    """Leaving out a resource is leaving out its event type, with all that follows from it."""
    selected = dlt.current.source().selected_resources
    chosen = tuple(name for name in settings.event_types if name in selected)
    history = settings.history and HISTORY in selected
    return replace(settings, event_types=chosen or settings.event_types, history=history)


def _readers(settings: Settings) -> set[str]:
    """Return the resources that read the pass in this run."""
    ours = {*settings.event_types, CONTENT_TYPES, SYNC_EVENTS, HISTORY}
    return ours & set(dlt.current.source().selected_resources)


def _progress() -> Callable[[Page], None]:
    pipeline = active_pipeline()

    def on_page(page: Page) -> None:
        if pipeline is not None:
            pages = None if page.total_count is None else -(-page.total_count // 100)
            pipeline.collector.update("Pages", inc=1, total=pages)

    return on_page


def spool_folder(pipelines_dir: str | Path, pipeline_name: str) -> Path:
    """Return where the pages of a pipeline's pass are kept until the pass is loaded.

    Beside the working directory, not in it: dlt drops that one when it doubts its state.
    """
    return Path(pipelines_dir) / f".{pipeline_name}.spool"


def _spool_folder() -> Path:
    pipeline = active_pipeline()
    if pipeline is None:
        return Path(mkdtemp(prefix="contentstack_spool_")) / "spool"
    return spool_folder(pipeline.pipelines_dir, pipeline.pipeline_name)
