"""One load into one table of a lake: deletes and upserts, in one commit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from dlt.destinations.impl.filesystem.configuration import FilesystemDestinationClientConfiguration
from dlt.destinations.impl.filesystem.filesystem import FilesystemClient
from pyiceberg.catalog.sql import SqlCatalog

from contentstack_source.destinations.lake import delta, iceberg, lake
from contentstack_source.destinations.lake.load_files import Staged
from tests.support.harness import MakesJob
from tests.support.small_stack import filled_stack
from tests.support.warehouses import MakesWarehouse, at

PARTS = pa.list_(pa.struct([("_dlt_list_idx", pa.int64()), ("heading", pa.string())]))
ROWS = pa.schema(
    [
        ("_dlt_id", pa.string()),
        ("content_type_uid", pa.string()),
        ("title", pa.string()),
        ("parts", PARTS),
        ("event_at", pa.timestamp("us", "UTC")),
    ]
)
TOMBSTONES = pa.schema([("_dlt_id", pa.string()), ("content_type_uid", pa.string())])


class Delta:
    """A Delta table."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "delta")

    def make(self, staged: Staged) -> None:
        delta.make(self.path, staged, FilesystemDestinationClientConfiguration())

    def merge(self, staged: Staged) -> None:
        delta.merge(DeltaTable(self.path), staged)

    def append(self, staged: Staged) -> None:
        delta.append(DeltaTable(self.path), staged)

    def rows(self) -> list[dict[str, Any]]:
        return list(DeltaTable(self.path).to_pyarrow_table().to_pylist())

    def commits(self) -> int:
        return DeltaTable(self.path).version() + 1


class Iceberg:
    """An Iceberg table."""

    def __init__(self, folder: Path) -> None:
        self.path = f"file://{folder}/iceberg"
        self.catalog = SqlCatalog("lake", uri="sqlite:///:memory:", warehouse=self.path)
        self.catalog.create_namespace("cms")

    def make(self, staged: Staged) -> None:
        iceberg.make(self.catalog, "cms.article", f"{self.path}/article", staged, None)

    def merge(self, staged: Staged) -> None:
        iceberg.merge(self.catalog.load_table("cms.article"), staged)

    def append(self, staged: Staged) -> None:
        iceberg.append(self.catalog.load_table("cms.article"), staged)

    def rows(self) -> list[dict[str, Any]]:
        return list(self.catalog.load_table("cms.article").scan().to_arrow().to_pylist())

    def commits(self) -> int:
        return len(self.catalog.load_table("cms.article").metadata.metadata_log)


