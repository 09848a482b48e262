import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Publishing rhythm")


@app.cell
def _():
    import marimo as mo

    return (mo,)


@app.cell
def _(mo):
    mo.md("""
    # Publishing rhythm

    When content is published and by whom, how long it waits for its publication, and which content
    is old. All timestamps are UTC.
    """)
    return


@app.cell
def _():
    import dlt
    import pandas as pd

    from contentstack_source.dashboard import charts
    from contentstack_source.dashboard.demo_data import demo_file
    from contentstack_source.dashboard.queries import ages, ask

    return ages, ask, charts, demo_file, dlt, pd


@app.cell
def _(demo_file, dlt):
    # Change this cell only. Your own dataset, where `contentstack-source sync` loads it:
    # dataset = dlt.dataset("postgres", "contentstack")
    dataset = dlt.dataset(dlt.destinations.duckdb(str(demo_file())), "contentstack")
    return (dataset,)


@app.cell
def _(mo):
    mo.md("""
    ## By day and hour

    `sync_events` logs every event received. Of content published before the first sync it has only
    the last event of each entry and locale. From the first sync on the log is complete.
    """)
    return


@app.cell
def _(ask, dataset):
    published = ask(
        dataset,
        """
        SELECT date_trunc('hour', event_at) AS hour, content_type_uid, count(*) AS publishes
        FROM sync_events WHERE event_type IN ('entry_published', 'asset_published')
        GROUP BY date_trunc('hour', event_at), content_type_uid
        """,
    )
    return (published,)


@app.cell
def _(charts, published):
    by_type = published.pivot_table(
        index="hour", columns="content_type_uid", values="publishes", aggfunc="sum"
    )
    charts.over_time(
        by_type.resample("W-MON", label="left").sum(), "Published by week", "publishes"
    )
    return


@app.cell
def _(charts, published):
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    entries = published[published["content_type_uid"] != "sys_assets"]
    by_hour = entries.pivot_table(
        index=entries["hour"].dt.day_name(),
        columns=entries["hour"].dt.hour,
        values="publishes",
        aggfunc="sum",
    )
    charts.heat(
        by_hour.reindex(index=days, columns=range(24)),
        "Publishing by weekday and hour",
        "publishes of entries (UTC)",
    )
    return


@app.cell
def _(mo):
    mo.md("""
    ## By whom

    In each row of a content type, `publish_details__user` is the user who published it last. The
    Sync API has only the uid of a user.
    """)
    return


@app.cell
def _(ask, charts, dataset, pd):
    tables = ask(dataset, "SELECT uid, table_name FROM content_types").set_index("uid")[
        "table_name"
    ]
    by_user = pd.concat(
        [
            ask(
                dataset,
                f"""
                SELECT publish_details__user AS editor, '{uid}' AS content_type_uid,
                    count(*) AS published
                FROM {table} GROUP BY publish_details__user
                """,
            )
            for uid, table in tables.items()
            if table in dataset.tables
        ]
    )
    charts.stacked(
        by_user.pivot_table(
            index="editor", columns="content_type_uid", values="published", aggfunc="sum"
        ),
        "Published entries by editor",
        "entries, by editor and content type",
    )
    return


@app.cell
def _(mo):
    mo.md("""
    ## From the last change to the publication

    The time from the last change of an entry to its publication.
    """)
    return


@app.cell
def _(ask, charts, dataset, pd):
    versions = ask(dataset, "SELECT updated_at, published_at FROM entries")
    waited = (versions["published_at"] - versions["updated_at"]).dt.total_seconds()
    spans = {"a minute": 60, "10 minutes": 600, "an hour": 3600, "4 hours": 14400}
    spans |= {"a day": 86400, "3 days": 259200, "a fortnight": 1209600, "longer": float("inf")}
    within = pd.cut(waited, [float("-inf"), *spans.values()], labels=list(spans))
    charts.bars(
        within.value_counts(sort=False),
        f"Half of the entries were published within {waited.median() / 60:,.0f} minutes",
        "entries, by how long they waited at most",
        ordered=True,
    )
    return


@app.cell
def _(mo):
    mo.md("""
    ## Stale content

    The age of published entries at the time of the newest event, and the oldest entries.
    """)
    return


@app.cell
def _(ages, ask, charts, dataset):
    newest = ask(dataset, "SELECT max(event_at) AS event_at FROM sync_events")["event_at"][0]
    charts.stacked(
        ages(dataset, newest),
        "Age of published entries",
        "entries, by how long ago they were published at most",
        scale=True,
    )
    return


@app.cell
def _(ask, dataset):
    ask(
        dataset,
        """
        SELECT published_at, content_type_uid, locale, title, url
        FROM entries ORDER BY published_at LIMIT 15
        """,
    )
    return


if __name__ == "__main__":
    app.run()
