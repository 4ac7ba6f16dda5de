"""Whoever reported a case and left a number is told of it: receipt, progress, result, each once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TO_REPORTER = sa.text("unit_id IS NULL AND person_id IS NULL")


def upgrade() -> None:
    """Go forward."""
    op.add_column(
        "cases",
        sa.Column(
            "tell_in",
            sa.Text(),
            nullable=True,
            comment="language in which whoever reported it is told by telephone; empty: not at all",
        ),
    )
    op.alter_column(
        "outbox",
        "person_id",
        existing_type=sa.BigInteger(),
        comment="told to this person; neither: whoever reported the case",
        existing_comment="told to this person",
    )
    kind = sa.text("split_part(kind, ':', 1)")
    op.create_index("outbox_reporter", "outbox", ["case_id", kind], unique=True, postgresql_where=TO_REPORTER)
    op.alter_column(
        "delivery",
        "person_id",
        existing_type=sa.BigInteger(),
        nullable=True,
        comment="empty: whoever reported the case",
    )
    whose = sa.text("person_id IS NULL")
    op.create_index("delivery_reporter", "delivery", ["outbox_id", "channel"], unique=True, postgresql_where=whose)


def downgrade() -> None:
    """Go back: what was told to those who reported is forgotten."""
    op.drop_index("delivery_reporter", table_name="delivery")
    op.execute("DELETE FROM delivery WHERE person_id IS NULL")
    op.alter_column(
        "delivery",
        "person_id",
        existing_type=sa.BigInteger(),
        nullable=False,
        comment=None,
        existing_comment="empty: whoever reported the case",
    )
    op.drop_index("outbox_reporter", table_name="outbox")
    op.execute("DELETE FROM outbox WHERE unit_id IS NULL AND person_id IS NULL")
    op.alter_column(
        "outbox",
        "person_id",
        existing_type=sa.BigInteger(),
        comment="told to this person",
        existing_comment="told to this person; neither: whoever reported the case",
    )
    op.drop_column("cases", "tell_in")
