"""A unit's terminals may be bound to certificates as well as to networks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column(
        "connection",
        sa.Column(
            "certificates",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="SHA-256 of the certificates a terminal may show; empty: none is asked for",
        ),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_column("connection", "certificates")
