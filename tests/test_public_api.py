"""What users import, and that nothing else is needed for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import contentstack_source

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
