"""A simulated clock is never switched on over a city that holds real cases, by whatever hand."""

from __future__ import annotations

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

GUARD = """
CREATE FUNCTION refuse_simulated_clock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM cases c LEFT JOIN report r ON r.id = c.report_id WHERE r.position -> 'rehearsal' IS NULL) THEN
    RAISE EXCEPTION 'This city holds real cases: no simulated clock may be switched on over them'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER city_clock BEFORE UPDATE OF simulated_now ON city FOR EACH ROW
  WHEN (OLD.simulated_now IS NULL AND NEW.simulated_now IS NOT NULL) EXECUTE FUNCTION refuse_simulated_clock();
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(GUARD)


def downgrade() -> None:
    """Go back."""
    op.execute("DROP TRIGGER city_clock ON city")
    op.execute("DROP FUNCTION refuse_simulated_clock()")
