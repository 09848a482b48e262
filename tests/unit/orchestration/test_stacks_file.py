"""The file of many stacks: its content, and how it is used."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path

import pytest

from contentstack_source import contentstack_source
from contentstack_source.destinations.target import Target
from contentstack_source.errors import SettingsError
from contentstack_source.orchestration.stacks_file import SETTINGS, Stack, choose_stack, read_stacks
from contentstack_source.source.configuration import load_settings
from tests.support.reference import REFERENCE, code, tables_of

SECRETS = ["api_key", "delivery_token"]
SHOP = '[[stacks]]\nname = "shop"\n'


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reset what a stack configures."""
    for name in [*SECRETS, *SETTINGS]:
        variable = f"SOURCES__CONTENTSTACK__{name.upper()}"
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stacks.toml"


def test_the_file_may_have_every_setting_but_the_secrets() -> None:
    assert SECRETS + list(SETTINGS) == list(inspect.signature(contentstack_source).parameters)


def test_a_stack_is_loaded_under_its_name_by_default(path: Path) -> None:
    path.write_text(
        f'{SHOP}[[stacks]]\nname = "blog"\ndestination = "postgres"\ndataset = "d"\n'
        'pipeline_name = "p"\n'
    )
    shop, blog = read_stacks(str(path))
    assert shop.target("duckdb", "x") == Target("duckdb", "shop", "x", "shop")
    assert blog.target("duckdb", None) == Target("postgres", "d", None, "p")


def test_a_stack_configures_the_source_with_secrets_of_its_section(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(
        f'{SHOP}environment = "live"\nregion = "eu"\nstart_from = 2026-01-31\n'
        'event_types = ["entry_published", "entry_deleted"]\nmax_concurrent_requests = 4\n'
        'history = true\nlocale_fallback = {"de-at" = "de-de", "de-de" = "en-us"}\n'
    )
    monkeypatch.setenv("STACKS__SHOP__API_KEY", "blt1")
    monkeypatch.setenv("STACKS__SHOP__DELIVERY_TOKEN", "cs1")
    choose_stack(str(path), "shop").configure()
    settings = load_settings()
    assert settings.secrets() == ("blt1", "cs1")
    assert (settings.environment, settings.max_concurrent_requests) == ("live", 4)
    assert settings.base_url == "https://eu-cdn.contentstack.com/v3"
    assert settings.start_from == "2026-01-31T00:00:00.000Z"
    assert settings.event_types == ("entry_published", "entry_deleted")
    assert settings.history
    assert settings.locale_fallback == {"de-at": "de-de", "de-de": "en-us"}


def test_stacks_may_share_credentials_by_the_name_of_their_section(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(f'{SHOP}credentials = "keys.all"\n')
    monkeypatch.setenv("KEYS__ALL__API_KEY", "blt2")
    monkeypatch.setenv("KEYS__ALL__DELIVERY_TOKEN", "cs2")
    choose_stack(str(path), "shop").configure()
    assert os.environ["SOURCES__CONTENTSTACK__API_KEY"] == "blt2"


def test_the_secrets_of_another_stack_are_never_used(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(SHOP)
    monkeypatch.setenv("SOURCES__CONTENTSTACK__API_KEY", "blt9")
    monkeypatch.setenv("SOURCES__CONTENTSTACK__DELIVERY_TOKEN", "cs9")
    with pytest.raises(SettingsError, match=r"under \[stacks.shop\], or into STACKS__SHOP__API_K"):
        choose_stack(str(path), "shop").configure()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "missing required field `stacks`"),
        ("stacks = []", "length >= 1"),
        (f"{SHOP}api_key = 'blt1'", r"unknown field `api_key` - at `\$.stacks\[0\]`"),
        (f"{SHOP}datset = 'd'", r"A \[\[stacks\]\] may have: name, credentials, .* dataset,"),
        (f"{SHOP}region = 5", r"Expected `str \| null`, got `int` - at `\$.stacks\[0\].region`"),
        ("[[stacks]]\nname = 'My Shop'", "matching regex"),
        (f"{SHOP}{SHOP}", "2 stacks with the name shop"),
        (f"{SHOP}[[stacks]]\nname = 'b'\ndataset = 'shop'", "2 stacks with the dataset shop"),
        (f"{SHOP}[[stacks]]\nname = 'b'\npipeline_name = 'shop'", "with the pipeline_name shop"),
        ("[[stacks]\n", "Correct the line that is named"),
    ],
)
def test_an_invalid_file_is_refused_with_what_is_valid(
    path: Path, text: str, expected: str
) -> None:
    path.write_text(text)
    with pytest.raises(SettingsError, match=expected) as caught:
        read_stacks(str(path))
    assert "\n" not in str(caught.value)
    assert "blt1" not in str(caught.value)


def test_a_missing_file_or_stack_is_named(path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file or directory"):
        read_stacks(str(path))
    path.write_text(SHOP)
    with pytest.raises(SettingsError, match="It has: shop"):
        choose_stack(str(path), "blog")


def test_the_keys_of_the_file_are_documented() -> None:
    documented = [code(row["Key"]) for row in tables_of("Many stacks")[0]]
    assert documented == [name for name in Stack.__struct_fields__ if name not in SETTINGS]


def test_the_file_that_the_reference_shows_can_be_read(path: Path) -> None:
    (shown,) = re.findall(
        r"```toml\n(\[\[stacks\]\].+?)```", REFERENCE.read_text("utf-8"), re.DOTALL
    )
    path.write_text(shown)
    assert [stack.name for stack in read_stacks(str(path))] == ["shop", "shop_preview"]
