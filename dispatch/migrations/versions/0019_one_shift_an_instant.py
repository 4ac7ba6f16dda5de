"""A person begins one shift at an instant: beginning it again, or from two places at once, is the same shift."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.drop_index("shift_person", "shift")
    op.create_index("shift_person", "shift", ["person_id", "started_at"], unique=True)


def downgrade() -> None:
    """Go back."""
    op.drop_index("shift_person", "shift")
    op.create_index("shift_person", "shift", ["person_id", "started_at"])
