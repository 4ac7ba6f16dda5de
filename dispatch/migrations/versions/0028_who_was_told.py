"""Who was told of a case: by its number, and for a department what was sent of its own messages."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# The outbox's own row security leaves a department its own messages, and with them what was sent of these.
RIGHTS = """
ALTER TABLE delivery ENABLE ROW LEVEL SECURITY;
CREATE POLICY staff ON delivery TO wangge_app USING (true) WITH CHECK (true);
CREATE POLICY department ON delivery FOR SELECT TO wangge_department
  USING (EXISTS (SELECT FROM outbox o WHERE o.id = delivery.outbox_id));
GRANT SELECT ON delivery TO wangge_department;
"""
BACK = """
REVOKE SELECT ON delivery FROM wangge_department;
DROP POLICY department ON delivery;
DROP POLICY staff ON delivery;
ALTER TABLE delivery DISABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    """Go forward."""
    op.create_index("outbox_case", "outbox", ["case_id"])
    op.execute(RIGHTS)


def downgrade() -> None:
    """Go back."""
    op.execute(BACK)
    op.drop_index("outbox_case", table_name="outbox")
