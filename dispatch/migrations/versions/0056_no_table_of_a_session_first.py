"""Functions that run as the owner of the tables look for them in the schema alone, never among a session's own."""

from __future__ import annotations

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

FUNCTIONS = ("recount_components", "count_component_insert", "count_component_update", "count_component_delete")


def upgrade() -> None:
    """Go forward."""
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function}() SET search_path = public, pg_temp")


def downgrade() -> None:
    """Go back."""
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function}() SET search_path = public")
