"""Maps: objects whose keys are data, such as uids, not names of fields.

Flattened like any other object, a map would be some columns for each of its keys, thousands of them
in time. One that the content model does not know is therefore kept as JSON.
"""

from __future__ import annotations

from typing import Final

from contentstack_source.transform.flatten import Flattener, only
from contentstack_source.transform.json_sql import ARRAY, BOOL, NUMBER, OBJECT, STRING, kinds_of

_FEWEST_KEYS: Final = 20
_FEWEST_KEYS_OF_SCALARS: Final = 100
"""Groups of fields may well have some dozens of the same type."""


def is_map(flattener: Flattener, json_text: str, key_count: int) -> bool:
    """Return whether the objects that `json_text` yields are maps.

    They are if they have many keys and all values are alike: objects of which each key is in
    at least half of them, or lists, or scalars of one type. Nulls do not count.

    Args:
        flattener: the relation of the objects.
        json_text: an expression of JSON.
        key_count: how many keys all of them have together, those of earlier loads too.
    """
    if key_count < _FEWEST_KEYS:
        return False
    values = f"""
        SELECT * FROM (
            SELECT CAST(unnest(json_extract({only(json_text, 123)}, '$.*')) AS VARCHAR) AS value
            FROM {flattener.view}
        ) WHERE value <> 'null'
    """
    kinds_query = f"SELECT bit_or({kinds_of('value')}), count(*) FROM ({values})"
    rarest = f"""
        SELECT min(uses) FROM (
            SELECT count(*) AS uses FROM (
                SELECT unnest(json_keys({only("value", 123)})) AS key FROM ({values})
            ) GROUP BY key
        )
    """
    (kinds, count), (fewest_uses,) = flattener.ask(kinds_query), flattener.ask(rarest)
    if kinds == OBJECT:
        return bool(2 * (fewest_uses or 0) >= count)
    if kinds == ARRAY:
        return True
    is_one_type = kinds in {STRING, BOOL} or not (kinds or OBJECT) & ~NUMBER
    return is_one_type and key_count >= _FEWEST_KEYS_OF_SCALARS
