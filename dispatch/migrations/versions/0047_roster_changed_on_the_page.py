"""Heads change the roster on the page: somebody is away, a shift more or less, at once; and it can be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

GRANTS = """
REVOKE ALL ON stand_in_undo FROM wangge_app, wangge_department;
GRANT SELECT, INSERT ON stand_in_undo TO wangge_app;
"""
ONLY_NEW = "substitute_id IS NULL OR id IN (SELECT stand_in_id FROM stand_in_answer WHERE answer = 'ordered')"


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "stand_in_undo",
        sa.Column("stand_in_id", sa.BigInteger(), nullable=False),
        sa.Column("undone_by", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=False, comment="until then it held"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["stand_in_id"], ["stand_in.id"], name=op.f("fk_stand_in_undo_stand_in_id")),
        sa.ForeignKeyConstraint(["undone_by"], ["person.id"], name=op.f("fk_stand_in_undo_undone_by")),
        sa.PrimaryKeyConstraint("stand_in_id", name=op.f("pk_stand_in_undo")),
    )
    for name, said in (("post", "all posts of somebody who is away"), ("substitute_id", "nobody stands there")):
        op.alter_column("stand_in", name, nullable=True, comment=f"empty: {said}")
    _check("stand_in", "nobody_swaps", "num_nonnulls(person_id, substitute_id) = 2 OR back_since IS NULL")
    op.create_check_constraint(op.f("ck_stand_in_somebody"), "stand_in", "num_nonnulls(person_id, substitute_id) > 0")
    op.create_check_constraint(op.f("ck_stand_in_away"), "stand_in", "post IS NOT NULL OR substitute_id IS NULL")
    _check("stand_in_answer", "answer", "answer IN ('agreed', 'refused', 'withdrawn', 'ordered')")
    op.execute(GRANTS)


def _check(table: str, name: str, condition: str) -> None:
    """Another condition under the same name."""
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def downgrade() -> None:
    """Go back: what was ordered, and what was undone, is forgotten."""
    op.drop_table("stand_in_undo")
    op.execute(f"CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT id FROM stand_in WHERE {ONLY_NEW}")
    op.execute("DELETE FROM stand_in_answer WHERE stand_in_id IN (SELECT id FROM gone)")
    op.execute("DELETE FROM stand_in WHERE id IN (SELECT id FROM gone)")
    op.execute("DROP TABLE gone")
    _check("stand_in_answer", "answer", "answer IN ('agreed', 'refused', 'withdrawn')")
    op.drop_constraint(op.f("ck_stand_in_away"), "stand_in")
    op.drop_constraint(op.f("ck_stand_in_somebody"), "stand_in")
    _check("stand_in", "nobody_swaps", "person_id IS NOT NULL OR back_since IS NULL")
    for name, said in (("post", "all posts of somebody who is away"), ("substitute_id", "nobody stands there")):
        op.alter_column("stand_in", name, nullable=False, comment=None, existing_comment=f"empty: {said}")
