"""Use of dlt beyond its documentation."""

from __future__ import annotations

from pathlib import Path

import dlt
import pytest

from contentstack_source.destinations.target import Target

CREDENTIALS = "DESTINATION__DUCKDB__CREDENTIALS"


def file_of(pipeline: dlt.Pipeline) -> str:
    with pipeline.sql_client() as client:
        found = client.execute_sql("SELECT path FROM duckdb_databases() WHERE NOT internal")
        ((file,),) = found or ()
        return Path(file).name


def test_a_pipeline_keeps_the_configuration_of_its_destination_and_the_next_one_reads_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(CREDENTIALS, "first.duckdb")
    target = Target()
    first = target.pipeline()
    assert file_of(first) == "first.duckdb"
    monkeypatch.setenv(CREDENTIALS, "second.duckdb")
    assert file_of(first) == "first.duckdb"
    assert file_of(target.pipeline()) == "second.duckdb"


def test_each_dataset_of_a_pipeline_has_its_own_configuration() -> None:
    pipeline = Target(dlt.destinations.duckdb("warehouse.duckdb")).pipeline()
    assert pipeline.sql_client().dataset_name == "contentstack"
    pipeline.sync_destination(dataset_name="other")
    assert pipeline.sql_client().dataset_name == "other"


def test_the_destination_of_the_user_is_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    destination = dlt.destinations.duckdb()
    monkeypatch.setenv(CREDENTIALS, "first.duckdb")
    file_of(Target(destination).pipeline())
    monkeypatch.setenv(CREDENTIALS, "second.duckdb")
    own = dlt.pipeline(
        "own", pipelines_dir="own", destination=destination, dataset_name="contentstack"
    )
    assert file_of(own) == "second.duckdb"
