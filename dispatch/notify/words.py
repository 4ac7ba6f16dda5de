"""The words of a notice, in the language of whoever gets it."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

__all__ = ["CASE", "LANGUAGES", "RECEIPT", "TO_REPORTER", "Words", "standard_words", "subject_of", "text_of"]

Words = dict[str, dict[str, str]]
CASE = "{case}"
RECEIPT = "{receipt}"
TO_REPORTER = "citizen_"  # kinds that tell whoever reported a case begin so
LANGUAGES = ("zh", "en")


def text_of(kind: str, *, case: str, language: str, own: Words | None = None, link: str = "", receipt: str = "") -> str:
    """What a message of this kind says; about no case, or of a kind without words of its own: that there is news.

    `own`: the city's words by kind, each before ours. `link`: where it is acknowledged, or a report followed; at the
    end, if there is one. `receipt`: by which whoever reported the case asks for it.
    """
    words = standard_words() | (own or {})
    said = words.get(kind) or words.get(kind.split(":")[0], words["other"])
    if not case and any(CASE in sentence for sentence in said.values()):
        return _said(words["no_case"], case, language)
    text = _said(said, case, language).replace(RECEIPT, receipt)
    before = words["follow" if kind.startswith(TO_REPORTER) else "acknowledge"]
    return f"{text} {_said(before, case, language)}{link}" if link else text


def subject_of(*, case: str, language: str, own: Words | None = None) -> str:
    """The subject of a letter."""
    words = standard_words() | (own or {})
    return _said(words["subject" if case else "subject_no_case"], case, language)


def _said(words: dict[str, str], case: str, language: str) -> str:
    return words[language if language in LANGUAGES else "zh"].replace(CASE, case)


@cache
def standard_words() -> Words:
    """By kind of message the sentence in each language, as they are where a city says nothing else."""
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
