"""Schemes of score are drafted as rules are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('draft', 'submitted')")
COMMENTS = {
    "base_id": ("the edition it was begun from", "the edition it was begun from; empty: there was none"),
    "document": ("the whole rulebook as rules.toml would say it", "the whole edition as its file would say it"),
    "report": ("the replay it was submitted with", "the effect it was submitted with"),
}


def upgrade() -> None:
    """Go forward."""
    comment = "of edition: rules or schemes"
    op.add_column("rule_draft", sa.Column("kind", sa.Text(), server_default="rules", nullable=False, comment=comment))
    op.alter_column("rule_draft", "base_id", nullable=True)
    for column, (old, new) in COMMENTS.items():
        op.alter_column("rule_draft", column, comment=new, existing_comment=old)
    op.create_check_constraint(op.f("ck_rule_draft_kind"), "rule_draft", "kind IN ('rules', 'schemes')")
    op.create_check_constraint(op.f("ck_rule_draft_base"), "rule_draft", "kind <> 'rules' OR base_id IS NOT NULL")
    op.drop_index("rule_draft_open", table_name="rule_draft")
    op.create_index("rule_draft_open", "rule_draft", ["kind", "name"], unique=True, postgresql_where=OPEN)


def downgrade() -> None:
    """Go back. Drafts of schemes go with it."""
    op.execute("DELETE FROM rule_draft WHERE kind <> 'rules'")
    op.drop_index("rule_draft_open", table_name="rule_draft")
    op.create_index("rule_draft_open", "rule_draft", ["name"], unique=True, postgresql_where=OPEN)
    op.drop_constraint(op.f("ck_rule_draft_base"), "rule_draft")
    op.drop_constraint(op.f("ck_rule_draft_kind"), "rule_draft")
    for column, (old, new) in COMMENTS.items():
        op.alter_column("rule_draft", column, comment=old, existing_comment=new)
    op.alter_column("rule_draft", "base_id", nullable=False)
    op.drop_column("rule_draft", "kind")
