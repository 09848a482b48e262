"""A dlt source that keeps a warehouse equal to what is published in a Contentstack stack."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from contentstack_source.version import __version__

if TYPE_CHECKING:
    from contentstack_source.destinations.target import Target
    from contentstack_source.runs.rebuild import rebuild
    from contentstack_source.runs.run import resync, status, sync
    from contentstack_source.runs.summary import RunSummary
    from contentstack_source.source import contentstack_source

__all__ = [
    "RunSummary",
    "Target",
    "__version__",
    "contentstack_source",
    "rebuild",
    "resync",
    "status",
    "sync",
]

_MODULES = {
    "RunSummary": "runs.summary",
    "Target": "destinations.target",
    "contentstack_source": "source",
    "rebuild": "runs.rebuild",
    "resync": "runs.run",
    "status": "runs.run",
    "sync": "runs.run",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - of any of the modules
    """Import what is asked for only now: `contentstack-source --help` need not wait for dlt."""
    if name not in _MODULES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
