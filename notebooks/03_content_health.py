import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="The health of the content")


@app.cell
def _():
    import marimo as mo

    return (mo,)


@app.cell
def _(mo):
    mo.md("""
    # The health of the content

    What is missing in which locale, which links lead to nothing, and which assets nobody uses.
    """)
    return


@app.cell
def _():
    import dlt

    from contentstack_source.dashboard import charts
    from contentstack_source.dashboard.demo_data import demo_file
    from contentstack_source.dashboard.queries import ask, broken, coverage, unused

    return ask, broken, charts, coverage, demo_file, dlt, unused


@app.cell
def _(demo_file, dlt):
    # The one cell to change. Your own dataset, where `contentstack-source sync` put it:
    # dataset = dlt.dataset("postgres", "contentstack")
    dataset = dlt.dataset(dlt.destinations.duckdb(str(demo_file())), "contentstack")
    return (dataset,)


@app.cell
def _(mo):
    mo.md("""
    ## Locales

    Of the entries of a content type that are published anywhere, the part published in a locale.
    """)
    return


@app.cell
def _(charts, coverage, dataset):
    charts.heat(
        coverage(dataset),
        "What is published in which locale",
        "of the entries of a content type",
        share=True,
    )
    return


@app.cell
def _(mo):
    mo.md("""
    Translations that were published before the newest change of another locale of the same entry
    may say something else than that by now. Those that lag behind furthest:
    """)
    return


@app.cell
def _(ask, dataset):
    behind = ask(
        dataset,
        """
        SELECT e.content_type_uid, e.locale, e.title, e.published_at, n.newest
        FROM entries AS e JOIN (
            SELECT content_type_uid, uid, max(updated_at) AS newest
            FROM entries GROUP BY content_type_uid, uid
        ) AS n ON n.content_type_uid = e.content_type_uid AND n.uid = e.uid
        WHERE e.published_at < n.newest
        """,
    )
    behind["days"] = (behind["newest"] - behind["published_at"]).dt.days
    behind.nlargest(12, "days")
    return (behind,)


@app.cell
def _(mo):
    mo.md("""
    ## Links that lead to nothing

    References, files and embeds whose entry or asset is published in no locale: readers meet a
    gap. The view `broken_references` has also those that are published in other locales only.
    """)
    return


@app.cell
def _(broken, charts, dataset):
    gaps = broken(dataset)
    "There are no views of links." if gaps is None else charts.bars(
        (gaps["content_type_uid"] + ": " + gaps["field_path"]).value_counts(),
        f"{len(gaps):,} links lead to what is published nowhere",
        "links, by content type and field",
    )
    return (gaps,)


@app.cell
def _(ask, dataset, gaps):
    titles = ask(dataset, "SELECT content_type_uid, uid, locale, title FROM entries")
    None if gaps is None else gaps.merge(titles, on=["content_type_uid", "uid", "locale"])[
        ["content_type_uid", "title", "locale", "field_path", "kind", "to_uid"]
    ].head(12)
    return


@app.cell
def _(mo):
    mo.md("""
    ## Assets that no entry uses

    They may still be used elsewhere, by an address that somebody copied.
    """)
    return


@app.cell
def _(charts, dataset, unused):
    idle = unused(dataset)
    "There are no views of links." if idle is None else charts.bars(
        idle.groupby("filename")["file_size"].sum() / 1e6,
        f"{len(idle):,} assets that no entry uses take {idle['file_size'].sum() / 1e6:,.1f} MB",
        "MB",
    )
    return (idle,)


if __name__ == "__main__":
    app.run()