@pytest.fixture(params=[Delta, Iceberg], ids=["delta", "iceberg"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made = request.param(tmp_path)
    made.make(staged(tmp_path, rows("a", "b", "c"), rows("d", of="author")))
    return made


def rows(*ids: str, of: str = "article", title: str = "old", parts: Any = None) -> pa.Table:
    columns = {"content_type_uid": of, "title": title, "parts": parts, "event_at": 0}
    return pa.Table.from_pylist([{"_dlt_id": each, **columns} for each in ids], schema=ROWS)


def tombstones(*ids: str, of: str | None = "article") -> pa.Table:
    return pa.Table.from_pylist(
        [{"_dlt_id": each, "content_type_uid": of} for each in ids], schema=TOMBSTONES
    )


def staged(folder: Path, *tables: pa.Table) -> Staged:
    paths = []
    for number, each in enumerate(tables):
        paths.append(str(folder / f"{number}.parquet"))
        pq.write_table(each, paths[-1])
    return Staged(paths, "event_at")


def found(table: Any) -> dict[str, str]:
    return {row["_dlt_id"]: row["title"] for row in table.rows()}


OLD = {"a": "old", "b": "old", "c": "old", "d": "old"}


def test_rows_replace_rows_of_their_id_and_tombstones_delete_theirs(
    table: Any, tmp_path: Path
) -> None:
    load = staged(tmp_path, tombstones("b", "never published"), rows("c", "e", title="new"))
    for _ in range(2):  # repeating a load changes nothing
        table.merge(load)
        assert found(table) == {"a": "old", "c": "new", "d": "old", "e": "new"}
        assert len(table.rows()) == 4


def test_a_load_is_one_commit(table: Any, tmp_path: Path) -> None:
    before = table.commits()
    table.merge(staged(tmp_path, tombstones("b"), rows("c", "e", title="new")))
    assert table.commits() == before + 1


def test_tombstones_alone_delete_rows(table: Any, tmp_path: Path) -> None:
    table.merge(staged(tmp_path, tombstones("a", "b")))
    assert found(table) == {"c": "old", "d": "old"}


def test_a_deleted_type_keeps_only_rows_of_the_load(table: Any, tmp_path: Path) -> None:
    table.merge(staged(tmp_path, tombstones("*"), rows("b", "e", title="new")))
    assert found(table) == {"b": "new", "d": "old", "e": "new"}


def test_a_full_delete_keeps_only_rows_of_the_load(table: Any, tmp_path: Path) -> None:
    table.merge(staged(tmp_path, tombstones("*", of="*"), rows("e", title="new")))
    assert found(table) == {"e": "new"}
    table.merge(staged(tmp_path, tombstones("*", of=None)))
    assert found(table) == {}


def test_a_type_named_like_sql_is_only_a_name(table: Any, tmp_path: Path) -> None:
    table.merge(staged(tmp_path, tombstones("*", of="x') OR true --")))
    assert found(table) == OLD


def test_new_columns_are_added_and_those_missing_in_a_load_stay(table: Any, tmp_path: Path) -> None:
    wider = rows("a", title="new").append_column("price", pa.array([1.5]))
    table.merge(staged(tmp_path, wider))
    table.merge(staged(tmp_path, rows("b", title="new").drop_columns(["parts"])))
    prices = {row["_dlt_id"]: row["price"] for row in table.rows()}
    assert prices == {"a": 1.5, "b": None, "c": None, "d": None}


def test_a_list_gets_new_fields_and_old_rows_keep_theirs(table: Any, tmp_path: Path) -> None:
    table.merge(staged(tmp_path, rows("a", parts=[{"_dlt_list_idx": 0, "heading": "h"}])))
    fields = [("_dlt_list_idx", pa.int64()), ("heading", pa.string()), ("level", pa.int64())]
    wider = pa.array([[{"_dlt_list_idx": 0, "heading": "i", "level": 3}]] * 2)
    wider = wider.cast(pa.list_(pa.struct(fields)))
    load = rows("b", "e").drop_columns(["parts"]).append_column("parts", wider)
    table.merge(staged(tmp_path, load, tombstones("c")))
    parts = {row["_dlt_id"]: row["parts"] for row in table.rows()}
    assert parts["a"] == [{"_dlt_list_idx": 0, "heading": "h", "level": None}]
    assert parts["b"] == parts["e"] == [{"_dlt_list_idx": 0, "heading": "i", "level": 3}]
    assert parts.keys() == {"a", "b", "d", "e"}
    table.merge(staged(tmp_path, rows("d", parts=[{"_dlt_list_idx": 0, "heading": "narrow"}])))
    assert len(table.rows()) == 4


def test_a_type_is_deleted_while_a_list_gets_new_fields(table: Any, tmp_path: Path) -> None:
    fields = [("_dlt_list_idx", pa.int64()), ("heading", pa.string()), ("level", pa.int64())]
    wider = pa.nulls(1, pa.list_(pa.struct(fields)))
    load = rows("e").drop_columns(["parts"]).append_column("parts", wider)
    table.merge(staged(tmp_path, tombstones("*"), load))
    assert found(table) == {"d": "old", "e": "old"}


def test_rows_are_appended_without_reading_existing_ones(table: Any, tmp_path: Path) -> None:
    table.append(staged(tmp_path, rows("a", title="again")))
    assert len(table.rows()) == 5


@at("delta", "iceberg")
def test_unknown_values_in_lists_are_loaded(
    make_job: MakesJob, make_warehouse: MakesWarehouse
) -> None:
    job = make_job(filled_stack(), make_warehouse)
    job.sync()
    parts = [{"heading": "h", "level": 3, "notes": [], "rows": [["a"], []]}, {}, None]
    tags = ["a", 1, None, {"deep": [True]}]
    fields = {"title": "T", "parts": parts, "tags": tags, "seo": ["was", "a group"]}
    job.stack.publish_entry("article", "e1", fields, "en-us")
    job.stack.publish_entry("article", "new", {"title": "T", "tags": "a text"}, "en-us")
    job.sync()


@pytest.mark.parametrize("table_format", ["delta", "iceberg"])
def test_a_dataset_that_does_not_exist_has_no_tables_to_drop(
    tmp_path: Path, table_format: str
) -> None:
    destination = lake(f"file://{tmp_path}/lake", table_format)
    pipeline = dlt.pipeline("contentstack", str(tmp_path / "dlt"), destination=destination)
    with pipeline.destination_client() as client:
        assert isinstance(client, FilesystemClient)
        client.drop_tables("author", delete_schema=True)
    assert not (tmp_path / "lake").exists()
