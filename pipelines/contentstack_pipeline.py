"""Keep DuckDB equal to a Contentstack stack. Copy this file and adapt it.

Credentials come from .dlt/secrets.toml or the environment, the rest from .dlt/config.toml.
Each run is one pass: the first loads everything, each later one what changed since then.
"""

import dlt

from contentstack_source import contentstack_source


def load_contentstack() -> dlt.Pipeline:
    """Run one pass and print what dlt loaded."""
    pipeline = dlt.pipeline(
        pipeline_name="contentstack",
        # Any dlt destination. The DuckDB file and the dataset must have different names.
        destination=dlt.destinations.duckdb("contentstack_warehouse.duckdb"),
        dataset_name="contentstack",
        progress=dlt.progress.log(dump_system_stats=False),  # type: ignore[attr-defined]
    )
    load_info = pipeline.run(contentstack_source())
    print(load_info)
    return pipeline


if __name__ == "__main__":
    load_contentstack()
