"""Parameters of tests in two tiers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest


def by_default(names: set[str], values: Mapping[str, Any]) -> list[Any]:
    """Return parameters with their names; those not among `names` are integration tests."""
    assert names <= values.keys()
    return [
        pytest.param(value, id=name, marks=[] if name in names else [pytest.mark.integration])
        for name, value in values.items()
    ]
