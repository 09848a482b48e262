"""Settings from dlt's configuration, without a source."""

from __future__ import annotations

from pathlib import Path

import dlt
import pytest
from dlt.common.configuration.exceptions import ConfigFieldMissingException

from contentstack_source import contentstack_source
from contentstack_source.errors import SettingsError
from contentstack_source.source.configuration import load_local_settings, load_settings

REQUIRED = {"API_KEY": "blt1", "DELIVERY_TOKEN": "cs1", "ENVIRONMENT": "live"}


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The required settings, in the environment."""
    for name, value in REQUIRED.items():
        monkeypatch.setenv(f"SOURCES__CONTENTSTACK__{name}", value)


@pytest.mark.usefixtures("configured")
def test_settings_are_those_of_a_source_that_is_made_at_the_same_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__REGION", "eu")
    monkeypatch.setenv("SOURCES__CONTENTSTACK__HISTORY", "true")
    monkeypatch.setenv("SOURCES__CONTENTSTACK__LOCALE_FALLBACK", "de-at=de-de")
    settings = load_settings({"branch": "next"})
    assert settings.secrets() == ("blt1", "cs1")
    assert (settings.branch, settings.history) == ("next", True)
    source = contentstack_source(branch="next")
    assert source.resources["sync"].explicit_args["settings"] == settings


@pytest.mark.usefixtures("configured")
def test_settings_under_the_name_of_the_active_pipeline_go_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CMS_EU__SOURCES__CONTENTSTACK__ENVIRONMENT", "europe")
    assert load_settings().environment == "live"
    pipeline = dlt.pipeline("cms_eu", pipelines_dir=str(tmp_path), destination="duckdb")
    try:
        assert load_settings().environment == "europe"
    finally:
        pipeline.deactivate()


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(ConfigFieldMissingException) as caught:
        load_settings({"api_key": "blt1", "environment": "live"})
    assert [*caught.value.traces] == ["delivery_token"]


def test_local_settings_need_no_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__DELETES", "soft")
    monkeypatch.setenv("SOURCES__CONTENTSTACK__LOCALE_FALLBACK", "de-at=de-de")
    settings = load_local_settings()
    assert (settings.deletes, settings.locale_fallback) == ("soft", {"de-at": "de-de"})
    assert settings.secrets() == ("", "")


def test_wrong_local_settings_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__DELETES", "never")
    with pytest.raises(SettingsError, match="deletes 'never'"):
        load_local_settings()
