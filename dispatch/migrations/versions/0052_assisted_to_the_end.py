"""A department finds the ended cases in which it assisted to the end, which it may look at as before."""

from __future__ import annotations

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

ENDED = "state IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')"
UNITS = "(current_setting('wangge.units', true)::text[])"
# As `assisted_cases` for the open ones: as the owner, whom row security lets see all, and of the asker's own units only.
FOUND = f"""
CREATE FUNCTION assisted_ended(units text[]) RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = public, pg_temp
  RETURN (SELECT coalesce(array_agg(id), '{{}}') FROM cases
           WHERE assisting && units AND assisting IS NOT NULL AND {ENDED}
             AND (assisting && {UNITS} OR coalesce(current_setting('wangge.units', true), '') = ''));
REVOKE ALL ON FUNCTION assisted_ended FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assisted_ended TO wangge_app, wangge_department;
"""


def upgrade() -> None:
    """Go forward."""
    index = "CREATE INDEX cases_assisted_ended ON cases USING gin (assisting)"
    op.execute(f"{index} WHERE assisting IS NOT NULL AND {ENDED}")
    op.execute(FOUND)


def downgrade() -> None:
    """Go back."""
    op.execute("DROP FUNCTION assisted_ended")
    op.execute("DROP INDEX cases_assisted_ended")
