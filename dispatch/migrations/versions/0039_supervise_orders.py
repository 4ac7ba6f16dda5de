"""A supervise order waits for its answer beside whatever else goes on."""

from __future__ import annotations

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

SHAPE = """
ALTER TABLE cases ADD COLUMN supervision jsonb;
COMMENT ON COLUMN cases.supervision IS 'a supervise order that waits for its answer: reason, by, at';
CREATE INDEX cases_supervision ON cases (id) WHERE supervision IS NOT NULL;
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(SHAPE)


def downgrade() -> None:
    """Go back."""
    op.execute("ALTER TABLE cases DROP COLUMN supervision")
