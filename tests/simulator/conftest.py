"""The simulator's tests begin with nothing published."""

from __future__ import annotations

import pytest

from contentstack_source.simulator import Stack
from tests.support.simulator_client import empty_stack


@pytest.fixture
def stack() -> Stack:
    return empty_stack()
