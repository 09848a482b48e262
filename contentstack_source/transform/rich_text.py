"""JSON rich text made readable: plain text for searching and counting, Markdown for reading."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from contentstack_source.transform.markdown import to_markdown
from contentstack_source.transform.rich_nodes import to_text


def beside(data: pa.Table, names: Mapping[str, tuple[str, str]]) -> pa.Table:
    """Return the rows with columns of text and Markdown for each column of documents.

    Args:
        data: rows of one table.
        names: column of JSON to the columns of its text and of its Markdown.
    """
    for column, (text, markdown) in names.items():
        if column not in data.column_names:
            continue
        # Locales and copies share their documents: each is read once.
        encoded = pc.dictionary_encode(data[column]).combine_chunks()
        read = [_readable(each) for each in encoded.dictionary.to_pylist()]
        for name, place in ((text, 0), (markdown, 1)):
            values = pa.array([each[place] for each in read], pa.string())
            data = data.append_column(name, values.take(encoded.indices))
    return data


def _readable(json_text: str | None) -> tuple[str | None, str | None]:
    """Return text and Markdown of JSON text; None where it is no document."""
    if not json_text or not json_text.startswith("{"):
        return None, None
    try:
        document = orjson.loads(json_text)
    except orjson.JSONDecodeError:  # deeper than a thousand levels, or half a character in it
        return None, None
    return to_text(document), to_markdown(document)
