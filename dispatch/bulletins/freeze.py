"""A bulletin's way: sealed by one person, published or declined by another, revised by a new one when more is known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString, NoReturn

from dispatch.audit.trail import record
from dispatch.bulletins.appeals import appeals
from dispatch.bulletins.content import FORM, Rules, canonical, fact_lines, hash_of, instant, parsed
from dispatch.bulletins.recount import FIGURES, Key, recount, scored, scores_text
from dispatch.cases.books import Books, books, books_on
from dispatch.evaluation.measures import CELLS, Cut, Measure, grids_of, measure, parameters, units_of
from dispatch.evaluation.period import Period, period_of
from dispatch.evaluation.ranking import cut_of
from dispatch.evaluation.scheme import Scheme, scheme_document
from dispatch.evaluation.terms import Terms, terms_of
from gis.db import ReadTx, Tx, dicts, execute, one, rows, value
from gis.problems import Conflict, FormIncomplete, NotFound

__all__ = ["SCHEME", "SCORED", "Bulletin", "bulletin_of", "bulletins", "decide", "lines_of", "published", "seal"]

LOCK = 0xB011E7
SCHEME = "gb-department"
SCORED = ("unit", "area")
INSTANT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
AT_ONCE = 5_000
FROZEN: LiteralString = (Path(__file__).parent / "frozen.sql").read_text(encoding="utf-8")
KEEP: LiteralString = f"""
    INSERT INTO bulletin_fact (bulletin_id, no, case_id, line)
    SELECT %(bulletin)s::bigint, no, case_id, line FROM ({FROZEN}) AS frozen
"""
LINES: LiteralString = """
    SELECT no, line FROM bulletin_fact WHERE bulletin_id = %(id)s AND no > %(after)s ORDER BY no LIMIT %(n)s
"""
COLUMNS: LiteralString = """
    SELECT b.id, b.period, b.scheme, b.revision, b.previous_id, b.since, b.until, b.as_of, b.made_by, b.made_at,
           b.cases, b.rules, b.facts_hash, b.hash, b.scores, maker.name AS maker,
           coalesce(d.decision, 'sealed') AS state, decider.name AS decider, d.decided_at, d.head_no, d.head_hash
      FROM bulletin b JOIN person maker ON maker.id = b.made_by
      LEFT JOIN bulletin_decision d ON d.bulletin_id = b.id LEFT JOIN person decider ON decider.id = d.decided_by
"""
UNITS: LiteralString = """
    SELECT unit_id, parent_id, ranking_group, name, name_en FROM units_on(%(day)s) ORDER BY unit_id
"""
DISTRICTS: LiteralString = """
    SELECT id::text AS id, code, name, name_en FROM area
     WHERE depth = 1 AND valid_from <= %(day)s AND (valid_to IS NULL OR valid_to > %(day)s) ORDER BY code
"""
EDITIONS: LiteralString = """
    SELECT kind, name, content_hash FROM edition WHERE id = ANY(%(ids)s) ORDER BY kind
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """One bulletin. `state`: sealed (it waits for its second person), published or declined."""

    id: int
    period: str
    scheme: str
    revision: int
    previous_id: int | None
    since: datetime
    until: datetime
    as_of: datetime
    made_by: int
    made_at: datetime
    cases: int
    rules: str
    facts_hash: str
    hash: str
    scores: str
    maker: str
    state: str
    decider: str | None
    decided_at: datetime | None
    head_no: int | None
    head_hash: str | None

    @property
    def file_name(self) -> str:
        """Of every file that is made of it, before the ending: its own among all that were published."""
        return f"bulletin-{self.period}-{self.scheme}-{self.revision}"


def bulletins(tx: ReadTx, *, published_only: bool = False, limit: int = 100) -> list[Bulletin]:
    """The newest first."""
    sql = COLUMNS + " WHERE (NOT %(only)s OR d.decision = 'published') ORDER BY b.id DESC LIMIT %(limit)s"
    return rows(tx, Bulletin, sql, only=published_only, limit=limit)


def bulletin_of(tx: ReadTx, id: int, *, published_only: bool = False) -> Bulletin:
    """Raises NotFound; also for one that is not published, if only published ones are asked for."""
    found = one(tx, Bulletin, COLUMNS + " WHERE b.id = %(id)s", id=id) if 0 < id < 2**63 else None
    if found is None or (published_only and found.state != "published"):
        raise NotFound("There is no such bulletin", zh="没有这份通报")
    return found


