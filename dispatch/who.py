"""`wangge who`: who answers here, without making a case."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any

from dispatch.bulk.expected import told_share
from dispatch.bulk.stream import stream, told
from dispatch.bulk.town import town_asked
from dispatch.bulk.whose import Whose
from dispatch.cases.books import Books, books, books_on
from dispatch.command import Command, print_table
from dispatch.routing.decide import Routing
from dispatch.routing.route import route
from dispatch.routing.rule import BY_PLACE
from dispatch.routing.words import Words, sentence, trace
from gis.crs import DATUMS, to_store
from gis.db import ReadTx, read
from gis.locate import Place, place_of
from gis.problems import FormIncomplete, NotFound

__all__ = ["Answer", "ask", "command", "then"]

NOON = time(12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Where the point lies, and whom the rules in force `at` an instant name for the category there.

    `editions`: kind → id of what it was decided by.
    """

    place: Place
    routing: Routing
    unit_name: str | None
    unit_name_en: str | None
    rule_words: Words | None
    trace_words: Words
    at: datetime
    editions: dict[str, str]

    def document(self) -> dict[str, Any]:
        """For `--json`: the routing as a case would keep it, and the place it saw."""
        return {
            **self.routing.document(),
            "unit_name": self.unit_name,
            "unit_name_en": self.unit_name_en,
            "rule_words": self.rule_words and self.rule_words[0],
            "rule_words_en": self.rule_words and self.rule_words[1],
            "trace_words": self.trace_words[0],
            "trace_words_en": self.trace_words[1],
            "at": self.at.isoformat(),
            "editions": self.editions,
            "place": {**asdict(self.place), "words": self.place.place_words, "words_en": self.place.place_words_en},
        }


def ask(
    tx: ReadTx,
    city: Books,
    point: tuple[float, float],
    category: str,
    *,
    at: datetime | None = None,
    accuracy_m: float | None = None,
    component: str | None = None,
    street: str | None = None,
) -> Answer:
    """Who answers for `category` at `point` (degrees, stored datum), now or `at` an instant whose books `city` is.

    `street`: the road's name, as an address has it. Raises FormIncomplete for an unknown category.
    """
    known = city.catalogue.categories.get(category)
    if known is None:
        raise FormIncomplete(
            f"No category {category} in the catalogue", zh=f"目录中没有类别 {category}", fields={"category": "unknown"}
        )
    at = (at or tx.now).astimezone(city.zone)
    place = place_of(
        tx,
        *point,
        accuracy_m=accuracy_m,
        category=category,
        component_code=component,
        street=street,
        on=at.date(),
        **city.reaches,
    )
    routing = route(known, place, city.table, at=at, names=city.words)
    unit = city.tree.get(routing.unit) if routing.unit is not None else None
    return Answer(
        place=place,
        routing=routing,
        unit_name=unit.name if unit else None,
        unit_name_en=(unit.name_en or unit.name) if unit else None,
        rule_words=sentence(city.rulebook.by_no[routing.rule], city.words) if routing.rule else None,
        trace_words=trace(routing, city.words),
        at=at,
        editions=city.names,
    )


