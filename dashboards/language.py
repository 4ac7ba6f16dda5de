"""Which language a page is in: what somebody chose, else what the browser asks for, else the city's. Pure."""

from __future__ import annotations

from fastapi import Request

from dashboards.words import LANGUAGES
from dispatch.people.who import Me

__all__ = ["language_of", "preferred"]

LONGEST = 500  # of a header that is read
MOST = 20  # languages in it


def language_of(request: Request, me: Me | None, default: str = LANGUAGES[0]) -> str:
    """The language asked for in the address, else chosen earlier, else the person's, else the browser's, else the
    city's."""
    chosen = (request.query_params.get("lang"), request.cookies.get("lang"), me.language if me else None)
    asked = (*chosen, *preferred(request.headers.get("accept-language", "")), default)
    return next((word for word in asked if word in LANGUAGES), LANGUAGES[0])


def preferred(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first, without regions: `en-GB;q=0.8` is `en`."""
    asked = [part.strip().lower().partition(";") for part in header[:LONGEST].split(",")[:MOST]]
    wanted = [(_weight(more), tag.strip().partition("-")[0]) for tag, _, more in asked]
    return [tag for weight, tag in sorted(wanted, key=lambda one: -one[0]) if weight > 0]


def _weight(parameter: str) -> float:
    """0 to 1; one that cannot be read asks for nothing."""
    name, equals, number = parameter.replace(" ", "").partition("=")
    if not equals:
        return 1.0
    plain = name == "q" and number.replace(".", "", 1).isdigit() and number.isascii()
    return min(1.0, float(number)) if plain else 0.0
