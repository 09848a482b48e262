"""The other documents: what they refer to exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
DECISIONS = sorted(ROOT.glob("docs/decisions/[0-9]*.md"))


def anchors_of(document: Path) -> Iterator[str]:
    for heading in re.findall(r"^#+ (.+)$", document.read_text("utf-8"), flags=re.MULTILINE):
        yield re.sub(r"[^\w\s-]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_has_a_target(document: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", document.read_text("utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


def test_the_index_lists_every_decision_under_its_title() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| \[(\d{4})\]\((.+)\) \| (.+) \|$", index, flags=re.MULTILINE)
    titles = [path.read_text("utf-8").splitlines()[0].removeprefix("# ") for path in DECISIONS]
    assert listed == [
        (path.name[:4], path.name, title) for path, title in zip(DECISIONS, titles, strict=True)
    ]


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_context_alternatives_and_consequences(decision: Path) -> None:
    text = decision.read_text("utf-8")
    for part in ("## Context", "## Decision", "## Consequences"):
        assert part in text
    assert "## Tried" in text or "## Measured" in text
    assert len(text.splitlines()) <= 45


def test_every_package_is_in_the_table_of_packages() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"^\| `(\w+)/` \|", text, flags=re.MULTILINE)
    there = {path.parent.name for path in (ROOT / "contentstack_source").glob("*/__init__.py")}
    assert sorted(named) == sorted(there)


def test_the_named_make_targets_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"^make ([\w-]+)", text, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_files_named_in_contributing_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for name in re.findall(r"`([\w/.]+\.(?:py|md|sh|toml))`", text):
        assert (ROOT / name).is_file() or (ROOT / "contentstack_source" / name).is_file(), name


@pytest.mark.parametrize("page", ["reliability.md", "security.md"])
def test_every_promise_names_tests_that_exist(page: str) -> None:
    found = dict(is_long_by_test())
    text = (ROOT / "docs" / page).read_text("utf-8")
    tables = re.findall(r"^\| Promise \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
    assert tables
    for promise in "".join(tables).splitlines():
        named = re.findall(r"`(test_\w+)`", promise.rsplit(" | ", 1)[1])
        assert named, promise
        assert found.keys() >= {*named}, promise
        assert not all(found[name] for name in named), f"only long tests: {promise}"


def is_long_by_test() -> Iterator[tuple[str, bool]]:
    """Yield every test, and whether it runs in `make test-all` only."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        for each in ast.parse(path.read_text("utf-8")).body:
            if isinstance(each, ast.FunctionDef):
                decorators = [ast.unparse(decorator) for decorator in each.decorator_list]
                yield each.name, "pytest.mark.long" in decorators
