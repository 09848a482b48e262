"""Contentstack in Dagster. Copy this file and make it yours; `dagster.yaml` goes with it.

Credentials come from .dlt/secrets.toml or the environment. For several stacks, see docs/dagster.md.
"""

from datetime import timedelta

from contentstack_source import Target
from contentstack_source.dagster import contentstack_definitions

STACKS = {"contentstack": Target(destination="duckdb", dataset="contentstack")}
# Several become partitions; give each a dataset and a pipeline name of its own.

defs = contentstack_definitions(
    STACKS,
    cron="7 * * * *",  # every hour, whether there is news or not
    sensor_interval_seconds=30,  # for news: one request
    freshness_window=timedelta(hours=3),
)
