"""Two connections, row security, and what the declared tables cannot say: defaults, partitions, spatial index, sequence."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SHAPE = """
ALTER TABLE step ALTER COLUMN tx SET DEFAULT pg_current_xact_id();
ALTER TABLE feed ALTER COLUMN tx SET DEFAULT pg_current_xact_id();
ALTER TABLE audit_event ALTER COLUMN tx SET DEFAULT pg_current_xact_id();
CREATE TABLE feed_part_rest PARTITION OF feed DEFAULT;
CREATE TABLE audit_event_part_rest PARTITION OF audit_event DEFAULT;
CREATE TABLE track_part_rest PARTITION OF track DEFAULT;
CREATE SEQUENCE case_number MINVALUE 1 MAXVALUE 99999 CYCLE CACHE 1;
-- A case is updated with every act: leave room on its page, so that the new row version stays beside the old.
ALTER TABLE cases SET (fillfactor = 70);
ALTER TABLE fact SET (fillfactor = 70);
"""

# The department role sees the centre's reference tables, and of the cases its own only. It writes nothing:
# cases.act locks the case under this role, which proves the right, and records as the application role.
ROLES = """
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wangge_app') THEN CREATE ROLE wangge_app; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wangge_department') THEN CREATE ROLE wangge_department NOLOGIN; END IF;
END $$;
GRANT wangge_department TO wangge_app;
GRANT USAGE ON SCHEMA public TO wangge_app, wangge_department;

GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO wangge_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO wangge_app;
GRANT UPDATE ON cases, fact, outbox, session, throttle, person, unit, area, road, component, city, duty_grid, shift
  TO wangge_app;
GRANT DELETE ON session, throttle, person_role, person_duty_grid, duty_grid_area, duty_grid, case_key, case_text TO wangge_app;
REVOKE INSERT ON alembic_version FROM wangge_app;

GRANT SELECT ON edition, city, area, duty_grid, duty_grid_area, road, component, category, filing_condition, unit,
  cases, report, step, fired, fact, case_text, case_key, photo, case_photo, feed, outbox, person_role, person_duty_grid
  TO wangge_department;
GRANT SELECT (id, login, name, unit_id, disabled, language) ON person TO wangge_department;
GRANT UPDATE ON cases TO wangge_department;  -- to lock a row, never to change one: see the policy
"""

OWN_UNIT = ("cases", "fact", "feed", "outbox")
BY_CASE = ("report", "step", "fired", "case_text", "case_key", "case_photo")


def upgrade() -> None:
    """Go forward."""
    op.execute(SHAPE)
    op.execute(ROLES)
    mine = "unit_id = ANY (current_setting('wangge.units', true)::text[])"
    for table in OWN_UNIT:
        _protect(table, mine)
    for table in BY_CASE:
        _protect(table, f"EXISTS (SELECT FROM cases c WHERE c.id = {table}.case_id)")
    op.execute(
        f"CREATE POLICY department_lock ON cases FOR UPDATE TO wangge_department USING ({mine}) WITH CHECK (false)"
    )


def _protect(table: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY staff ON {table} TO wangge_app USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY department ON {table} FOR SELECT TO wangge_department USING ({condition})")


def downgrade() -> None:
    """Go back. The roles stay: they belong to the cluster, and other databases may use them."""
    for table in (*OWN_UNIT, *BY_CASE):
        op.execute(f"DROP POLICY IF EXISTS staff ON {table}")
        op.execute(f"DROP POLICY IF EXISTS department ON {table}")
        op.execute(f"DROP POLICY IF EXISTS department_lock ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM wangge_app, wangge_department")
    op.execute("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM wangge_app")
    op.execute("DROP SEQUENCE case_number")
    op.execute("DROP TABLE feed_part_rest, audit_event_part_rest, track_part_rest")
