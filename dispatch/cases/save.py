"""Write what an act changed: step, case, fact, feed, messages; each table by one statement, all in one round trip."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from dispatch.cases.alarms import save_alarms
from dispatch.cases.draft import CaseRow, Draft, Message, Ruling
from dispatch.cases.spares import save_drawn
from dispatch.cases.steps import Step
from dispatch.secrets import conceal
from gis.db import Tx
from gis.locate import Place

# Step and feed in one statement: an act is then one statement less.
STEP = """
    WITH told AS (
      INSERT INTO feed (at, case_id, seq, action, state, unit_id, area_path)
      VALUES (%(recorded_at)s, %(case_id)s, %(seq)s, %(action)s, %(to_state)s, %(unit_id)s, %(area_path)s))
    INSERT INTO step (case_id, seq, key, form_hash, action, from_state, to_state, at, recorded_at, actor_id, role,
                      unit_id, data, note_hash, previous, hash)
    VALUES (%(case_id)s, %(seq)s, %(key)s, %(form_hash)s, %(action)s, %(from_state)s, %(to_state)s, %(at)s,
            %(recorded_at)s, %(actor_id)s, %(role)s, %(unit_id)s, %(data)s, %(note_hash)s, %(previous)s, %(hash)s)
"""
CASE = """
    UPDATE cases SET version = %(version)s, state = %(state)s, pool = %(pool)s, category = %(category)s,
           condition_no = %(condition_no)s, hazard = %(hazard)s, limit_value = %(limit_value)s,
           time_class = %(time_class)s,
           component_code = %(component_code)s, unit_id = %(unit_id)s, route = %(route)s, route_unit = %(route_unit)s,
           inspector_id = %(inspector_id)s, merged_into = %(merged_into)s, supervised = %(supervised)s,
           reworks = %(reworks)s,
           returns = %(returns)s, extensions = %(extensions)s, deferrals = %(deferrals)s,
           suspensions = %(suspensions)s, appealed = %(appealed)s,
           clocks = %(clocks)s, asked = %(asked)s, close_asked = %(close_asked)s, supervision = %(supervision)s,
           assists = %(assists)s, assisting = %(assisting)s,
           editions = %(editions)s, suspended_until = %(suspended_until)s,
           dispatched_at = %(dispatched_at)s, ended_at = %(ended_at)s, next_at = %(next_at)s, due_at = %(due_at)s,
           stage_due_at = %(stage_due_at)s, late = %(late)s, last_at = %(last_at)s, last_hash = %(last_hash)s
     WHERE id = %(id)s
"""
FIRED = """
    INSERT INTO fired (case_id, kind, epoch, event, seq, at)
    VALUES (%(case_id)s, %(kind)s, %(epoch)s, %(event)s, %(seq)s, %(at)s)
"""
# Whoever reported it is told each thing once.
MESSAGE = """
    INSERT INTO outbox (case_id, kind, unit_id, person_id, created_at, urgent)
    VALUES (%(case_id)s, %(kind)s, %(unit_id)s, %(person_id)s, %(at)s, %(urgent)s)
    ON CONFLICT (case_id, split_part(kind, ':', 1)) WHERE unit_id IS NULL AND person_id IS NULL DO NOTHING
"""
# Of what was merged into a case, and into that: told once the case is with a department, or has ended, and never before
# it was merged (a rehearsal lives its cases one by one, each by its own clock). By cases_merged.
JOINED = """
    WITH RECURSIVE joined AS (
      SELECT c.id, greatest(%(at)s, c.last_at) AS at FROM cases c JOIN cases m ON m.id = c.merged_into
       WHERE c.merged_into = %(into)s AND (m.dispatched_at IS NOT NULL OR m.ended_at IS NOT NULL)
      UNION
      SELECT c.id, greatest(j.at, c.last_at) FROM joined j JOIN cases c ON c.merged_into = j.id)
    INSERT INTO outbox (case_id, kind, created_at, urgent)
    SELECT c.id, %(kind)s, j.at, false FROM joined j JOIN cases c USING (id) WHERE c.tell_in IS NOT NULL
    ON CONFLICT (case_id, split_part(kind, ':', 1)) WHERE unit_id IS NULL AND person_id IS NULL DO NOTHING
"""
PLACE = """
    UPDATE cases SET geom = ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490), area_id = %(area_id)s,
    area_path = %(area_path)s,
           duty_grid = %(duty_grid)s, road_id = %(road_id)s, road_class = %(road_class)s, road_m = %(road_m)s,
           place_words = %(place_words)s, place_words_en = %(place_words_en)s
     WHERE id = %(id)s
"""
PHOTO = "INSERT INTO case_photo (case_id, seq, sha256, kind) VALUES (%(case_id)s, %(seq)s, %(sha256)s, %(kind)s)"
# The name is a word about this case from now on, whatever else its sender calls the same bytes.
DOCUMENT = """
    INSERT INTO case_document (case_id, seq, sha256, name)
    SELECT %(case_id)s, %(seq)s, sha256, name FROM document_upload WHERE sha256 = %(sha256)s AND person_id = %(by)s
