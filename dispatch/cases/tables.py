"""Report, case, step, fact, and the erasable text beside them."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    Text,
    TextClause,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from dispatch.audit.tables import Xid8
from dispatch.lifecycle.respites import RESPITES
from dispatch.lifecycle.states import ENDED, Action, Pool, State
from gis.tables import SRID, instant, metadata


def _one_of(column: str, values: type[State] | type[Pool]) -> CheckConstraint:
    words = ", ".join(f"'{v.value}'" for v in values)
    return CheckConstraint(f"{column} IN ({words})", name=column)


def _given(column: str, also: TextClause | None = None) -> TextClause:
    """Rows that have the column, and of these only such as `also` says: what is empty at first costs nothing then."""
    return text(f"{column} IS NOT NULL" + (f" AND {also.text}" if also is not None else ""))


ENDINGS = ", ".join(f"'{s.value}'" for s in sorted(ENDED))
OPEN = text(f"state NOT IN ({ENDINGS})")
GRANTED = (Action.APPROVE_DELAY, Action.APPROVE_SUSPEND)
_ASKED_OR_GRANTED = ", ".join(f"'{action.value}'" for action in (*RESPITES, *GRANTED))
RESPITE_STEPS = text(f"action IN ({_ASKED_OR_GRANTED})")
UNSAFE = text(f"hazard AND (unit_id IS NULL OR clocks ? 'cordon') AND state NOT IN ({ENDINGS})")
TO_ANSWER = text("state IN ('closed', 'closed_forced', 'refused') AND stage_due_at IS NOT NULL")

cases = Table(
    "cases",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("receipt", Text, nullable=False, unique=True, comment="what a citizen asks by; cannot be guessed"),
    Column("report_id", UUID(as_uuid=True), nullable=False, unique=True, comment="the first report's"),
    Column("version", Integer, nullable=False, comment="seq of the last step"),
    Column("state", Text, nullable=False),
    Column("pool", Text, nullable=False, comment="who holds it now"),
    Column("source", Text, nullable=False, comment="inspector, web, hotline, 12345, media, leader, import …"),
    Column("public", Boolean, nullable=False, comment="came from the public: may be verified before filing"),
    Column("category", Text),
    Column("condition_no", Integer),
    Column("hazard", Boolean, nullable=False, server_default="false"),
    Column("limit_value", Numeric, comment="of the filing condition; empty: no limit"),
    Column("time_class", Text),
    Column("geom", Geometry("POINT", SRID, spatial_index=False), comment="empty: place unknown (imports)"),
    Column("accuracy_m", REAL),
    Column("hand_placed", Boolean, nullable=False, server_default="false"),
    Column("area_id", BigInteger, ForeignKey("area.id"), comment="unit grid"),
    Column("area_path", ARRAY(BigInteger), nullable=False, server_default="{}", comment="from the top level down"),
    Column("duty_grid", Text),
    Column("road_id", BigInteger, ForeignKey("road.id")),
    Column("road_class", Text, nullable=False, server_default="none"),
    Column("road_m", REAL),
    Column("component_code", Text),
    Column("place_words_en", Text, nullable=False, server_default=""),
    Column(
        "place_words", Text, nullable=False, server_default="", comment="road and distance, made by us: no free text"
    ),
    Column("unit_id", Text, ForeignKey("unit.id"), comment="the one unit responsible"),
    Column("route", JSONB, comment="unit, rule, edition, reason, facts, tried: the last routing"),
    Column("route_unit", Text, comment="suggested unit; empty: the dispatcher's pool must decide"),
    Column("reporter_id", BigInteger, ForeignKey("person.id")),
    Column("tell_in", Text, comment="language in which whoever reported it is told by telephone; empty: not at all"),
    Column("inspector_id", BigInteger, ForeignKey("person.id"), comment="holds the verify or check task"),
    Column("merged_into", BigInteger, ForeignKey("cases.id")),
    Column("supervised", Boolean, nullable=False, server_default="false"),
    Column("reworks", Integer, nullable=False, server_default="0"),
    Column("returns", Integer, nullable=False, server_default="0"),
    Column("extensions", Integer, nullable=False, server_default="0"),
    Column("deferrals", Integer, nullable=False, server_default="0"),
    Column("suspensions", Integer, nullable=False, server_default="0"),
    Column("appealed", Boolean, nullable=False, server_default="false"),
    Column(
        "clocks",
        JSONB,
        nullable=False,
        server_default="{}",
        comment="those that run or rest; ended ones stand in the steps",
    ),
    Column("asked", JSONB, comment="what a return, extension or suspension asks for"),
    Column("close_asked", JSONB, comment="a forced close that waits for the second person: reason, by, at"),
    Column("supervision", JSONB, comment="a supervise order that waits for its answer: reason, by, at"),
    Column("assists", JSONB, comment="every part given to an assisting unit: unit, seq, state, due, late, instants"),
    Column("assisting", ARRAY(Text), comment="who assists under the present dispatch, and may look at the case"),
    Column("editions", JSONB, nullable=False, server_default="{}", comment="the editions it is decided by"),
    instant("reported_at", nullable=False),
    instant("hand_back_at", comment="another hotline's own deadline"),
    instant("suspended_until"),
    instant("dispatched_at"),
    instant("ended_at"),
    instant("next_at", comment="the next warning, lapse or end of suspension; empty: none"),
    instant("due_at", comment="disposal; empty: not running or no limit"),
    instant("stage_due_at", comment="of the clock its present holder is on"),
    Column("late", Boolean, nullable=False, server_default="false", comment="the disposal clock has lapsed"),
    instant("last_at", nullable=False),
    Column("last_hash", LargeBinary, nullable=False),
    Column(
        "spot",
        BigInteger,
        Computed("map_spot(floor(tile_x(geom, 20))::int, floor(tile_y(geom, 20))::int)", persisted=True),
        comment="tile of zoom 20, column and row bit by bit in turn",
    ),
    _one_of("state", State),
    _one_of("pool", Pool),
    Index("cases_open_spot", "spot", postgresql_include=["id", "late", "hazard"], postgresql_where=OPEN),
    Index("cases_ended_spot", "spot", "category", postgresql_where=text(f"state IN ({ENDINGS})")),
    Index("cases_pool_due", "pool", "stage_due_at", "id", postgresql_where=OPEN),
    Index("cases_unit_due", "unit_id", "stage_due_at", "id", postgresql_where=_given("unit_id", OPEN)),
    Index("cases_to_answer", "stage_due_at", "id", postgresql_where=TO_ANSWER),
    Index("cases_close_asked", "stage_due_at", "id", postgresql_where=text("close_asked IS NOT NULL")),
    Index("cases_appealed", "id", postgresql_where=text("asked ->> 'action' = 'appeal'")),
    Index("cases_supervision", "id", postgresql_where=text("supervision IS NOT NULL")),
    Index("cases_inspector", "inspector_id", "stage_due_at", postgresql_where=_given("inspector_id", OPEN)),
    Index("cases_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    Index("cases_reporter", "reporter_id", "reported_at"),
    Index("cases_reported", "reported_at", "id"),
    Index("cases_unit_reported", "unit_id", "reported_at", "id", postgresql_where=_given("unit_id")),
    Index("cases_category_reported", "category", "reported_at", "id"),
    Index("cases_assisting", "assisting", postgresql_using="gin", postgresql_where=_given("assisting", OPEN)),
    Index(
        "cases_assisted_ended",
        "assisting",
        postgresql_using="gin",
        postgresql_where=text(f"assisting IS NOT NULL AND state IN ({ENDINGS})"),
    ),
    Index("cases_assists", "dispatched_at", postgresql_where=text("assists IS NOT NULL")),
    Index("cases_unsafe", "reported_at", "id", postgresql_where=UNSAFE),
    Index("cases_hazard", "reported_at", "id", postgresql_where=text("hazard")),  # how soon dangers were made safe
    Index("cases_resting", "suspended_until", "id", postgresql_where=text("suspended_until IS NOT NULL")),
    Index("cases_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
)

report = Table(
    "report",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True, comment="made by the reporter"),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("source", Text, nullable=False),
    Column("reporter_id", BigInteger, ForeignKey("person.id")),
    Column("position", JSONB, comment="as sent: crs, x, y, accuracy"),
    instant("captured_at", comment="the device's claim"),
    instant("received_at", nullable=False),
)

step = Table(
    "step",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("key", UUID(as_uuid=True), nullable=False, unique=True, comment="the act's idempotency key"),
    Column("form_hash", LargeBinary, nullable=False, comment="the same key with another form is refused"),
    Column("action", Text, nullable=False),
    Column("from_state", Text),
    Column("to_state", Text, nullable=False),
    instant("at", nullable=False, comment="when it took effect"),
    instant("recorded_at", nullable=False, comment="when it was known"),
    Column("actor_id", BigInteger, comment="empty: the system or a citizen"),
    Column("role", Text, nullable=False),
    Column("unit_id", Text, comment="the unit responsible after the step"),
    Column("data", JSONB, nullable=False, comment="what was decided; never a name, a phone or free text"),
    Column("note_hash", LargeBinary, comment="salted hash of the free text, which can be erased"),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("tx", Xid8, nullable=False, server_default=FetchedValue()),
    Index("step_tx", "tx"),
    Index(
        "step_returns", "unit_id", "at", postgresql_where=text("action IN ('ask_return', 'ask_ruling')")
    ),  # a unit's budget of returns
    Index("step_recounts", "at", postgresql_where=text("action = 'recount'")),  # what a new calendar moved
    Index("step_turns", "at", postgresql_where=text("action IN ('approve_return', 'rule_other', 'reopen')")),
    Index("step_respites", "at", "unit_id", postgresql_where=RESPITE_STEPS),  # how often units ask for time, and get it
    # What cards rest on, as it became known.
    Index("step_lapses", "recorded_at", postgresql_where=text("action IN ('lapse', 'check_fail')")),
    Index("step_at", "at", postgresql_using="brin"),
)

precedent = Table(
    "precedent",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False),
    Column("seq", Integer, nullable=False, comment="the step that ruled"),
    Column("category", Text, nullable=False),
    Column("area", Text, nullable=False, comment="level:code of the last area above the unit grid"),
    Column("road", Text, nullable=False, comment="road class"),
    Column("facts", JSONB, nullable=False, comment="the facts that routing saw"),
    Column("unit_id", Text, ForeignKey("unit.id"), nullable=False, comment="whose it is"),
    Column("not_unit_id", Text, ForeignKey("unit.id"), comment="whose it is not"),
    Column("reason", Text, comment="the code word the referee chose"),
    Column("clause", Text, comment="the rule that was argued with"),
    Column("ruled_by", BigInteger, ForeignKey("person.id")),
    instant("ruled_at", nullable=False),
    UniqueConstraint("case_id", "seq"),
)

case_key = Table(
    "case_key",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    Column("key", LargeBinary, nullable=False, comment="AES-256-GCM; without it the case's texts are noise"),
)

case_text = Table(
    "case_text",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", Text, nullable=False, comment="note, description, contact_name, contact_phone, address"),
    Column("body", LargeBinary, nullable=False, comment="nonce and ciphertext"),
    Index("case_text_case", "case_id"),
)

fired = Table(
    "fired",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("event", Text, primary_key=True, comment="warn, lapse or wake"),
    Column("seq", Integer, nullable=False),
    instant("at", nullable=False),
)

parked = Table(
    "parked",
    metadata,
    Column("kind", Text, primary_key=True, comment="of a row, or of a job as a whole: dispatch.parked.Kind"),
    Column("key", Text, primary_key=True, comment="id, unit or name"),
    Column("fault", Text, nullable=False, comment="its kind and first line: no word of people"),
    Column("times", Integer, nullable=False, comment="how often it was tried"),
    instant("first_at", nullable=False),
    instant("last_at", nullable=False),
    instant("again_at", nullable=False, comment="not before then"),
    CheckConstraint("kind IN ('case', 'alarm', 'message', 'cards', 'terminal', 'job')", name="kind"),
)

# Few cases go on for so long: of those under way at an instant, the others ended soon after it.
LONG = text("settled_at - reported_at > '60 days'::interval")

fact = Table(
    "fact",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    Column("state", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("public", Boolean, nullable=False),
    Column("category", Text),
    Column("class_code", Text),
    Column("unit_id", Text),
    Column("area_id", BigInteger),
    Column("top_area_id", BigInteger),
    Column("area_class", Integer),
    Column("imported", Boolean, nullable=False, server_default="false"),
    Column("reporter_id", BigInteger),
    Column("acceptor_id", BigInteger),
    Column("shift_leader_id", BigInteger),
    Column("dispatcher_id", BigInteger),
    Column("verifier_id", BigInteger),
    Column("checker_id", BigInteger),
    instant("reported_at", nullable=False),
    instant("accepted_at"),
    instant("refused_at"),
    instant("filed_at"),
    instant("voided_at"),
    instant("dispatched_at"),
    instant("signed_at"),
    instant("answered_at", comment="the last answer to the citizen since the case ended"),
    instant("disposed_at", comment="the last reply; emptied by rework or return, so at closing the one that passed"),
    instant("first_reply_at"),
    instant("checked_at"),
    instant("closed_at"),
    instant("due_at", comment="disposal deadline with pauses and extensions; empty: no limit or not yet dispatched"),
    instant("suspended_at", comment="set while suspended"),
    Column("ontime", Boolean, comment="disposed_at <= due_at; empty: not disposed, or no limit"),
    Column("ontime_accept", Boolean),
    Column("ontime_verify", Boolean),
    Column("ontime_file", Boolean),
    Column("ontime_dispatch", Boolean),
    Column("ontime_sign", Boolean),
    Column("ontime_answer", Boolean),
    Column("ontime_send_verify", Boolean),
    Column("ontime_send_check", Boolean),
    Column("ontime_check", Boolean),
    Column("ontime_close", Boolean),
    Column("void_after_filing", Boolean, nullable=False, server_default="false"),
    Column("self_handled", Boolean, nullable=False, server_default="false"),
    Column("forced", Boolean, nullable=False, server_default="false"),
    Column(
        "exempt", Boolean, nullable=False, server_default="false", comment="an appeal was granted: out of the figures"
    ),
    Column("reworks", Integer, nullable=False, server_default="0"),
    Column("returns", Integer, nullable=False, server_default="0", comment="approved returns: wrong dispatches"),
    Column("shirks", Integer, nullable=False, server_default="0", comment="refused returns"),
    Column("extensions", Integer, nullable=False, server_default="0"),
    Column("suspensions", Integer, nullable=False, server_default="0"),
    Column("reopens", Integer, nullable=False, server_default="0"),
    Column("satisfied", Boolean),
    instant("stage_due_at", comment="of the clock its holder is on"),
    instant(
        "known_at",
        nullable=False,
        comment="when its last step was recorded; of an import, the last instant it brought along",
    ),
    # Both are the database's own (trigger `fact_rests`): a generated column would be opened anew at every act.
    # Indexed in known_at's place: that one changes with every step, and no update of a row could be HOT.
    instant(
        "settled_at", comment="of a case that has ended: nothing in its figures is later; empty while it is under way"
    ),
    Column(
        "life", BigInteger, comment="of a case that has ended: all that figures of its whole life ask of it, by bits"
    ),
    Index("fact_due", "due_at", "unit_id", postgresql_where=_given("due_at")),
    Index("fact_disposed", "disposed_at", "due_at", postgresql_where=_given("disposed_at")),
    Index("fact_reported", "reported_at"),
    Index("fact_closed", "closed_at", postgresql_where=_given("closed_at")),
    Index("fact_settled", "settled_at", "reported_at"),
    Index("fact_long", "settled_at", "reported_at", postgresql_where=LONG),
    Index(
        "fact_life",
        *("unit_id", "settled_at"),
        postgresql_include=[
            "reported_at",
            "life",
            "case_id",
            "category",
            "class_code",
            "source",
            "area_id",
            "top_area_id",
            "area_class",
            "dispatched_at",
            "disposed_at",
            "closed_at",
        ],
        postgresql_where=_given("life"),
    ),
)
