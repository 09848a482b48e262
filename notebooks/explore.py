import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="What is published")


@app.cell
def _():
    import os
    from pathlib import Path

    import duckdb
    import marimo as mo

    return Path, duckdb, mo, os


@app.cell
def _(mo):
    mo.md("""
    # What is published

    Reads the DuckDB file of `contentstack-source demo`. Another file: `--file` behind `--`, or
    the variable `EXPLORE_FILE`. The file is opened for each query, read-only, and closed
    again, so a sync may run at the same time.
    """)
    return


@app.cell
def _(Path, mo, os):
    file = Path(
        mo.cli_args().get("file") or os.environ.get("EXPLORE_FILE") or "demo-data/demo.duckdb"
    )
    dataset = mo.cli_args().get("dataset") or os.environ.get("EXPLORE_DATASET") or "contentstack"
    if not file.is_file():
        raise FileNotFoundError(f"{file} is not there. Make it with: contentstack-source demo")
    return dataset, file


@app.cell
def _(dataset, duckdb, file):
    def query(sql, **values):
        """Return the rows of a query; its tables need no schema."""
        with duckdb.connect(str(file), read_only=True) as con:
            con.execute(f"""SET search_path = '"{dataset}"'; SET TimeZone = 'UTC'""")
            return con.execute(sql, values).to_arrow_table()

    return (query,)


@app.cell
def _(mo):
    mo.md("""
    ## Entries by type and locale
    """)
    return


@app.cell
def _(mo, query):
    by_type_and_locale = query(
        """
        PIVOT (SELECT content_type_uid, locale FROM entries)
        ON locale USING count(*) GROUP BY content_type_uid ORDER BY content_type_uid
        """
    )
    mo.ui.table(by_type_and_locale, selection=None)
    return


@app.cell
def _(mo):
    mo.md("""
    ## The latest changes
    """)
    return


@app.cell
def _(mo):
    how_many = mo.ui.slider(10, 200, step=10, value=20, label="events")
    how_many
    return (how_many,)


@app.cell
def _(how_many, mo, query):
    latest_changes = query(
        """
        SELECT v.event_at, v.event_type, v.content_type_uid, v.locale, e.title
        FROM sync_events v LEFT JOIN entries e USING (content_type_uid, uid, locale)
        ORDER BY v.event_at DESC, v._dlt_id LIMIT $how_many
        """,
        how_many=how_many.value,
    )
    mo.ui.table(latest_changes, selection=None)
    return


@app.cell
def _(mo):
    mo.md("""
    ## From a post to its author

    A reference is a list, so it has a table of its own: `blog_post__author`. Its
    `_dlt_root_id` leads to the post, its `uid` to the author, in the same locale if there is one.
    """)
    return


@app.cell
def _(mo, query):
    posts_and_authors = query(
        """
        SELECT p.title AS post, p.locale, a.title AS author, p.published_on
        FROM blog_post p
        JOIN blog_post__author r ON r._dlt_root_id = p._dlt_id
        LEFT JOIN author a ON a.uid = r.uid AND a.locale = p.locale
        ORDER BY p.published_on DESC, post, r._dlt_list_idx
        """
    )
    mo.ui.table(posts_and_authors, selection=None)
    return


if __name__ == "__main__":
    app.run()
