"""Loads settings from dlt's configuration, without building a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature, signature
from types import MappingProxyType
from typing import Any

import dlt  # noqa: F401 - the signature of the source names its types
from dlt.common.configuration import with_config

from contentstack_source.destinations.dlt_compat import source_section
from contentstack_source.destinations.state import SOURCE
from contentstack_source.errors import SettingsError
from contentstack_source.settings import Settings, parse_local_settings, parse_settings
from contentstack_source.source import contentstack_source


def load_settings(given: Mapping[str, Any] = MappingProxyType({})) -> Settings:
    """Return the settings of `contentstack_source`, without building a source.

    Args:
        given: arguments of `contentstack_source`; all others come from dlt's configuration.

    Raises:
        SettingsError: a setting is wrong, or there is no setting of this name.
        ConfigFieldMissingException: a required setting is nowhere.
    """
    if unknown := given.keys() - signature(contentstack_source).parameters.keys():
        message = f"There is no setting {', '.join(sorted(unknown))}"
        raise SettingsError(message, "docs/reference.md lists the settings there are.")
    return _from_configuration(parse_settings, given)


def load_local_settings() -> Settings:
    """Return the settings that need no stack and no secret: for rebuilds and views.

    Raises:
        SettingsError: a setting is wrong.
    """
    return _from_configuration(parse_local_settings, {})


def _from_configuration(parse: Callable[..., Settings], given: Mapping[str, Any]) -> Settings:
    """Call `parse` with settings from dlt, as dlt passes them to `contentstack_source`."""

    def parse_resolved(**settings: Any) -> Settings:  # noqa: ANN401 - of any type
        return parse(**settings)

    found = signature(contentstack_source).parameters
    chosen = [
        found[name].replace(kind=Parameter.KEYWORD_ONLY) for name in signature(parse).parameters
    ]
    parse_resolved.__signature__ = Signature(chosen)  # type: ignore[attr-defined]
    with source_section(SOURCE):
        return with_config(parse_resolved)(**given)
