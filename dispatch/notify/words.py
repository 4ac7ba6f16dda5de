"""The words of a notice, in the language of whoever gets it."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

__all__ = ["subject_of", "text_of"]

LANGUAGES = ("zh", "en")


def text_of(kind: str, *, case: str, language: str) -> str:
    """What a message of this kind says; about no case, or of a kind without words of its own: that there is news."""
    words = _words()
    if not case:
        return _said(words["no_case"], case, language)
    return _said(words.get(kind.split(":")[0], words["other"]), case, language)


def subject_of(*, case: str, language: str) -> str:
    """The subject of a letter."""
    return _said(_words()["subject" if case else "subject_no_case"], case, language)


def _said(words: dict[str, str], case: str, language: str) -> str:
    return words[language if language in LANGUAGES else "zh"].replace("{case}", case)


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
