"""How soon dangers were made safe is asked for a period, and they are few among its cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_index("cases_hazard", "cases", ["reported_at", "id"], postgresql_where=sa.text("hazard"))


def downgrade() -> None:
    """Go back."""
    op.drop_index("cases_hazard", table_name="cases")
