"""docs/reference.md, compared with the code."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import click
import dlt
import pytest
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.common.normalizers.naming.snake_case import NamingConvention
from dlt.common.schema import Schema

from contentstack_source import contentstack_source, errors, naming
from contentstack_source.cli.main import main
from contentstack_source.destinations.state import SYNC, SyncState
from contentstack_source.destinations.target import Target
from contentstack_source.errors import ContentstackError, SettingsError
from contentstack_source.events import EVENT_TYPES
from contentstack_source.naming import Names
from contentstack_source.runs import run_log
from contentstack_source.settings import HOSTS, parse_base_url
from contentstack_source.simulator import serve
from contentstack_source.transform.staging import REJECT_REASONS
from tests.support.loaded_rows import Loaded
from tests.support.reference import REFERENCE, Row, code, codes, tables_of
from tests.support.small_stack import filled_stack


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """The schema of dlt after a small sync that creates every table."""
    folder = tmp_path_factory.mktemp("reference")
    stack = filled_stack()
    stack.emit_raw({"type": "unknown", "event_at": "2026-01-01T00:00:00.000Z", "data": {}})
    pipeline = dlt.pipeline(
        "reference",
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(folder / "warehouse.duckdb")),
        dataset_name="contentstack",
    )
    with serve(stack) as server:
        pipeline.run(
            contentstack_source(
                stack.api_key,
                stack.delivery_token,
                stack.environment,
                base_url=server.base_url,
                history=True,
            )
        )
    return pipeline.default_schema


def columns_of(schema: Schema, table: str) -> dict[str, str]:
    found = schema.tables[table]["columns"].items()
    return {name: str(column["data_type"]) for name, column in found}


def documented_columns(heading: str) -> dict[str, str]:
    return {code(row["Column"]): code(row["Type"]) for row in tables_of(heading)[0]}


def test_the_settings_are_the_arguments_of_the_source() -> None:
    documented = {}
    for row in tables_of("Settings")[0]:
        name = code(row["Setting"])
        documented[name] = row["Default"]
        assert code(row["Environment variable"]) == f"SOURCES__CONTENTSTACK__{name.upper()}"
    arguments = inspect.signature(contentstack_source).parameters
    assert list(documented) == list(arguments)
    for name, argument in arguments.items():
        is_unset = documented[name].startswith("unset")
        assert is_unset is (argument.default is None), name
        assert is_unset or documented[name] in {"required", f"`{argument.default}`"}, name


def test_the_regions_their_hosts_and_their_other_names_are_those_of_the_code() -> None:
    documented = tables_of("Regions")[0]
    assert {code(row["Region"]): code(row["Host"]) for row in documented} == HOSTS
    for row in documented:
        for name in [code(row["Region"]), *codes(row["Other names"])]:
            for spelled in (name, name.upper().replace("-", "_")):
                assert parse_base_url(None, spelled) == f"https://{code(row['Host'])}/v3"


def test_every_name_of_a_region_is_documented() -> None:
    documented = [codes(row["Region"] + row["Other names"]) for row in tables_of("Regions")[0]]
    known = {name for row in documented for name in row}
    candidates = {f"{cloud}{area}" for cloud in ("", "aws-", "azure-", "gcp-") for area in HOSTS}
    for name in candidates | {"us", "aws-us", "azure-us", "gcp-us", "azure-au", "gcp-au"}:
        if name in known:
            continue
        with pytest.raises(SettingsError):
            parse_base_url(None, name)


def test_the_resources_are_those_of_the_source() -> None:
    documented = [code(row["Resource"]) for row in tables_of("Resources")[0]]
    source = contentstack_source("blt1", "cs1", "production", history=True)
    assert documented == [name for name in source.resources if name != SYNC]
    assert list(source.selected_resources) == documented
    assert tuple(documented[: len(EVENT_TYPES)]) == EVENT_TYPES


@pytest.mark.parametrize(
    "table",
    [
        "entries",
        "assets",
        "content_types",
        "sync_events",
        "sync_rejects",
        "entry_history",
        "entry_references",
    ],
)
def test_the_columns_of_own_tables_are_documented(schema: Schema, table: str) -> None:
    assert documented_columns(f"`{table}`") == columns_of(schema, table)


def test_the_columns_of_a_content_type_are_the_documented_ones_and_its_fields(
    schema: Schema,
) -> None:
    documented = documented_columns("`<content_type_uid>`")
    found = {name for name in columns_of(schema, "article") if name != "_in_progress"}
    fields = {"rating", "seo__slug", "cover", "body", "intro", "notes", "preset"}
    fields |= {"sub_title", "sub_title_16dea8", "seo__slug_5e74a0"}
    assert documented.keys() | fields == found
    assert documented.items() <= columns_of(schema, "article").items()


def test_the_columns_of_a_list_are_the_documented_ones_and_its_elements(schema: Schema) -> None:
    documented = documented_columns("`<content_type_uid>__<field>`")
    assert documented | {"value": "text"} == columns_of(schema, "article__parts__notes")


def test_the_tables_and_their_keys_are_documented(schema: Schema) -> None:
    documented = {code(row["Table"]): set(codes(row["Key"])) for row in tables_of("Tables")[0]}
    assert documented.pop("<content_type_uid>") == _key(schema, "article")
    assert documented.pop("<content_type_uid>__<field>") == _key(schema, "article__parts")
    assert documented.pop("sync_runs") == set()  # not part of the source: the command writes it
    for table, key in documented.items():
        assert key == _key(schema, table)
    others = {table for table in schema.data_table_names() if not table.startswith("a")}
    assert others | {"assets"} == documented.keys()


def test_the_columns_of_the_run_log_are_documented() -> None:
    rows = tables_of("`sync_runs`")[0]
    documented = {code(row["Column"]): row["Type"] for row in rows}
    assert documented == {**run_log.COLUMNS}


def _key(schema: Schema, table: str) -> set[str]:
    found = schema.tables[table]["columns"].items()
    return {name for name, column in found if column.get("primary_key")}


def test_every_reason_of_a_reject_is_documented() -> None:
    documented = {code(row["Reason"]) for row in tables_of("`sync_rejects`")[1]}
    assert documented == REJECT_REASONS.keys()


def documented_fields() -> list[Any]:
    """Return every example: schema of `f` if any, its value, its type if shown, and the rows."""
    tables = [
        *tables_of("How fields map to columns"),
        *tables_of("Fields missing from the content model"),
        *tables_of("Values that do not match the column type"),
    ]
    return [
        pytest.param(row, id=f"{row.get('Field', '')} {code(row['`f` in the entry'])}")
        for table in tables
        for row in table
    ]


@pytest.mark.parametrize("row", documented_fields())
def test_a_field_becomes_the_rows_that_the_reference_shows(
    row: Row, loaded: Callable[..., Loaded]
) -> None:
    schema = code(row.get("Schema of `f`", ""))
    found = loaded(
        {"f": json.loads(code(row["`f` in the entry"]))},
        schema=[{"uid": "f", **json.loads(schema)}] if schema else [],
    )
    for table, rows in json.loads(code(row["Rows"])).items():
        assert _shown(found, table) == rows
        if "Type" in row:
            types = {found.types[table][name] for each in rows for name in each}
            assert types == {code(row["Type"])}


def _shown(found: Loaded, table: str) -> list[dict[str, Any]]:
    """Return what the reference shows of a table: no NULLs, no columns that every row has."""
    types = found.types[table]
    common = {"uid", "locale", "content_locale", "event_at"} if table == "blog" else set()
    return [
        {
            name: _shown_value(value, types[name])
            for name, value in row.items()
            if value is not None and not name.startswith("_dlt_") and name not in common
        }
        for row in found.rows[table]
    ]


def _shown_value(value: Any, data_type: str) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return json.loads(value) if data_type == "json" else value


def test_names_are_built_as_documented() -> None:
    uids, content_types = tables_of("Names")
    for row in uids:
        convention = NamingConvention()
        assert convention.normalize_identifier(code(row["Uid or field"])) == code(row["Name"])
    documented = {
        code(row["Content types of one stack"]): code(row["Table"]) for row in content_types
    }
    given = Names(NamingConvention())
    given.assign_tables(documented)
    assert given.tables == documented


def test_reserved_table_names_are_documented() -> None:
    listed = ", ".join(f"`{name}`" for name in naming.OWN_TABLES)
    assert listed in REFERENCE.read_text("utf-8").replace("\n", " ")


def test_the_views_are_documented() -> None:
    documented = [code(row["View"]) for row in tables_of("Views")[0]]
    assert sorted(documented) == sorted(naming.OWN_VIEWS)


def test_the_keys_of_the_state_are_documented() -> None:
    documented = [code(row["Key"]) for row in tables_of("State")[0]]
    assert documented == [each.name for each in fields(SyncState)]


def test_the_commands_and_their_options_are_documented() -> None:
    commands, options, _ = tables_of("Commands")
    assert [code(row["Command"]) for row in commands] == list(main.commands)
    documented = {
        (command, code(row["Option"]), code(row["Default"]))
        for row in options
        for command in codes(row["Commands"])
    }
    assert documented == {
        (name, option.opts[0], _default(option))
        for name, command in main.commands.items()
        for option in command.params
    }


def _default(option: click.Parameter) -> str:
    if getattr(option, "is_flag", False):
        return "off"
    default = option.default
    if isinstance(default, float):
        return f"{default:g}"
    return str(default) if isinstance(default, (str, int)) else "unset"


def test_every_error_is_documented_with_its_exit_code() -> None:
    documented = {code(row["Error"]): int(row["Exit code"]) for row in tables_of("Errors")[0]}
    assert documented == {
        name: each.exit_code
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, ContentstackError)
    }


def test_the_exit_codes_are_those_of_the_errors() -> None:
    documented = {int(row["Exit code"]) for row in tables_of("Commands")[2]}
    every = (errors.FailedError, errors.RefusedError, errors.StoppedError)
    assert documented == {0, *(each.exit_code for each in every)}


def test_the_documented_defaults_of_dlt_settings_are_correct() -> None:
    for row in tables_of("dlt's own settings")[0]:
        assert float(code(row["Default"])) == getattr(RuntimeConfiguration, code(row["Setting"]))


def test_the_default_duckdb_file_is_named_as_documented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pipeline = Target(pipelines_dir=str(tmp_path / "dlt")).pipeline()
    with pipeline.sql_client():
        pass
    assert "`<pipeline_name>_warehouse.duckdb`" in REFERENCE.read_text("utf-8")
    assert [file.name for file in tmp_path.glob("*.duckdb")] == ["contentstack_warehouse.duckdb"]
