"""When a case came to rest, in a column of its own: an act on a case under way then changes no index of its fact."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ENDED = "'closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void'"


def upgrade() -> None:
    """Go forward."""
    op.execute(
        "ALTER TABLE fact ADD COLUMN settled_at timestamptz"
        f" GENERATED ALWAYS AS (CASE WHEN state IN ({ENDED}) THEN known_at END) STORED"
    )
    op.execute("COMMENT ON COLUMN fact.settled_at IS 'known_at of a case that has ended; empty while it is under way'")
    op.execute("DROP INDEX fact_known")
    op.execute("CREATE INDEX fact_settled ON fact (settled_at, reported_at)")


def downgrade() -> None:
    """Go back."""
    op.execute("DROP INDEX fact_settled")
    op.execute("CREATE INDEX fact_known ON fact (known_at, reported_at)")
    op.execute("ALTER TABLE fact DROP COLUMN settled_at")
