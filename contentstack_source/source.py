"""The dlt source: one resource an event type, all fed by one walk over the stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

import dlt
import pendulum
import pyarrow as pa
from dlt.common.configuration.container import Container
from dlt.common.destination.exceptions import DestinationUndefinedEntity, SqlClientNotAvailable
from dlt.common.pipeline import PipelineContext
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.extract.items import DataItemWithMeta
from dlt.extract.resource import DltResource

from contentstack_source.client import Client
from contentstack_source.errors import TooManyDeletionsError
from contentstack_source.fetch import Report, fetch_model, fetch_pass
from contentstack_source.hints import existing_tables, hints_of, owner_of, silence_json_notice
from contentstack_source.names import Names
from contentstack_source.passes import Pass
from contentstack_source.position import SYNC, Position, recall, recall_last, remember
from contentstack_source.settings import Settings, parse_settings
from contentstack_source.spool import Spool
from contentstack_source.stream import Page
from contentstack_source.tables import Rows

loads_happen_once: ContextVar[bool] = ContextVar("loads_happen_once", default=False)
"""Set by a run that never lets dlt do a load a second time: new tables need no merge then."""

CONTENT_TYPES: Final = "content_types"
SYNC_EVENTS: Final = "sync_events"


@dlt.source(name="contentstack", section="contentstack")
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
    max_deleted_share: float = 0.5,
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
        partition_by: not supported yet; leave it unset.
        max_deleted_share: the part of all rows that a resync may remove, 0 to 1.

    Raises:
        SettingsError: a setting is wrong.
        TooManyDeletionsError: when run: a resync would remove more than it may.
        SettingsChangedError: when run: the dataset holds another stream.
        CredentialsError: when run: the stack refused the credentials.
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
        max_deleted_share=max_deleted_share,
    )
    sync = dlt.resource(_walk, name=SYNC, selected=False)(settings)
    loads: dict[str, Callable[[Pass], Iterator[Rows]]] = {
        event_type: _rows_of(event_type) for event_type in settings.event_types
    }
    loads |= {CONTENT_TYPES: Pass.content_type_rows, SYNC_EVENTS: Pass.log_rows}
    return [sync, *(_resource(name, rows, sync) for name, rows in loads.items())]


def _rows_of(event_type: str) -> Callable[[Pass], Iterator[Rows]]:
    return lambda current: current.rows(event_type)


def _resource(name: str, rows: Callable[[Pass], Iterator[Rows]], sync: DltResource) -> DltResource:
    def load(current: Pass) -> Iterator[DataItemWithMeta]:
        load_id = dlt.current.load_package_state()["load_id"]
        for each in rows(current):
            ids = pa.repeat(pa.scalar(load_id), each.data.num_rows)
            data = each.data.append_column("_dlt_load_id", ids)
            may_append = loads_happen_once.get() and current.is_new(each.table)
            hints = hints_of(each, may_append=may_append)
            yield dlt.mark.with_hints(data, hints, create_table_variant=True)
            # dlt names the resource that wrote last; `refresh` wants the one that owns the rows.
            if (owner := owner_of(each)) in dlt.current.source().resources:
                dlt.current.source_schema().get_table(each.table)["resource"] = owner

    return dlt.transformer(load, data_from=sync, name=name)


def _walk(settings: Settings) -> Iterator[Pass]:
    """Walk one pass, hand it to the resources, and remember where it ended."""
    settings = _only_selected(settings)
    position, last = recall(settings), recall_last()
    report = Report()
    _publish(report)
    client, spool = Client(settings), Spool(_spool_folder())
    start = position.sync_token if position else None
    token = fetch_pass(client, spool, settings, start, report, _progress())
    report.sync_token = token
    report.requests, report.retries = client.requests, client.retries
    if start == token:
        spool.clear()  # The same token again: nothing changed (FACTS 7.2); ask anew next time.
        return
    report.has_moved = True
    silence_json_notice()
    content_types = fetch_model(client, report)
    current = Pass(
        spool,
        settings,
        names=Names(dlt.current.source_schema().naming, last.tables if last else {}),
        known_locales=last.locales if last else [],
        is_new_stream=last is not None and dict(last.identity) != settings.identity(),
        existing=existing_tables(dlt.current.source_schema()),
        content_types=content_types,
        report=report,
    )
    report.requests, report.retries = client.requests, client.retries
    try:
        current.refuse_too_many_deletions(settings.max_deleted_share, _ids_at_destination)
    except TooManyDeletionsError:
        spool.clear()  # the next run asks the service again
        raise
    yield current
    remember(
        settings,
        Position(
            sync_token=token,
            identity=settings.identity(),
            tables=current.names.tables,
            locales=current.locales,
            moved_at=pendulum.now("UTC").to_iso8601_string(),
            events=report.events,
        ),
    )


def _only_selected(settings: Settings) -> Settings:
    """Leaving out a resource is leaving out its event type, with all that follows from it."""
    selected = dlt.current.source().selected_resources
    chosen = tuple(name for name in settings.event_types if name in selected)
    return replace(settings, event_types=chosen or settings.event_types)


def _progress() -> Callable[[Page], None]:
    pipeline = _active_pipeline()

    def on_page(page: Page) -> None:
        if pipeline is not None:
            pages = None if page.total_count is None else -(-page.total_count // 100)
            pipeline.collector.update("Pages", inc=1, total=pages)

    return on_page


def _publish(report: Report) -> None:
    """Put the report where dlt's trace and the command line find it."""
    dlt.current.resource_metrics()["report"] = report


def _ids_at_destination(table: str) -> pa.Table | None:
    """Return the `_dlt_id` of every row of a table; None where nobody can tell."""
    pipeline = _active_pipeline()
    if pipeline is None:
        return None
    try:
        with pipeline.sql_client() as client:
            name = client.make_qualified_table_name(table)
            rows = client.execute_sql(f"SELECT _dlt_id FROM {name}") or []
            return pa.table({"_dlt_id": pa.array([row[0] for row in rows], pa.string())})
    except (DatabaseUndefinedRelation, DestinationUndefinedEntity, SqlClientNotAvailable):
        return None


def _spool_folder() -> Path:
    """Beside the working directory, not in it: dlt drops that one when it doubts its state."""
    pipeline = _active_pipeline()
    if pipeline is None:
        return Path(mkdtemp(prefix="contentstack_spool_")) / "spool"
    return Path(pipeline.pipelines_dir) / f".{pipeline.pipeline_name}.spool"


def _active_pipeline() -> Any:  # noqa: ANN401 - the protocol lacks what is used of the class
    context = Container()[PipelineContext]
    return context.pipeline() if context.is_active() else None
