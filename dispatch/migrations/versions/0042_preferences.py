"""How a person wants to be told, and which messages do not wait for that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "person_preference",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "muted",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="channels not wanted for what is not urgent",
        ),
        sa.Column("quiet_from", sa.Time(), nullable=True, comment="wall time of the city"),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.CheckConstraint(
            "(quiet_from IS NULL) = (quiet_until IS NULL) AND (quiet_from <> quiet_until) IS NOT FALSE",
            name=op.f("ck_person_preference_quiet"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_preference_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_preference")),
    )
    op.execute("REVOKE ALL ON person_preference FROM wangge_department")
    op.execute("GRANT SELECT, INSERT, UPDATE ON person_preference TO wangge_app")
    op.add_column(
        "outbox",
        sa.Column(
            "urgent", sa.Boolean(), server_default="false", nullable=False, comment="keeps to nobody's quiet hours"
        ),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_column("outbox", "urgent")
    op.drop_table("person_preference")
