"""Appeals that wait for their ruling are found along an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_index("cases_appealed", "cases", ["id"], postgresql_where=sa.text("asked ->> 'action' = 'appeal'"))


def downgrade() -> None:
    """Go back."""
    op.drop_index("cases_appealed", "cases")
