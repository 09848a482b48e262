"""dlt's BigQuery with an emulator: all SQL, requests and load files go there.

It has no users, quotas, row limits, partitions, clusters, or BigQuery's own storage.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dlt
import pytest
from dlt.common.configuration.specs import GcpServiceAccountCredentials
from google.auth.credentials import AnonymousCredentials

from tests.support.servers.bigquery import PROJECT, bigquery


@contextmanager
def bigquery_emulated() -> Iterator[Any]:
    """Yield dlt's destination."""
    anonymous: Any = AnonymousCredentials
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIGQUERY_EMULATOR_HOST", bigquery())
        patch.setenv(
            "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION", "true"
        )  # the emulator accepts none
        patch.setattr(GcpServiceAccountCredentials, "to_native_credentials", lambda _: anonymous())
        credentials = GcpServiceAccountCredentials()
        credentials.update(
            {"project_id": PROJECT, "private_key": "none", "client_email": "loader@nowhere.invalid"}
        )
        yield dlt.destinations.bigquery(credentials=credentials)
