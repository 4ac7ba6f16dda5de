"""The index of whole lives also holds what lengths of time are counted from."""

from __future__ import annotations

from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

HELD = "reported_at, life, case_id, category, class_code, source, area_id, top_area_id, area_class"
LASTED = "dispatched_at, disposed_at, closed_at"


def _index(held: str) -> None:
    # Built beside the old one: that keeps writers waiting, but readers only for the change of names.
    op.execute(f"CREATE INDEX fact_life_new ON fact (unit_id, settled_at) INCLUDE ({held}) WHERE life IS NOT NULL")
    op.execute("DROP INDEX fact_life")
    op.execute("ALTER INDEX fact_life_new RENAME TO fact_life")


def upgrade() -> None:
    """Go forward."""
    _index(f"{HELD}, {LASTED}")


def downgrade() -> None:
    """Go back."""
    _index(HELD)