def then(tx: ReadTx, asked: str | None) -> tuple[Books, datetime]:
    """The instant asked for and the books that were in force: `2026-03-01` (its noon), a wall time of the city
    `2026-03-01T08:00`, or an instant with its offset; None: now.

    Raises FormIncomplete for words that are none of these, NotFound for a day before the city's first books.
    """
    if asked is None:
        return books(tx), tx.now
    zone = books(tx).zone
    try:
        said = datetime.fromisoformat(asked)
        if len(asked) == len("2026-03-01"):
            said = datetime.combine(said.date(), NOON)
        at = (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(zone)
    except (ValueError, OverflowError) as fault:
        raise FormIncomplete(
            f"{asked} is neither a day (2026-03-01) nor a time (2026-03-01T08:00, or with its offset)",
            zh=f"{asked} 既不是日期（2026-03-01）也不是时刻（2026-03-01T08:00，可带时区）",
            fields={"at": "no day"},
        ) from fault
    return books_on(tx, at.date()), at


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("lon", type=float, nargs="?", metavar="LON", help="longitude, degrees")
    parser.add_argument("lat", type=float, nargs="?", metavar="LAT", help="latitude, degrees")
    parser.add_argument("category", nargs="?", metavar="CATEGORY", help="code of a category, such as C0101")
    parser.add_argument("--in", dest="source", metavar="CSV", help="ask for each row of a file (-: standard input)")
    parser.add_argument("--out", dest="target", metavar="CSV", default="-", help="with --in: where to (default: -)")
    parser.add_argument("--city", metavar="NAME", help="with --in: a folder of data/cities, without any database")
    parser.add_argument(
        "--expect", type=_pair, metavar="LEVEL=COLUMN",
        help="with --in: say how many rows lie in the area that a column of theirs names, by code or words",
    )  # fmt: skip
    parser.add_argument("--accuracy", type=float, metavar="M", help="accuracy of the fix in metres: may leave a doubt")
    parser.add_argument("--component", metavar="CODE", help="code of the component it is about")
    parser.add_argument("--street", metavar="NAME", help="name of the road, or an address: before nearer roads")
    parser.add_argument("--at", metavar="DAY", help="as the city was on a day (its noon) or at a time; without it, now")
    parser.add_argument("--crs", choices=DATUMS, default="wgs84", help="datum of LON and LAT (default: wgs84)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON; with --in one object a line")


def _pair(text: str) -> tuple[str, str]:
    level, equals, column = text.partition("=")
    if not (equals and level and column):
        raise ArgumentTypeError(f"{text!r} is not LEVEL=COLUMN")
    return level, column


def _run(arguments: Namespace) -> int:
    """0 if a unit answers, 1 if a dispatcher has to decide, 2 if the question cannot be understood."""
    if arguments.source is not None:
        return _run_file(arguments)
    if arguments.category is None or arguments.city is not None:
        sys.stderr.write("wangge who: it wants LON LAT CATEGORY, or --in CSV, which may come with --city NAME\n")
        return 2
    point = to_store(arguments.lon, arguments.lat, arguments.crs)
    try:
        with read() as tx:
            city, at = then(tx, arguments.at)
            answer = ask(
                tx,
                city,
                point,
                arguments.category,
                at=at,
                accuracy_m=arguments.accuracy,
                component=arguments.component,
                street=arguments.street,
            )
    except (FormIncomplete, NotFound) as problem:
        sys.stderr.write(f"wangge who: {problem.title}\n")
        return 2
    if arguments.json:
        _print_document(answer)
    else:
        _print_words(answer)
    return 0 if answer.routing.unit is not None else 1


def _run_file(arguments: Namespace) -> int:
    """0, or 1 if rows were left out, 2 if the file cannot be read as one of points."""
    try:
        town = town_asked(arguments.city)
        expect = arguments.expect
        done = stream(
            arguments.source, arguments.target, lambda header: Whose(town, header, expect), as_json=arguments.json
        )
        if expect:
            sys.stderr.write(f"{told_share(expect, done.named, done.agreed)}\n")
        return told("who", done)
    except FormIncomplete as problem:
        sys.stderr.write(f"wangge who: {problem.title}\n")
        return 2


def _print_document(answer: Answer) -> None:
    document = answer.document()
    print_table([document], list(document), json=True)


def _print_words(answer: Answer) -> None:
    routing, facts = answer.routing, answer.routing.facts
    lines = {
        "unit": f"{routing.unit} {answer.unit_name} ({answer.unit_name_en})"
        if routing.unit
        else "the dispatcher decides",
        "why not": routing.doubtful,
        "between": ", ".join(routing.between),
        "rule": routing.rule and f"{routing.rule} of {routing.edition}",
        "reason": f"{routing.reason} | {routing.reason_en}",
        "the rule": answer.rule_words and " | ".join(answer.rule_words),
        "assisted by": ", ".join(routing.assist),
        "limit": routing.limit and " ".join(routing.limit),
        "question": routing.question and f"{routing.question} | {routing.question_en}",
        "source": routing.source,
        "at": answer.at.isoformat(timespec="minutes"),
        "place": answer.place.place_words,
        "road": _road_words(answer.place),
        "as near": ", ".join(f"{road.road_class} {road.name} {road.metres:.1f} m" for road in answer.place.rival_roads),
        "areas": " ".join(facts.areas),
        "component": facts.component,
        "in charge": ", ".join(f"{k} {v}" for k in ("owner", "maintainer", "supervisor") if (v := getattr(facts, k))),
        "in a sentence": " | ".join(answer.trace_words),
        "category": f"{facts.category} ({facts.category_class}; {', '.join(facts.types)})",
    }
    print_table(({"": name, " ": words} for name, words in lines.items() if words), ["", " "])
    for found in routing.answers:
        sys.stdout.write(f"  {found.words} | {found.words_en}: {found.unit or '-'} ({found.rule or '-'})\n")
    _print_tried(routing)


def _road_words(place: Place) -> str:
    if place.road_m is None:
        return place.road_class
    named = ", named by the address" if place.by_name else ""
    return " ".join(filter(None, (place.road_class, place.road_name))) + f", {place.road_m:.1f} m{named}"


def _print_tried(routing: Routing) -> None:
    """Rules for the category in full, those for others by number."""
    here = [tried for tried in routing.tried if tried.clause in BY_PLACE]
    others = [tried.rule for tried in routing.tried if tried.clause not in BY_PLACE]
    if here:
        sys.stdout.write("\nTried before:\n")
        rows = ({"rule": tried.rule, "does not hold": tried.clause, "reason": tried.reason} for tried in here)
        print_table(rows, ["rule", "does not hold", "reason"])
    if others:
        sys.stdout.write(f"\nBefore it, for other categories: {', '.join(others)}\n")


command = Command(
    name="who",
    help="say who answers for a category at a point, by which rule and why, without making a case",
    add_arguments=_add_arguments,
    run=_run,
    description=(
        "Place the point, apply the rules in force, and print the one unit responsible with rule, reason, the facts it "
        "saw, and the rules tried before with the clause that did not hold. Example: "
        "wangge who 114.0183 22.5345 C0101 --accuracy 10. Exit code 0: a unit answers; 1: a dispatcher has to decide. "
        "With --in, the same for every row of a CSV file with the columns id,lon,lat and, if wanted, datum, subclass, "
        "street_name, at (wall time of the city, or an instant with its offset): the places and rules of that day. "
        "Rows that cannot be understood are told, the rest is done, and the exit code is 1."
    ),
)
