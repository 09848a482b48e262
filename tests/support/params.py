"""Parameters of tests in two tiers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest


def by_default(names: set[str], given: Mapping[str, Any] | Sequence[str]) -> list[Any]:
    """Return values by name as parameters; those not among `names` are integration tests."""
    values = given if isinstance(given, Mapping) else {name: name for name in given}
    assert names <= values.keys()
    return [
        pytest.param(value, id=name, marks=[] if name in names else [pytest.mark.integration])
        for name, value in values.items()
    ]