def published(tx: ReadTx, period: str, scheme: str) -> Bulletin | None:
    """The last published one of a period."""
    sql: LiteralString = COLUMNS + (
        " WHERE b.period = %(period)s AND b.scheme = %(scheme)s AND d.decision = 'published'"
        " ORDER BY b.revision DESC LIMIT 1"
    )
    return one(tx, Bulletin, sql, period=period, scheme=scheme)


def lines_of(tx: ReadTx, id: int) -> Iterator[str]:
    """The lines of a bulletin's facts.csv, fetched along: memory does not grow with them."""
    yield from fact_lines(_numbered(tx, id))


def _numbered(tx: ReadTx, id: int) -> Iterator[tuple[int, str]]:
    after = 0
    while found := tx.connection.execute(LINES, {"id": id, "after": after, "n": AT_ONCE}).fetchall():
        yield from found
        after = found[-1][0]


def seal(tx: Tx, person_id: int, *, period: str, scheme: str = SCHEME) -> Bulletin:
    """Freeze a finished period: as of its end, or, where a bulletin of it is published, as of now as its revision.

    Nothing may have been read in `tx` yet: it becomes one snapshot. Raises FormIncomplete (no such period or scheme, or
    not over yet), Conflict (another one waits to be published; a revision would say the same).
    """
    execute(tx, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    execute(tx, "SET LOCAL statement_timeout = 0")
    city = books(tx)
    span, terms = _asked(tx, city, period, scheme)
    how = terms.schemes[scheme]
    _alone(tx, span, how)
    previous = published(tx, span.name, how.key)
    as_of = tx.now if previous else span.end
    id: int = value(tx, "SELECT nextval(pg_get_serial_sequence('bulletin', 'id'))")
    # The facts are numbered and hashed before their bulletin is written: no row of it is ever changed.
    whole = Cut(by="city", area_class=how.area_class)
    cases = execute(tx, KEEP, bulletin=id, instant=INSTANT, **parameters(tx, span, whole, as_of))
    told = _rules(tx, city, span, how, terms=terms, as_of=as_of, previous=previous)
    rules = canonical(told | {"appeals": appeals(tx, id, as_of)})
    facts_hash, scores = _counted(tx, id, Rules.read(rules), span, as_of)
    if previous is not None and _says_the_same(previous, facts_hash, scores, rules):
        raise Conflict(
            "Nothing has changed since the published bulletin: a revision would say the same",
            zh="与已发布的通报相比没有变化，无需修订",
        )
    _insert(tx, id, span, how, as_of=as_of, made_by=person_id, cases=cases, rules=rules, facts_hash=facts_hash,
            scores=scores, previous=previous)  # fmt: skip
    made = bulletin_of(tx, id)
    _record(tx, "bulletin_sealed", person_id, made)
    return made


def _says_the_same(previous: Bulletin, facts_hash: str, scores: str, rules: str) -> bool:
    ruled = [Rules.read(text).document.get("appeals", []) for text in (previous.rules, rules)]
    return (facts_hash, scores) == (previous.facts_hash, previous.scores) and ruled[0] == ruled[1]


def decide(tx: Tx, id: int, person_id: int, *, publish: bool) -> Bulletin:
    """Publish a sealed bulletin, or decline it; either stays for ever. Raises NotFound, Conflict.

    Whoever sealed it may decline it but not publish it. The head of the sealed chain of then is written beside it.
    """
    made = bulletin_of(tx, id)
    if made.state != "sealed":
        raise Conflict(f"The bulletin is {made.state} already", zh="通报状态已变，请刷新后查看", state=made.state)
    if publish and person_id == made.made_by:
        raise Conflict("Another person has to publish what you sealed", zh="不能发布自己封存的通报，须由他人审定")
    last = published(tx, made.period, made.scheme)
    if publish and (last.id if last else None) != made.previous_id:
        raise Conflict("Another revision was published meanwhile", zh="其间已发布另一修订，请重新封存")
    execute(
        tx,
        """INSERT INTO bulletin_decision (bulletin_id, period, scheme, revision, made_by, decision, decided_by,
                                          decided_at, head_no, head_hash)
           SELECT %(id)s, %(period)s, %(scheme)s, %(revision)s, %(made_by)s, %(decision)s, %(person)s, %(now)s,
                  head.no, encode(head.hash, 'hex')
             FROM (SELECT 1) AS always
             LEFT JOIN (SELECT no, hash FROM audit_block ORDER BY no DESC LIMIT 1) head ON true""",
        **{"id": id, "period": made.period, "scheme": made.scheme, "revision": made.revision, "made_by": made.made_by},
        decision="published" if publish else "declined",
        person=person_id,
        now=tx.now,
    )
    _record(tx, "bulletin_published" if publish else "bulletin_declined", person_id, made)
    return bulletin_of(tx, id)


def _asked(tx: ReadTx, city: Books, period: str, scheme: str) -> tuple[Period, Terms]:
    try:
        span = period_of(period.strip(), city.zone)
    except ValueError as fault:
        raise FormIncomplete(str(fault), zh="时段写法不对", fields={"period": str(fault)}) from fault
    if span.end > tx.now:
        raise FormIncomplete(
            "The period is not over yet: nothing was sealed", zh="时段尚未结束，未封存", fields={"period": "not over"}
        )
    terms = terms_of(tx, span)
    if terms.scheme(scheme).of not in SCORED:
        raise FormIncomplete(
            "Bulletins score units and areas: persons are named in none", zh="通报只评价部门和区域，不点名个人",
            fields={"scheme": scheme},
        )  # fmt: skip
    return span, terms


def _alone(tx: Tx, span: Period, scheme: Scheme) -> None:
    """One at a time, and none while another waits. That two of one revision are never published is the database's."""
    waits = value(
        tx,
        """SELECT EXISTS (SELECT FROM bulletin b WHERE period = %(period)s AND scheme = %(scheme)s
             AND NOT EXISTS (SELECT FROM bulletin_decision d WHERE d.bulletin_id = b.id))""",
        period=span.name,
        scheme=scheme.key,
    )
    if waits or not value(tx, "SELECT pg_try_advisory_xact_lock(%(key)s)", key=LOCK):
        raise Conflict(
            "A bulletin of this period waits to be published or declined", zh="该时段已有一份通报待发布，请先处理"
        )


def _rules(
    tx: ReadTx, city: Books, span: Period, scheme: Scheme, *, terms: Terms, as_of: datetime, previous: Bulletin | None
) -> dict[str, Any]:
    day = _last_day(tx, span)
    then = books_on(tx, day)
    units = dicts(tx, UNITS, day=day)
    names = {str(g["key"]): g for g in terms.groups}
    used = dict.fromkeys(row["ranking_group"] for row in units if row["ranking_group"])
    groups = [names.get(key, {"key": key, "name": key}) for key in (*names, *(key for key in used if key not in names))]
    groups = [group for group in groups if not scheme.groups or group["key"] in scheme.groups]
    groups = groups if scheme.of == "unit" else []
    return {
        "form": FORM,
        "city": str(then.city.get("name", "")),
        "time_zone": city.zone.key,
        "period": span.name,
        **{"since": instant(span.start), "until": instant(span.end), "as_of": instant(as_of)},
        "revision": previous.revision + 1 if previous else 1,
        "previous": previous.hash if previous else None,
        "scheme": scheme_document(scheme),
        **{"small_sample": terms.small_sample, "trial": terms.trial},
        "by_hand": [
            {"unit": one.unit, "kind": one.kind, "points": str(one.points), "document": one.document}
            for one in terms.given
            if one.scheme == scheme.key
        ],
        "editions": {
            row["kind"]: {"name": row["name"], "hash": row["content_hash"]}
            for row in dicts(tx, EDITIONS, ids=list(then.editions.values()))
        },
        "units": {row["unit_id"]: _unit(row) for row in units},
        "groups": [_group(tx, span, as_of, group) for group in groups],
        "districts": _districts(tx, day, scheme, span),
    }


def _districts(tx: ReadTx, day: date, scheme: Scheme, span: Period) -> list[dict[str, Any]]:
    """Those of a day; of a scheme of areas those that have unit grids of its class, and how many."""
    rows = [{k: row[k] for k in ("id", "code", "name", "name_en")} for row in dicts(tx, DISTRICTS, day=day)]
    grids = grids_of(tx, cut_of(scheme, None), span.end) if scheme.of == "area" else None
    told = [row | ({"grids": grids.get(row["id"])} if grids is not None else {}) for row in rows]
    return [{k: row[k] for k in row if k != "id"} for row in told if row.get("grids", True)]


def _unit(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "parent": row["parent_id"],
        "group": row["ranking_group"],
        "name": row["name"],
        "name_en": row["name_en"] or row["name"],
    }


def _group(tx: ReadTx, span: Period, as_of: datetime, group: Mapping[str, Any]) -> dict[str, Any]:
    key = str(group["key"])
    seen = [one.key for one in measure(tx, span, Cut(by="group", group=key), as_of=as_of)]
    units = units_of(tx, span, key, seen=seen, until=span.end)
    name = str(group["name"])
    return {"key": key, "name": name, "name_en": str(group.get("name_en") or name), "units": units}


def _counted(tx: ReadTx, id: int, rules: Rules, span: Period, as_of: datetime) -> tuple[str, str]:
    """The hash of the frozen facts, and the scores counted from them. Raises Conflict if the living facts differ."""
    digest = hashlib.sha256()

    def hashed() -> Iterator[str]:
        for line in lines_of(tx, id):
            digest.update(line.encode())
            yield line

    found = recount(rules, parsed(hashed()))
    for key, figures in _measured(tx, rules, span, as_of).items():
        if any(found[key][name] != number for name, number in figures.items()):
            _differ(key)
    return digest.hexdigest(), scores_text(rules, scored(rules, found))


def _measured(tx: ReadTx, rules: Rules, span: Period, as_of: datetime) -> dict[Key, dict[str, int]]:
    area_class = rules.scheme.area_class
    whole = measure(tx, span, Cut(by="city", area_class=area_class), as_of=as_of)
    found = [(("city", "", ""), cell) for cell in whole]
    for group in (str(row["key"]) for row in rules.document["groups"]):
        cells = measure(tx, span, Cut(by="group", group=group), as_of=as_of)
        found += [(("unit", group, cell.key or ""), cell) for cell in cells]
    if rules.scheme.of == "area":
        codes = {row["id"]: row["code"] for row in dicts(tx, DISTRICTS, day=_last_day(tx, span))}
        cells = measure(tx, span, cut_of(rules.scheme, None), as_of=as_of)
        found += [(("district", "", codes.get(cell.key or "", "")), cell) for cell in cells]
    return {key: {name: _number(cell, name) for name in FIGURES} for key, cell in found}


def _number(cell: Measure, name: str) -> int:
    return cell.cells[name] if name in CELLS else cell.counts.of(name) or 0


def _last_day(tx: ReadTx, span: Period) -> date:
    return (span.end - timedelta(seconds=1)).astimezone(books(tx).zone).date()


def _differ(key: Key) -> NoReturn:
    raise Conflict(
        f"The figures of {key[2] or 'the city'} come out differently from the frozen facts: nothing was sealed",
        zh="冻结事实的复算结果与统计不一致，未封存；请运行 wangge verify",
    )


def _insert(
    tx: Tx, id: int, span: Period, scheme: Scheme, *, rules: str, facts_hash: str, previous: Bulletin | None,
    **more: object,
) -> None:  # fmt: skip
    execute(
        tx,
        """INSERT INTO bulletin (id, period, scheme, revision, previous_id, since, until, as_of, made_by, made_at,
                                 cases, rules, facts_hash, hash, scores) OVERRIDING SYSTEM VALUE
           VALUES (%(id)s, %(period)s, %(scheme)s, %(revision)s, %(previous)s, %(since)s, %(until)s, %(as_of)s,
                   %(made_by)s, %(now)s, %(cases)s, %(rules)s, %(facts_hash)s, %(hash)s, %(scores)s)""",
        **{"id": id, "period": span.name, "scheme": scheme.key, "since": span.start, "until": span.end, "now": tx.now},
        revision=previous.revision + 1 if previous else 1,
        previous=previous.id if previous else None,
        rules=rules,
        facts_hash=facts_hash,
        hash=hash_of(facts_hash, rules),
        **more,
    )


def _record(tx: Tx, kind: str, person_id: int, made: Bulletin) -> None:
    detail: dict[str, object] = {"period": made.period, "revision": made.revision, "hash": made.hash}
    record(tx, kind, person_id=person_id, object=f"bulletin:{made.id}", detail=detail)
