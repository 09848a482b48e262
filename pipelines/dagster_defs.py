"""Contentstack in Dagster. Copy this file together with `dagster.yaml`, and adapt it.

Credentials come from .dlt/secrets.toml or the environment. For several stacks, see docs/dagster.md.
"""

from datetime import timedelta

from contentstack_source import Target
from contentstack_source.dagster import contentstack_definitions

STACKS = {"contentstack": Target(destination="duckdb", dataset="contentstack")}
# Several stacks become partitions; give each its own dataset and pipeline name.

defs = contentstack_definitions(
    STACKS,
    cron="7 * * * *",  # every hour, whether anything changed or not
    sensor_interval_seconds=30,  # how often the sensor checks for changes: one request
    freshness_window=timedelta(hours=3),
)
