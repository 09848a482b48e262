import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Content health")


@app.cell
def _():
    import marimo as mo

    return (mo,)


@app.cell
def _(mo):
    mo.md("""
    # Content health

    What is missing in which locale, which references are broken, and which assets are unused.
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
    # Change this cell only. Your own dataset, where `contentstack-source sync` loads it:
    # dataset = dlt.dataset("postgres", "contentstack")
    dataset = dlt.dataset(dlt.destinations.duckdb(str(demo_file())), "contentstack")
    return (dataset,)


@app.cell
def _(mo):
    mo.md("""
    ## Locales

    The share of the entries of a content type that is published in each locale. All entries that
    are published in any locale count.
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
    A translation that was published before the newest change of another locale of the same entry
    may be outdated. Those that are the furthest behind:
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
    ## Broken references

    References, files and embeds whose entry or asset is not published in any locale. The view
    `broken_references` also has those that are published in other locales only.
    """)
    return


@app.cell
def _(broken, charts, dataset):
    gaps = broken(dataset)
    "The views of references do not exist." if gaps is None else charts.bars(
        (gaps["content_type_uid"] + ": " + gaps["field_path"]).value_counts(),
        f"{len(gaps):,} references to content that is not published",
        "references, by content type and field",
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

    They may still be used elsewhere, by a copied address.
    """)
    return


@app.cell
def _(charts, dataset, unused):
    idle = unused(dataset)
    "The views of references do not exist." if idle is None else charts.bars(
        idle.groupby("filename")["file_size"].sum() / 1e6,
        f"{len(idle):,} assets that no entry uses take {idle['file_size'].sum() / 1e6:,.1f} MB",
        "MB",
    )
    return (idle,)


if __name__ == "__main__":
    app.run()
