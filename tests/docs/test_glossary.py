"""The words that the glossary replaced are gone: from names, file names, messages and documents."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from tests.support.paths import ROOT

THIS = Path(__file__).relative_to(ROOT).as_posix()

REPLACED: Final = {
    "abreast": "concurrently",
    "anew": "again",
    "begun": "full sync, started",
    "bell": "debouncer",
    "closing": "JSON result",
    "door": "webhook app",
    "fitness": "capabilities",
    "fold": "compact",
    "folded": "compacted",
    "folds": "compactions",
    "heal": "recreate",
    "healed": "recreated",
    "heals": "recreates",
    "intake": "staging",
    "ledger": "run log",
    "live": "upsert, published",
    "look": "profile, check, view",
    "looked": "profiled, checked, viewed",
    "looks": "profiles, checks, views",
    "mark": "tombstone",
    "marks": "tombstones",
    "meaning": "column docs",
    "meanings": "column docs",
    "news": "changes",
    "opening": "flattener",
    "piece": "JSON text",
    "pieces": "JSON texts",
    "position": "sync state",
    "rang": "triggered",
    "recall": "load",
    "remember": "save",
    "removal": "delete",
    "removals": "deletes",
    "ring": "trigger",
    "rings": "triggers",
    "rung": "triggered",
    "said": "message, output",
    "say": "log, print",
    "says": "logs, prints",
    "shape": "table options",
    "shaped": "table options",
    "sheet": "table plan",
    "sheets": "table plans",
    "tallies": "row checks",
    "tally": "row checks",
    "tell": "report, log",
    "tells": "reports, logs",
    "todo": "hint",
    "told": "reported, logged",
    "unfit": "unsupported",
    "watch": "change detector",
    "weather": "service behavior, faults",
    "what": "message",
}
"""An old word, and the term in its place.

Words that are common in other meanings, such as `link` and `kept`, are only in `PHRASES`.
"""

ALONE: Final = {"what"}
"""Words that are old only if they are a whole name."""

ALLOWED: Final = {
    "look": ["notebooks/01_first_look.py"],
    "mark": [
        "contentstack_source/api/repair.py",  # a byte order mark
        "contentstack_source/transform/markdown*.py",
        "tests/support/rendered_markdown.py",
        "tests/unit/api/test_repair.py",
    ],
    "marks": [
        "contentstack_source/transform/markdown*.py",
        "contentstack_source/transform/rich_nodes.py",
        "tests/support/rendered_markdown.py",
        "tests/support/rich_documents.py",
        "tests/unit/transform/test_markdown.py",
        "tests/unit/transform/test_rich_text.py",
    ],
    "position": [
        "contentstack_source/simulator/*.py",  # the place of an event in the log
        "contentstack_source/transform/flatten.py",
        "contentstack_source/transform/markdown_marks.py",
        "tests/support/oracle*.py",  # the column of `entry_references`
        "tests/support/standins/*.py",
    ],
    "shape": ["contentstack_source/simulator/shapes.py"],
}
"""Where a word has another meaning than the one that was replaced."""

PHRASES: Final = re.compile(
    r"\b(anew|weather|ledger|tally|intake|unfit|abreast|begun|heals?|healed|told|tells?"
    r"|closing lines?|other hands|a human must|true rows?|kept rows?|ring at the door|the bell"
    r"|(?:is|are|was|were|be|been) folded|one a (?:stream|table|stack|page|pass)"
    r"|a request a (?:stream|page)|a fold|the fold|nobody can)\b",
    re.IGNORECASE,
)
"""Old phrases in sentences of code and documents."""

CODE = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("contentstack_source", "tests", "benchmarks", "pipelines", "notebooks")
    for path in ROOT.joinpath(folder).rglob("*.py")
)
TEXTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "deploy/*", "dbt/**/*", "pipelines/*.yaml", "Makefile")
    for path in ROOT.glob(pattern)
    if path.is_file()
)


def words_of(name: str) -> list[str]:
    """Split a name in snake_case or CamelCase into words in lower case."""
    return [each.lower() for each in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def names_in(path: str) -> Iterator[str]:
    """Yield the names that a module defines, and its own."""
    yield Path(path).stem
    for node in ast.walk(ast.parse(ROOT.joinpath(path).read_text("utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname


def sentences_in(path: str) -> Iterator[str]:
    """Yield the comments and strings of a module, or the lines of a document."""
    text = ROOT.joinpath(path).read_text("utf-8")
    if not path.endswith(".py"):
        yield from text.splitlines()
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            yield token.string


def is_allowed(word: str, path: str) -> bool:
    return any(fnmatch(path, pattern) for pattern in ALLOWED.get(word, ()))


def old_words(name: str, path: str) -> list[str]:
    found = [word for word in words_of(name) if word in REPLACED and not is_allowed(word, path)]
    return [word for word in found if word not in ALONE or word == name]


def test_no_name_has_a_word_that_the_glossary_replaced() -> None:
    old = {
        f"{path}: {name}": REPLACED[word]
        for path in CODE
        for name in names_in(path)
        for word in old_words(name, path)
    }
    assert old == {}


def test_no_sentence_has_a_phrase_that_the_glossary_replaced() -> None:
    old = [
        f"{path}: {found[0]}"
        for path in [*CODE, *TEXTS]
        if path not in {THIS, "CHANGELOG.md"}  # they list the old words
        for sentence in sentences_in(path)
        for found in PHRASES.finditer(sentence)
    ]
    assert old == []


def test_old_words_are_found_in_names_and_sentences() -> None:
    assert old_words("_told_until", "a.py") == ["told"]
    assert old_words("TheWeatherNow", "a.py") == ["weather"]
    assert old_words("what_is_published", "a.py") == []
    assert PHRASES.findall("All was loaded anew by other hands.") == ["anew", "other hands"]
