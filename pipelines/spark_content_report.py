"""Reports on what is published: a job for Apache Spark, or Sail, over the tables of a lake.

    entries_by_type_and_locale   how many, and the time of the latest event
    assets_nobody_uses           assets whose uid no published entry contains
    references_that_lead_nowhere references to entries or assets that no locale publishes

The tables are those of `contentstack-source sync --destination filesystem`. Spark's own settings
choose the session: `spark-submit`, or SPARK_REMOTE for Spark Connect.

    spark-submit spark_content_report.py --catalog lake --into s3://bucket/report
    SPARK_REMOTE=sc://localhost:50051 python spark_content_report.py \
        --lake s3://bucket/lake --table-format delta --into s3://bucket/report
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the usual name
from pyspark.sql.types import ArrayType, StructType

Read = Callable[[str], DataFrame]
"""Returns a table of the dataset by its name."""

_REFERENCE = {"uid", "_content_type_uid"}
"""The fields of an element of a reference field."""


def entries_by_type_and_locale(read: Read) -> DataFrame:
    """Count the published entries."""
    return (
        read("entries")
        .groupBy("content_type_uid", "locale")
        .agg(F.count("*").alias("entries"), F.max("event_at").alias("last_event_at"))
    )


def assets_nobody_uses(read: Read) -> DataFrame:
    """Return assets that no entry uses: in a file field, in rich text, or by address.

    An asset counts as used if its uid is a word in any text of any published entry.
    """
    words = [
        table.select(F.explode(F.split(F.to_json(F.struct("*")), r"\W+")).alias("uid")).distinct()
        for _, table in _content(read)
    ]
    assets = read("assets").select("uid", "locale", "title")
    return assets.join(reduce(DataFrame.union, words), "uid", "left_anti") if words else assets


def references_that_lead_nowhere(read: Read) -> DataFrame | None:
    """Return references whose target is not published; None if no type has references."""
    references = [found for uid, table in _content(read) for found in _references(table, uid)]
    if not references:
        return None
    assets = read("assets").select(F.lit("sys_assets").alias("to_type"), F.col("uid").alias("to"))
    entries = read("entries").select(
        F.col("content_type_uid").alias("to_type"), F.col("uid").alias("to")
    )
    ends = entries.union(assets).distinct()
    found = reduce(DataFrame.union, references).alias("reference")
    # An old reference, from before the service sent types, is the uid alone.
    is_end = (F.col("reference.to_uid") == F.col("end.to")) & (
        F.col("reference.to_content_type_uid").isNull()
        | (F.col("reference.to_content_type_uid") == F.col("end.to_type"))
    )
    return found.join(ends.alias("end"), is_end, "left_anti")


def _content(read: Read) -> Iterator[tuple[str, DataFrame]]:
    """Yield each content type that has a table, with the table."""
    known = {row["table_name"]: row["uid"] for row in read("content_types").collect()}
    used = read("entries").select("content_type_uid").distinct().collect()
    published = {row["content_type_uid"] for row in used}
    for name, uid in sorted(known.items()):
        if uid in published:
            yield uid, read(name)


def _references(table: DataFrame, content_type_uid: str) -> Iterator[DataFrame]:
    """Yield the references of one content type, field by field, at any depth."""
    key = [F.lit(content_type_uid).alias("content_type_uid"), F.col("uid"), F.col("locale")]
    for path in _paths(table.schema):
        step = table.select(*key, F.explode(F.col(path[0])).alias("element"))
        for field in path[1:]:
            step = step.select(
                "content_type_uid", "uid", "locale", F.explode(f"element.{field}").alias("element")
            )
        yield step.select(
            "content_type_uid",
            "uid",
            "locale",
            F.lit(".".join(path)).alias("field"),
            F.col("element.uid").alias("to_uid"),
            F.col("element._content_type_uid").alias("to_content_type_uid"),
        ).where("to_uid IS NOT NULL")


def _paths(schema: StructType) -> Iterator[tuple[str, ...]]:
    """Yield the paths of references: the name of a list, and of the lists in it."""
    for field in schema.fields:
        if not isinstance(field.dataType, ArrayType):
            continue
        element = field.dataType.elementType
        if isinstance(element, StructType):
            if set(element.names) >= _REFERENCE:
                yield (field.name,)
            for below in _paths(element):
                yield (field.name, *below)


def main() -> None:
    """Make the reports, print the first rows of each, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_KEEP_LINES)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--catalog", help="Spark's name of the catalog with the tables")
    where.add_argument("--lake", help="bucket_url of the destination: its tables are read by path")
    parser.add_argument("--table-format", choices=["delta", "iceberg"], default="delta")
    parser.add_argument("--dataset", default="contentstack")
    parser.add_argument("--into", required=True, help="folder for the reports, as parquet")
    chosen = parser.parse_args()
    spark = SparkSession.builder.appName("content report").getOrCreate()

    def read(name: str) -> DataFrame:
        if chosen.catalog:
            return spark.table(f"{chosen.catalog}.{chosen.dataset}.{name}")
        path = f"{chosen.lake.rstrip('/')}/{chosen.dataset}/{name}"
        return spark.read.format(chosen.table_format).load(path)

    for make in (entries_by_type_and_locale, assets_nobody_uses, references_that_lead_nowhere):
        report = make(read)
        if report is None:
            continue
        print(make.__name__)
        report.show(truncate=False)
        report.write.mode("overwrite").parquet(f"{chosen.into.rstrip('/')}/{make.__name__}")
    spark.stop()


_KEEP_LINES = argparse.RawDescriptionHelpFormatter

if __name__ == "__main__":
    main()
