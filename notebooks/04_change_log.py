import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Change log")


@app.cell
def _():
    import marimo as mo

    return (mo,)


@app.cell
def _(mo):
    mo.md("""
    # Change log

    What changed between two syncs: what was added, deleted, or published in a new version.
    """)
    return


@app.cell
def _():
    import dlt

    from contentstack_source.dashboard import charts
    from contentstack_source.dashboard.demo_data import demo_file
    from contentstack_source.dashboard.queries import arrivals, ask, replaced

    return arrivals, ask, charts, demo_file, dlt, replaced


@app.cell
def _(demo_file, dlt):
    # Change this cell only. Your own dataset, where `contentstack-source sync` loads it:
    # dataset = dlt.dataset("postgres", "contentstack")
    dataset = dlt.dataset(dlt.destinations.duckdb(str(demo_file())), "contentstack")
    return (dataset,)


@app.cell
def _(mo):
    mo.md("""
    ## The syncs

    Each load that brought events, and the time span of its events. The first load brought
    everything that had been published until then.
    """)
    return


@app.cell
def _(arrivals, dataset):
    loads = arrivals(dataset)
    loads
    return (loads,)


@app.cell
def _(mo):
    mo.md("""
    ## The events of the last load

    To choose another load, use its number in the table above: `loads["load_id"][0]`.
    """)
    return


@app.cell
def _(loads):
    load_id = loads["load_id"].iloc[-1]
    return (load_id,)


@app.cell
def _(ask, charts, dataset, load_id):
    changes = ask(
        dataset,
        f"""
        SELECT c.event_at, c.event_type, c.content_type_uid, c.uid, c.locale, c._version, e.title
        FROM sync_events AS c LEFT JOIN entries AS e
            ON e.content_type_uid = c.content_type_uid AND e.uid = c.uid AND e.locale = c.locale
        WHERE c._dlt_load_id = '{load_id}' ORDER BY c.event_at DESC
        """,
    )
    charts.stacked(
        changes.pivot_table(
            index="content_type_uid", columns="event_type", values="event_at", aggfunc="count"
        ),
        "Events",
        "events, by content type",
    )
    return (changes,)


@app.cell
def _(changes, charts):
    span = changes["event_at"].max() - changes["event_at"].min()
    step = "D" if span.days > 7 else "h" if span.total_seconds() > 7200 else "min"
    by_time = changes.pivot_table(
        index=changes["event_at"].dt.floor(step),
        columns="event_type",
        values="uid",
        aggfunc="size",
    )
    charts.over_time(by_time.resample(step).sum(), "Events over time", "events (UTC)")
    return


@app.cell
def _(changes):
    changes.head(20)
    return


@app.cell
def _(mo):
    mo.md("""
    ## Published for the first time, published again, unpublished, deleted

    An entry is new where `_version` is 1. Deleted and unpublished entries no longer have a row, so
    they have no title here: only their event remains.
    """)
    return


@app.cell
def _(changes):
    kind = changes["event_type"].str.split("_").str[-1]
    is_new = changes["_version"] == 1
    change = kind.where(kind != "published", is_new.map({True: "new", False: "published again"}))
    changes.assign(change=change).pivot_table(
        index="content_type_uid", columns="change", values="event_at", aggfunc="count", fill_value=0
    )
    return


@app.cell
def _(mo):
    mo.md("""
    ## Earlier versions

    With `history = true` every version is kept. These were replaced or deleted last: `title` is
    the title that each had, from `valid_from` to `valid_to`.
    """)
    return


@app.cell
def _(dataset, replaced):
    versions = replaced(dataset)
    "This dataset has no history: set `history = true` and run a sync." if versions is None else (
        versions[versions["content_type_uid"] != "sys_assets"].head(20)
    )
    return (versions,)


@app.cell
def _(changes, versions):
    # How many days the earlier version had been published, by the event that ended it.
    None if versions is None else (
        versions[versions["valid_to"] >= changes["event_at"].min()]
        .assign(days=lambda each: (each["valid_to"] - each["valid_from"]).dt.days)
        .pivot_table(index="content_type_uid", columns="ended_by", values="days", aggfunc="median")
    )
    return


if __name__ == "__main__":
    app.run()
