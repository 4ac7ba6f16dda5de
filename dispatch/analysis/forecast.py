"""How many reports the next four weeks will bring, how wide that guess is, and how wrong it was before. Pure.

A week to come brings what the last eight brought on average; where the year before is known, times what that week then
was of the eight before its guess. The interval is made of the guess's own past errors, not of a law: the same guess is
made as of each earlier week and compared with what came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

__all__ = ["AHEAD", "BASE", "Forecast", "Week", "forecast"]

AHEAD, BASE, YEAR = 4, 8, 52  # weeks
LEAST_TRIALS = 5  # fewer past guesses, and no interval is told
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One week to come, from its Monday: the guess, and where nine of ten such weeks lay (None: not known)."""

    monday: date
    expected: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """`error`: mean absolute error of the past guesses, per cent of the guess; None without one.

    `covered` of `trials`: past weeks that lay in the interval which could have been told the week before.
    `past`: the last half year, by Monday.
    """

    weeks: list[Week]
    error: Decimal | None
    covered: int
    trials: int
    past: list[tuple[date, int]]


def forecast(by_day: Mapping[date, int], today: date) -> Forecast | None:
    """From reports by day; None with fewer whole weeks before this one than the guess rests on.

    A day without a report may be left out; the first day named is the first there was.
    """
    monday = today - timedelta(days=today.weekday())
    totals = _totals(by_day, monday)
    if len(totals) < BASE:
        return None
    numbers = [number for _, number in totals]
    parts = _parts(numbers)
    weeks = [_week(monday + WEEK * (ahead - 1), _guess(numbers, ahead), parts) for ahead in range(1, AHEAD + 1)]
    covered, trials = _covered(numbers)
    return Forecast(weeks=weeks, error=_mean_error(parts), covered=covered, trials=trials, past=totals[-26:])


def _totals(by_day: Mapping[date, int], monday: date) -> list[tuple[date, int]]:
    """Whole weeks before `monday`, from the first whole one there was."""
    found: list[tuple[date, int]] = []
    first = min(by_day, default=monday)
    at = first + timedelta(days=-first.weekday() % 7)
    while at < monday:
        found.append((at, sum(by_day.get(at + timedelta(days=day), 0) for day in range(7))))
        at += WEEK
    return found


def _mean(numbers: Sequence[int]) -> Decimal:
    return Decimal(sum(numbers)) / len(numbers)


def _guess(numbers: Sequence[int], ahead: int) -> Decimal:
    """Of the week that is `ahead` weeks after the last one known; `numbers`: at least the eight weeks before."""
    base, end = _mean(numbers[-BASE:]), len(numbers) - YEAR
    then = _mean(numbers[end - BASE : end]) if end >= BASE else Decimal(0)
    return base * numbers[end + ahead - 1] / then if then else base


def _parts(numbers: Sequence[int]) -> list[Decimal]:
    """What came, as a part of each guess that was possible before."""
    tried = [
        (numbers[end + ahead - 1], _guess(numbers[:end], ahead))
        for end in range(BASE, len(numbers))
        for ahead in range(1, AHEAD + 1)
        if end + ahead <= len(numbers)
    ]
    return [came / guess for came, guess in tried if guess]


def _mean_error(parts: Sequence[Decimal]) -> Decimal | None:
    if not parts:
        return None
    mean = sum((abs(part - 1) for part in parts), Decimal(0)) / len(parts)
    return (100 * mean).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _bounds(parts: Sequence[Decimal]) -> tuple[Decimal, Decimal] | None:
    """Where the middle nine of ten past parts lay; the outermost ones where they are few."""
    if len(parts) < LEAST_TRIALS:
        return None
    ordered = sorted(parts)
    cut = len(ordered) // 20
    return ordered[cut], ordered[-1 - cut]


def _week(monday: date, guess: Decimal, parts: Sequence[Decimal]) -> Week:
    bounds = _bounds(parts)
    low, high = (_whole(guess * bound) for bound in bounds) if bounds else (None, None)
    return Week(monday=monday, expected=_whole(guess), low=low, high=high)


def _whole(number: Decimal) -> int:
    return int(number.quantize(Decimal(1), ROUND_HALF_UP))


def _covered(numbers: Sequence[int]) -> tuple[int, int]:
    """Of the weeks for which an interval could have been told the week before: how many lay in it, of how many."""
    inside = told = 0
    for end in range(BASE, len(numbers)):
        bounds = _bounds(_parts(numbers[:end]))
        if bounds is not None:
            guess = _guess(numbers[:end], 1)
            told += 1
            inside += bounds[0] * guess <= numbers[end] <= bounds[1] * guess
    return inside, told
