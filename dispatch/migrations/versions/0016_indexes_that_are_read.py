"""Indexes that somebody reads, without the rows that nobody looks for in them: a report writes a third fewer entries."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OPEN = "state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')"

# A case has no unit before its dispatch, no inspector but while a task is out, a fact no time of what has not happened.
# Rows lie in `step` in the order of their time: a range of pages is enough to find a period's.
UP = f"""
DROP INDEX cases_area, report_case, step_actor;
DROP INDEX cases_unit_due, cases_inspector, cases_unit_reported, fact_due, fact_disposed, fact_filed, fact_closed;
CREATE INDEX cases_unit_due ON cases (unit_id, stage_due_at, id) WHERE unit_id IS NOT NULL AND {OPEN};
CREATE INDEX cases_inspector ON cases (inspector_id, stage_due_at) WHERE inspector_id IS NOT NULL AND {OPEN};
CREATE INDEX cases_unit_reported ON cases (unit_id, reported_at, id) WHERE unit_id IS NOT NULL;
CREATE INDEX step_at ON step USING brin (at);
CREATE INDEX fact_due ON fact (due_at, unit_id) WHERE due_at IS NOT NULL;
CREATE INDEX fact_disposed ON fact (disposed_at) WHERE disposed_at IS NOT NULL;
CREATE INDEX fact_filed ON fact (filed_at) WHERE filed_at IS NOT NULL;
CREATE INDEX fact_closed ON fact (closed_at) WHERE closed_at IS NOT NULL;
"""
DOWN = f"""
DROP INDEX cases_unit_due, cases_inspector, cases_unit_reported, fact_due, fact_disposed, fact_filed, fact_closed, step_at;
CREATE INDEX cases_area ON cases (area_id, reported_at);
CREATE INDEX report_case ON report (case_id);
CREATE INDEX step_actor ON step (actor_id, at);
CREATE INDEX cases_unit_due ON cases (unit_id, stage_due_at, id) WHERE {OPEN};
CREATE INDEX cases_inspector ON cases (inspector_id, stage_due_at) WHERE {OPEN};
CREATE INDEX cases_unit_reported ON cases (unit_id, reported_at, id);
CREATE INDEX fact_due ON fact (due_at, unit_id);
CREATE INDEX fact_disposed ON fact (disposed_at);
CREATE INDEX fact_filed ON fact (filed_at);
CREATE INDEX fact_closed ON fact (closed_at);
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(UP)


def downgrade() -> None:
    """Go back."""
    op.execute(DOWN)
