"""dlt's log, and our lines in it.

dlt writes to standard error, plain or as JSON (`runtime.log_format`). The messages of a run
go into the same log where that is JSON, so that no line of it is anything else.
"""

from __future__ import annotations

import logging
from typing import Final

import dlt

LOGGER: Final = logging.getLogger("dlt.contentstack")
"""Below dlt's own, so it has dlt's format; with its own level, for dlt logs too much at INFO."""

LOGGER.setLevel(logging.INFO)


def are_json() -> bool:
    """Return whether dlt is configured to write its log as JSON."""
    return str(dlt.config.get("runtime.log_format")) == "JSON"
