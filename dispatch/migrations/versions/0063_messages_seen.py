"""Whoever is told something reads it on a page of the product, which knows what was looked at before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

SEEN = "when the messages in the product were last looked at"


def upgrade() -> None:
    """Go forward."""
    op.add_column("person_preference", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True, comment=SEEN))
    for whom in ("unit_id", "person_id"):
        op.create_index(
            f"outbox_{whom.removesuffix('_id')}",
            "outbox",
            [whom, "id"],
            postgresql_where=sa.text(f"{whom} IS NOT NULL"),
        )


def downgrade() -> None:
    """Go back."""
    op.drop_index("outbox_person", table_name="outbox")
    op.drop_index("outbox_unit", table_name="outbox")
    op.drop_column("person_preference", "seen_at")
