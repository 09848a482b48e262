import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="First look")


@app.cell
def _():
    import marimo as mo

    return (mo,)


@app.cell
def _(mo):
    mo.md("""
    # First look

    What is in the dataset: its tables and their sizes, what is published in which locale, and
    how to join one entry to another.
    """)
    return


@app.cell
def _():
    import dlt

    from contentstack_source.dashboard import charts
    from contentstack_source.dashboard.demo_data import demo_file
    from contentstack_source.dashboard.queries import ask

    return ask, charts, demo_file, dlt


@app.cell
def _(demo_file, dlt):
    # Change this cell only. Your own dataset, where `contentstack-source sync` loads it:
    # dataset = dlt.dataset("postgres", "contentstack")
    dataset = dlt.dataset(dlt.destinations.duckdb(str(demo_file())), "contentstack")
    return (dataset,)


@app.cell
def _(mo):
    mo.md("""
    ## Tables and their sizes

    Each content type has a table. `entries` has a row for each of their rows, with the columns that
    all types share. A list in an entry has its own table, named after the table of the entry:
    `blog_post__author`.
    """)
    return


@app.cell
def _(charts, dataset):
    counts = dataset.row_counts().arrow().to_pandas().set_index("table_name")["row_count"]
    is_list = counts.index.str.contains("__")
    charts.bars(counts[~is_list], "Tables", "rows")
    return counts, is_list


@app.cell
def _(charts, counts, is_list):
    charts.bars(counts[is_list], "List tables", "rows")
    return


@app.cell
def _(mo):
    mo.md("""
    ## What is published, by content type and locale

    `locale` is the locale in which an entry is published. The content may be a fallback from
    another locale: `content_locale` in the table of the content type is the locale of the content.
    """)
    return


@app.cell
def _(ask, charts, dataset):
    published = ask(
        dataset,
        """
        SELECT content_type_uid, locale, count(*) AS published, max(published_at) AS latest
        FROM entries GROUP BY content_type_uid, locale
        """,
    )
    charts.stacked(
        published.pivot(index="content_type_uid", columns="locale", values="published"),
        "Published entries",
        "entries, by content type and locale",
    )
    return


@app.cell
def _(mo):
    mo.md("""
    ## A content type

    `content_types` has the table name of each content type. Below it are the newest rows of the
    largest table.
    """)
    return


@app.cell
def _(ask, counts, dataset):
    models = ask(dataset, "SELECT uid, title, table_name FROM content_types ORDER BY uid")
    models["rows"] = models["table_name"].map(counts)
    models
    return (models,)


@app.cell
def _(ask, dataset, models):
    largest = models.loc[models["rows"].idxmax(), "table_name"]
    ask(dataset, f"SELECT * FROM {largest} ORDER BY event_at DESC LIMIT 5")
    return


@app.cell
def _(mo):
    mo.md("""
    ## From one entry to another

    A reference field is a list, so it has a table. `_dlt_root_id` joins it to the entry that holds
    the reference, and `uid` to the target entry, in the same locale if it is published there.
    """)
    return


@app.cell
def _(dataset, models):
    owner, references = next(
        (owner, name)
        for name, table in dataset.schema.tables.items()
        for owner in models["table_name"].dropna()
        if name.startswith(f"{owner}__") and {"uid", "_dlt_root_id"} <= table["columns"].keys()
    )
    query = f"""
    SELECT owner.title, owner.locale, target.content_type_uid, target.title AS refers_to
    FROM {owner} AS owner
    JOIN {references} AS link ON link._dlt_root_id = owner._dlt_id
    LEFT JOIN entries AS target ON target.uid = link.uid AND target.locale = owner.locale
    ORDER BY owner.event_at DESC, link._dlt_list_idx LIMIT 10
    """
    print(query)
    return (query,)


@app.cell
def _(ask, dataset, query):
    ask(dataset, query)
    return


@app.cell
def _(mo):
    mo.md("""
    Next: when content is published and by whom, in `02_publishing_rhythm`.
    """)
    return


if __name__ == "__main__":
    app.run()
