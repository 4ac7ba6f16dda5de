"""Cases given back and opened again are found by when it happened: an index of these steps alone."""

from __future__ import annotations

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.execute("CREATE INDEX step_turns ON step (at) WHERE action IN ('approve_return', 'rule_other', 'reopen')")


def downgrade() -> None:
    """Go back."""
    op.drop_index("step_turns", "step")
