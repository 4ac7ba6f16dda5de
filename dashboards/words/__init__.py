"""What the pages say, by language: one TOML file each, the same keys in all. Names come from the city's data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

__all__ = ["LANGUAGES", "Words", "keys", "words"]

HERE = Path(__file__).resolve().parent
LANGUAGES: tuple[str, ...] = ("zh", "en")


class _Counted(Formatter):
    """As `str.format`, and `{n:case|cases}` is the word that goes with so many."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        """One of two words, or the value as its spec says."""
        if "|" not in format_spec:
            return super().format_field(value, format_spec)
        single, several = format_spec.split("|")
        return single if str(value) == "1" else several


COUNTED = _Counted()


class Words:
    """A dictionary whose entries are called by dotted keys, with values put in: `t("left", time="3 h")`."""

    def __init__(self, language: str, entries: Mapping[str, str]) -> None:
        self.language = language
        self._entries = entries

    def __call__(self, key: str, **values: object) -> str:
        """The sentence. Raises KeyError for a key that no dictionary has: a page with a hole must not pass a test."""
        text = self._entries[key]
        if not values:
            return text
        return COUNTED.vformat(text, (), values) if "|" in text else text.format(**values)

    def get(self, key: str, default: str) -> str:
        """The sentence, or `default` for words that data may bring along (a source, a reason of another system)."""
        return self._entries.get(key, default)

    def under(self, prefix: str) -> dict[str, str]:
        """All entries below `prefix.`, in the file's order, by the rest of their keys."""
        start = prefix + "."
        return {key.removeprefix(start): text for key, text in self._entries.items() if key.startswith(start)}


@cache
def words(language: str) -> Words:
    """The dictionary of a language; the first of `LANGUAGES` for one we do not have."""
    chosen = language if language in LANGUAGES else LANGUAGES[0]
    document = tomllib.loads((HERE / f"{chosen}.toml").read_text(encoding="utf-8"))
    return Words(chosen, dict(_flat(document, "")))


def keys(language: str) -> set[str]:
    """The dotted keys a dictionary has."""
    return {key for key, _ in _flat(tomllib.loads((HERE / f"{language}.toml").read_text(encoding="utf-8")), "")}


def _flat(document: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, entry in document.items():
        found += _flat(entry, f"{prefix}{key}.") if isinstance(entry, dict) else [(prefix + key, str(entry))]
    return found
