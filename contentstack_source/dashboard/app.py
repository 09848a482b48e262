import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="What is published")


@app.cell
def _():
    import marimo as mo
    import pandas as pd

    from contentstack_source.dashboard import charts, queries, text
    from contentstack_source.destinations.target import Target

    return Target, charts, queries, mo, pd, text


@app.cell
def _(Target, mo):
    arguments = mo.cli_args()
    target = Target(
        arguments.get("destination") or "duckdb",
        arguments.get("dataset") or "contentstack",
        pipeline_name=arguments.get("pipeline-name") or "contentstack",
    )
    return (target,)


@app.cell
def _(mo, target):
    refresh = mo.ui.refresh(options=["1m", "5m", "30m"], label="refresh")
    mo.vstack(
        [
            mo.md("# What is published"),
            mo.hstack(
                [
                    mo.md(
                        f"Dataset `{target.dataset}` at `{target.destination}`. All times are UTC."
                    ),
                    refresh,
                ]
            ),
        ]
    )
    return (refresh,)


@app.cell
def _(mo, refresh, target, text):
    refresh.value
    dataset, problem = text.opened(target)
    mo.stop(problem is not None, mo.callout(mo.md(problem or ""), kind="danger"))
    return (dataset,)


@app.cell
def _(dataset, queries, pd):
    now = pd.Timestamp.now(tz="UTC")
    published = queries.published(dataset)
    runs = queries.runs(dataset)
    arrivals = queries.arrivals(dataset)
    rejects = queries.rejects(dataset)
    return arrivals, published, now, rejects, runs


@app.cell
def _(arrivals, published, mo, now, rejects, runs, text):
    mo.hstack(
        [
            mo.stat(value=value, label=label, caption=caption, bordered=True)
            for label, value, caption in text.headlines(published, runs, arrivals, rejects, now)
        ],
        widths="equal",
        gap=1,
    )
    return


@app.cell
def _(charts, published, mo):
    mo.stop(published.empty, mo.md("Nothing is published, or nothing has been loaded yet."))
    charts.stacked(
        published.pivot_table(
            index="content_type_uid", columns="locale", values="published", aggfunc="sum"
        ),
        "What is published",
        "entries and assets published now, by locale",
    )
    return


@app.cell
def _(mo, runs, text):
    mo.vstack(
        [
            mo.md("## Last syncs"),
            mo.ui.table(text.format_runs(runs), selection=None, pagination=True, page_size=8)
            if len(runs)
            else mo.md("No run of the command has been recorded."),
        ]
    )
    return


@app.cell
def _(mo, rejects):
    mo.stop(rejects.empty)
    mo.vstack([mo.md("## Rejected items"), mo.ui.table(rejects, selection=None)])
    return


@app.cell
def _(mo):
    mo.md("""
    ## Content health
    """)
    return


@app.cell
def _(charts, queries, dataset, mo):
    coverage = queries.coverage(dataset)
    mo.stop(coverage.empty)
    charts.heat(
        coverage,
        "Published share by locale",
        "of the entries of a content type",
        share=True,
    )
    return


@app.cell
def _(charts, queries, dataset, mo, now):
    ages = queries.ages(dataset, now)
    mo.stop(ages.empty)
    charts.stacked(
        ages,
        "Age of published entries",
        "entries, by how long ago they were published at most",
        scale=True,
    )
    return


@app.cell
def _(charts, dataset, queries, mo):
    broken = queries.broken(dataset)
    mo.stop(broken is None or broken.empty)
    charts.bars(
        (broken["content_type_uid"] + ": " + broken["field_path"]).value_counts(),
        "Broken references",
        "references, by content type and field",
    )
    return


@app.cell
def _(dataset, queries, mo):
    unused = queries.unused(dataset)
    mo.stop(unused is None or unused.empty)
    megabytes = unused["file_size"].sum() / 1e6
    mo.vstack(
        [
            mo.md(f"### {len(unused):,} assets that no entry uses: {megabytes:,.1f} MB"),
            mo.ui.table(unused, selection=None, page_size=8),
        ]
    )
    return


if __name__ == "__main__":
    app.run()
