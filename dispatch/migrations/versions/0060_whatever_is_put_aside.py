"""Not only cases are put aside: alarms, messages, what is due to a unit, and jobs that fail as a whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column(
        "parked",
        sa.Column(
            "kind",
            sa.Text(),
            server_default="case",
            nullable=False,
            comment="of a row, or of a job as a whole: dispatch.parked.Kind",
        ),
    )
    op.alter_column("parked", "kind", server_default=None)
    op.add_column("parked", sa.Column("key", sa.Text(), nullable=True, comment="id, unit or name"))
    op.execute("UPDATE parked SET key = case_id::text")
    op.alter_column("parked", "key", nullable=False)
    op.drop_column("parked", "case_id")
    op.create_primary_key("pk_parked", "parked", ["kind", "key"])
    op.create_check_constraint(
        op.f("ck_parked_kind"), "parked", "kind IN ('case', 'alarm', 'message', 'cards', 'terminal', 'job')"
    )


def downgrade() -> None:
    """Go back."""
    op.execute("DELETE FROM parked WHERE kind <> 'case'")
    op.add_column("parked", sa.Column("case_id", sa.BigInteger(), nullable=True))
    op.execute("UPDATE parked SET case_id = key::bigint")
    op.alter_column("parked", "case_id", nullable=False)
    op.drop_constraint(op.f("ck_parked_kind"), "parked")
    op.drop_constraint("pk_parked", "parked")
    op.drop_column("parked", "key")
    op.drop_column("parked", "kind")
    op.create_primary_key("pk_parked", "parked", ["case_id"])
    op.create_foreign_key("fk_parked_case_id", "parked", "cases", ["case_id"], ["id"])
