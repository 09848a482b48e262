"""The public API, and what importing it loads."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import contentstack_source
from tests.support.paths import ROOT

EXPORTED = {
    "RunSummary",
    "Target",
    "__version__",
    "contentstack_source",
    "rebuild",
    "resync",
    "status",
    "sync",
}


MODULES = {
    "contentstack_source.dagster": {"contentstack_definitions"},
    "contentstack_source.destinations.lake": {"lake"},
    "contentstack_source.errors": {"FailedError", "RefusedError"},
}
"""Modules that users import beside the package, with what the files to copy take from them."""

FOR_NOTEBOOKS = {
    "contentstack_source.dashboard.charts",
    "contentstack_source.dashboard.demo_data",
    "contentstack_source.dashboard.queries",
}
"""Modules that only notebooks import: they draw the charts of the dashboard."""

FILES = sorted([*ROOT.glob("pipelines/*.py"), *ROOT.glob("notebooks/*.py")])


DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]


def imported_names(code: str) -> Iterator[tuple[str, str]]:
    """Yield module and name of each import from the package; no name for a whole module."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            for each in node.names:
                if each.name.partition(".")[0] == "contentstack_source":
                    yield each.name, ""
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module.partition(".")[0] == "contentstack_source":
                for each in node.names:
                    yield module, each.name


def is_public(module: str, name: str, *, is_notebook: bool) -> bool:
    if is_notebook and {module, f"{module}.{name}"} & FOR_NOTEBOOKS:
        return True
    if module == "contentstack_source":
        return name in {"", *EXPORTED}
    return name in MODULES.get(module, set())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_pipelines_and_notebooks_import_only_the_public_api(path: Path) -> None:
    is_notebook = path.parent.name == "notebooks"
    found = imported_names(path.read_text("utf-8"))
    assert [each for each in found if not is_public(*each, is_notebook=is_notebook)] == []


def test_python_in_documents_imports_only_the_public_api() -> None:
    lines = [
        line.strip()
        for path in DOCUMENTS
        for block in re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
        for line in block.splitlines()
        if re.match(r"\s*(from|import) contentstack_source", line)
    ]
    assert lines
    found = [each for line in lines for each in imported_names(line)]
    assert [each for each in found if not is_public(*each, is_notebook=False)] == []


def test_the_package_exports_what_users_need_and_nothing_else() -> None:
    assert set(contentstack_source.__all__) == EXPORTED
    for name in EXPORTED:
        assert getattr(contentstack_source, name) is not None


def test_a_name_that_is_not_exported_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = contentstack_source.nothing


def test_importing_the_package_does_not_import_dlt() -> None:
    script = "import sys, contentstack_source; print('dlt' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
