"""Cases that time could not be let act on are put aside, with the reason, and tried again later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "parked",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fault", sa.Text(), nullable=False, comment="its kind and first line: no word of people"),
        sa.Column("times", sa.Integer(), nullable=False, comment="how often it was tried"),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=False, comment="not before then"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_parked_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_parked")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON parked TO wangge_app")


def downgrade() -> None:
    """Go back."""
    op.drop_table("parked")
