"""`contentstack-source docs`: a dataset described from dlt's schema and the content model."""

from __future__ import annotations

import re
from pathlib import Path

import dlt
import pytest
from click.testing import CliRunner
from dlt.common.normalizers.naming.snake_case import NamingConvention

from contentstack_source.cli.main import main
from contentstack_source.column_names import ColumnKey
from contentstack_source.dashboard.demo_data import FILE, FOLDER
from contentstack_source.dataset.column_docs import ColumnDocs
from contentstack_source.dataset.data_dictionary import describe
from contentstack_source.destinations.target import Target
from contentstack_source.naming import Names
from contentstack_source.schema import DestinationTable
from tests.support.paths import ROOT

SCHEMA_PAGE = ROOT / "docs" / "schema.md"


@pytest.fixture(scope="module")
def target(demo_folder: Path) -> Target:
    return Target(dlt.destinations.duckdb(str(demo_folder / FOLDER / FILE)))


@pytest.fixture(scope="module")
def text(target: Target) -> str:
    return describe(target)


def section(text: str, table: str) -> dict[str, list[str]]:
    """Return type, key and description of the columns of a table, by column."""
    part = text.split(f"### `{table}`\n", 1)[1].split("\n#", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \|$", part, flags=re.MULTILINE)
    return {name: rest for name, *rest in rows}


def test_docs_schema_md_is_the_schema_of_the_demo(text: str) -> None:
    assert text == SCHEMA_PAGE.read_text("utf-8")


def test_every_table_and_column_of_the_dataset_is_described(text: str, target: Target) -> None:
    schema = target.reader().schema
    for table in schema.data_table_names():
        assert section(text, table).keys() == schema.tables[table]["columns"].keys(), table


def test_a_column_names_its_field_of_the_cms(text: str) -> None:
    post = section(text, "blog_post")
    assert post["uid"] == ["text", "key", "the entry or asset"]
    assert post["seo__meta_title"] == ["text", "", "seo.meta_title (text)"]
    assert post["body"][2] == "body (JSON rich text)"
    assert post["body__markdown"][2] == "body as markdown"
    assert post["source__href"][2] == "source.href (link)"
    product = section(text, "product")
    assert product["care"][2] == "care (Markdown)"
    assert product["size"][2] == "size (select)"
    assert product["specification"][2] == "specification (custom field)"
    contacts = section(text, "product__suppliers__contacts")
    assert contacts["email"][2] == "suppliers.contacts.email (text)"
    blocks = section(text, "page__blocks")
    assert blocks["hero__image"][2] == "blocks.hero.image (file)"


def test_a_field_named_like_an_own_column_is_described_at_its_column() -> None:
    keys = {"content_locale_da8162": ColumnKey(("content_locale",))}
    columns = dict.fromkeys(["content_locale", "content_locale_da8162"], "text")
    landed = {"blog": DestinationTable(columns, keys=keys)}
    described = ColumnDocs(Names(NamingConvention()), landed)
    described.add("blog", "blog", [{"uid": "content_locale", "data_type": "text"}])
    assert described.tables["blog"].columns == {"content_locale_da8162": "content_locale (text)"}


def test_a_list_names_its_field_and_its_targets(text: str) -> None:
    related = "An element of related (reference) in a row of `product`."
    assert f"{related} It leads to `product`, `blog_post`.\n" in text
    assert "An element of sections.gallery.images (file, multiple) in a row of" in text


def test_the_diagram_has_lists_references_and_files(text: str) -> None:
    (diagram,) = re.findall(r"```mermaid\n(.*?)```", text, flags=re.DOTALL)
    assert diagram.startswith("erDiagram\n")
    assert "    product ||--o{ product__suppliers : holds\n" in diagram
    assert '    blog_post__author }o--o| author : "refers to"\n' in diagram
    assert '    blog_post }o--o| assets : "hero_image"\n' in diagram


def test_the_command_writes_a_file_and_refuses_a_missing_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, demo_folder: Path, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = CliRunner().invoke(main, ["docs"])
    assert refused.exit_code == 2
    link = tmp_path / "contentstack_warehouse.duckdb"
    link.unlink(missing_ok=True)
    link.symlink_to(demo_folder / FOLDER / FILE)
    assert CliRunner().invoke(main, ["docs", "--output", "out.md"]).exit_code == 0
    assert (tmp_path / "out.md").read_text("utf-8") == text