"""
# The count in the city's row tells every process that its precedents are no longer all.
RULING = """
    WITH counted AS (UPDATE city SET rulings = rulings + 1)
    INSERT INTO precedent (case_id, seq, category, area, road, facts, unit_id, not_unit_id, reason, clause, ruled_by,
                           ruled_at)
    VALUES (%(case_id)s, %(seq)s, %(category)s, %(area)s, %(road)s, %(facts)s, %(unit)s, %(not_unit)s, %(reason)s,
            %(clause)s, %(by)s, %(at)s)
"""
KEY = "INSERT INTO case_key (case_id, key) VALUES (%(case_id)s, %(key)s)"
TEXT = "INSERT INTO case_text (case_id, seq, kind, body) VALUES (%(case_id)s, %(seq)s, %(kind)s, %(body)s)"


# What of a fact is not simply the last that was said.
KEPT = {
    "first_reply_at": "coalesce(first_reply_at, %({})s)",
    "known_at": "greatest(known_at, %({})s)",  # also if the database's clock was set back
}

# What acts change. Only these are handed over: psycopg works a statement out anew each time it gets over 50 values.
CHANGING = tuple(name for name in CaseRow.__slots__ if f"%({name})s" in CASE)


def save(tx: Tx, draft: Draft) -> None:
    """Write the whole draft; nothing here decides."""
    case_id = draft.case.id
    with tx.at_once():
        tx.connection.execute(CASE, case_columns(draft))
        if draft.place is not None:
            tx.connection.execute(PLACE, place_columns(draft.place) | {"id": case_id})
        save_history(tx, draft)
        if draft.set or draft.add:
            save_fact(tx, case_id, draft)


def save_history(tx: Tx, draft: Draft) -> None:
    """Steps, feed, fired events, messages, photos, documents and texts of the draft."""
    case_id, path = draft.case.id, draft.case.area_path
    for step in draft.steps:
        tx.connection.execute(STEP, step_columns(case_id, step) | {"area_path": path})
    for kind, epoch, event, seq, at in draft.fired:
        row = {"case_id": case_id, "kind": kind, "epoch": epoch, "event": event, "seq": seq, "at": at}
        tx.connection.execute(FIRED, row)
    for message in draft.messages:
        told = {name: getattr(message, name) for name in Message.__slots__}
        tx.connection.execute(MESSAGE, told | {"case_id": case_id, "at": draft.case.last_at})
    for into, kind in draft.joined:
        tx.connection.execute(JOINED, {"into": into, "kind": kind, "at": draft.case.last_at})
    save_alarms(tx, [draft])
    save_drawn(tx, draft)
    for seq, sha256, kind in draft.photos:
        tx.connection.execute(PHOTO, {"case_id": case_id, "seq": seq, "sha256": sha256, "kind": kind})
    for seq, sha256, by in draft.documents:
        tx.connection.execute(DOCUMENT, {"case_id": case_id, "seq": seq, "sha256": sha256, "by": by})
    if draft.ruling is not None:
        ruling = {name: getattr(draft.ruling, name) for name in Ruling.__slots__}
        tx.connection.execute(RULING, ruling | {"case_id": case_id, "facts": Jsonb(draft.ruling.facts)})
    _save_texts(tx, draft)


def _save_texts(tx: Tx, draft: Draft) -> None:
    if draft.key is None:
        return
    if draft.new_key:
        tx.connection.execute(KEY, {"case_id": draft.case.id, "key": draft.key})
    for text in draft.texts:
        body = conceal(draft.key, text.words)
        tx.connection.execute(TEXT, {"case_id": draft.case.id, "seq": text.seq, "kind": text.kind, "body": body})


def case_columns(draft: Draft) -> dict[str, Any]:
    """The columns that acts change, ready for the database."""
    case = draft.case
    columns = {name: getattr(case, name) for name in CHANGING}
    return columns | {
        "state": case.state.value,
        "pool": draft.pool,
        "route": _json(case.route),
        "asked": _json(case.asked),
        "close_asked": _json(case.close_asked),
        "supervision": _json(case.supervision),
        "assists": _json(case.assists),
        "editions": Jsonb(case.editions),
        "clocks": Jsonb({key: clock.document() for key, clock in draft.clocks.items()}),
        "next_at": draft.next_at,
        "stage_due_at": draft.stage_due_at,
    }


def place_columns(place: Place) -> dict[str, Any]:
    """Where a case lies, ready for the database."""
    names = ("lon", "lat", "area_id", "duty_grid", "road_id", "road_class", "road_m", "place_words", "place_words_en")
    return {name: getattr(place, name) for name in names} | {"area_path": list(place.area_path)}


def step_columns(case_id: int, step: Step) -> dict[str, Any]:
    """A step as the database takes it."""
    columns = {name: getattr(step, name) for name in Step.__slots__}
    return columns | {"case_id": case_id, "data": Jsonb(step.data)}


def _json(document: dict[str, Any] | list[dict[str, Any]] | None) -> Jsonb | None:
    return None if document is None else Jsonb(document)


def save_fact(tx: Tx, case_id: int, draft: Draft) -> None:
    """The names come from `facts.fold`, never from outside; a first reply once written stays."""
    parts = [f"{name} = {KEPT.get(name, '%({})s').format(name)}" for name in sorted(draft.set)]
    parts += [f"{name} = {name} + %({name})s" for name in sorted(draft.add)]
    statement = f"UPDATE fact SET {', '.join(parts)} WHERE case_id = %(case_id)s"
    tx.connection.execute(statement, {**draft.set, **draft.add, "case_id": case_id})
