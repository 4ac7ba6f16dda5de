"""What figures ask of a case that has ended, in one number, and an index that holds all they are counted from."""

from __future__ import annotations

from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

ENDED = "'closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void'"
INSTANTS = ("known", "reported", "accepted", "filed", "voided", "dispatched", "disposed", "closed", "due", "suspended")
GIVEN = (
    *("accepted_at", "filed_at", "voided_at", "dispatched_at", "suspended_at", "disposed_at", "closed_at", "due_at"),
    *("verifier_id", "checker_id", "ontime_verify", "ontime_send_verify", "ontime_send_check", "ontime_check"),
)


def settled(row: str = "") -> str:
    """The last instant in the figures of a case."""
    return f"GREATEST({', '.join(f'{row}{name}_at' for name in INSTANTS)})"


def life(row: str = "") -> str:
    """One bit each. Those of which all is the same count in the same figures of any period that holds them whole."""
    said = (
        *(f"{row}{flag}" for flag in ("public", "self_handled", "exempt", "forced", "void_after_filing")),
        f"{row}source = 'inspector'",
        *(f"{row}{name} IS NOT NULL" for name in GIVEN),
        f"(coalesce({row}disposed_at, {row}closed_at) <= {row}due_at) IS TRUE",
        *(f"{row}ontime_{kind} IS TRUE" for kind in ("verify", "send_verify", "send_check", "check")),
        *(f"{row}ontime_{kind} IS NOT FALSE" for kind in ("file", "dispatch")),
        *(f"{row}{name} > 0" for name in ("returns", "reworks", "shirks", "extensions", "suspensions")),
        *(f"(date_part('quarter', {row}due_at AT TIME ZONE 'UTC') = {n}) IS TRUE" for n in (1, 2, 3)),
    )
    return " | ".join(f"(({one})::int::bigint << {bit})" for bit, one in enumerate(said))


RESTS = f"""
CREATE FUNCTION fact_rests() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state IN ({ENDED}) THEN
    NEW.settled_at := {settled("NEW.")};
    NEW.life := {life("NEW.")};
  ELSE
    NEW.settled_at := NULL;
    NEW.life := NULL;
  END IF;
  RETURN NEW;
END $$
"""
SETTLED = "of a case that has ended: nothing in its figures is later; empty while it is under way"
LIVED = "of a case that has ended: all that figures of its whole life ask of it, by bits"


def upgrade() -> None:
    """Go forward."""
    op.execute("DROP INDEX fact_settled, fact_filed, fact_open")
    op.execute(  # worked out once, in the one writing of the table that this takes
        "ALTER TABLE fact DROP COLUMN settled_at, ADD COLUMN settled_at timestamptz"
        f" GENERATED ALWAYS AS (CASE WHEN state IN ({ENDED}) THEN {settled()} END) STORED,"
        f" ADD COLUMN life bigint GENERATED ALWAYS AS (CASE WHEN state IN ({ENDED}) THEN {life()} END) STORED"
    )
    op.execute("ALTER TABLE fact ALTER COLUMN settled_at DROP EXPRESSION, ALTER COLUMN life DROP EXPRESSION")
    op.execute(f"COMMENT ON COLUMN fact.settled_at IS '{SETTLED}'")
    op.execute(f"COMMENT ON COLUMN fact.life IS '{LIVED}'")
    op.execute(RESTS)
    op.execute(
        "CREATE TRIGGER fact_rests BEFORE INSERT OR UPDATE ON fact FOR EACH ROW"
        f" WHEN (NEW.state IN ({ENDED}) OR NEW.settled_at IS NOT NULL) EXECUTE FUNCTION fact_rests()"
    )
    op.execute("ALTER TABLE fact ENABLE ALWAYS TRIGGER fact_rests")
    op.execute("CREATE INDEX fact_settled ON fact (settled_at, reported_at)")
    op.execute(
        "CREATE INDEX fact_long ON fact (settled_at, reported_at) WHERE settled_at - reported_at > '60 days'::interval"
    )
    op.execute(
        "CREATE INDEX fact_life ON fact (unit_id, settled_at)"
        " INCLUDE (reported_at, life, case_id, category, class_code, source, area_id, top_area_id, area_class)"
        " WHERE life IS NOT NULL"
    )
    # An index is read alone where its table's pages are known to be clean: not once in two million changes.
    op.execute(
        "ALTER TABLE fact SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02)"
    )


def downgrade() -> None:
    """Go back."""
    op.execute("ALTER TABLE fact RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor)")
    op.execute("DROP TRIGGER fact_rests ON fact")
    op.execute("DROP FUNCTION fact_rests")
    op.execute("DROP INDEX fact_life, fact_long, fact_settled")
    op.execute(
        "ALTER TABLE fact DROP COLUMN life, DROP COLUMN settled_at,"
        " ADD COLUMN settled_at timestamptz"
        f" GENERATED ALWAYS AS (CASE WHEN state IN ({ENDED}) THEN known_at END) STORED"
    )
    op.execute("COMMENT ON COLUMN fact.settled_at IS 'known_at of a case that has ended; empty while it is under way'")
    op.execute("CREATE INDEX fact_settled ON fact (settled_at, reported_at)")
    op.execute("CREATE INDEX fact_filed ON fact (filed_at) WHERE filed_at IS NOT NULL")
    op.execute("CREATE INDEX fact_open ON fact (unit_id, due_at) WHERE disposed_at IS NULL AND due_at IS NOT NULL")
