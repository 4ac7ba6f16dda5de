"""Units that assist: their parts stand with the case, which they may look at, but not at what people said of it."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OPEN = "state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')"
UNITS = "(current_setting('wangge.units', true)::text[])"
LEADS = f"unit_id = ANY {UNITS}"
# In coalesce: no index may serve it, and it counts as half of the rows. Else a list of the unit's own cases, which has an index
# of its own, would be gathered by both halves and sorted whole.
LEADS_OR_ASSISTS = f"coalesce({LEADS} OR assisting && {UNITS}, false)"
OF_MY_CASE = "EXISTS (SELECT FROM cases c WHERE c.id = {table}.case_id{more})"
SHAPE = f"""
ALTER TABLE cases ADD COLUMN assists jsonb, ADD COLUMN assisting text[];
COMMENT ON COLUMN cases.assists IS 'every part given to an assisting unit: unit, seq, state, due, late, instants';
COMMENT ON COLUMN cases.assisting IS 'who assists under the present dispatch, and may look at the case';
CREATE INDEX cases_assisting ON cases USING gin (assisting) WHERE assisting IS NOT NULL AND {OPEN};
CREATE INDEX cases_assists ON cases (dispatched_at) WHERE assists IS NOT NULL;
"""
# As the owner, whom row security lets see all: an overlap of arrays may not be asked before the policy, so no index would
# find a department the cases it assists in. It is told of its own units only.
ASSISTED = f"""
CREATE FUNCTION assisted_cases(units text[]) RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = public, pg_temp
  RETURN (SELECT coalesce(array_agg(id), '{{}}') FROM cases
           WHERE assisting && units AND assisting IS NOT NULL AND {OPEN}
             AND (assisting && {UNITS} OR coalesce(current_setting('wangge.units', true), '') = ''));
REVOKE ALL ON FUNCTION assisted_cases FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assisted_cases TO wangge_app, wangge_department;
"""
# Words are for the unit that leads: those who assist see the case, its steps and photos.
KINDS = {"case_key": "", "case_text": " AND kind IN ('note', 'description', 'address')"}


def upgrade() -> None:
    """Go forward."""
    op.execute(SHAPE)
    op.execute(ASSISTED)
    op.execute(f"ALTER POLICY department ON cases USING ({LEADS_OR_ASSISTS})")
    op.execute(f"ALTER POLICY department_lock ON cases USING ({LEADS_OR_ASSISTS})")
    for table, kinds in KINDS.items():
        op.execute(f"ALTER POLICY department ON {table} USING ({_of_my_case(table, f' AND c.{LEADS}')}{kinds})")


def downgrade() -> None:
    """Go back."""
    op.execute(f"ALTER POLICY department ON cases USING ({LEADS})")
    op.execute(f"ALTER POLICY department_lock ON cases USING ({LEADS})")
    for table, kinds in KINDS.items():
        op.execute(f"ALTER POLICY department ON {table} USING ({_of_my_case(table)}{kinds})")
    op.execute("DROP FUNCTION assisted_cases")
    op.execute("DROP INDEX cases_assists, cases_assisting")
    op.execute("ALTER TABLE cases DROP COLUMN assists, DROP COLUMN assisting")


def _of_my_case(table: str, more: str = "") -> str:
    return OF_MY_CASE.format(table=table, more=more)
