"""Change sets; and a row that was replaced on its own first day makes room for the one that replaced it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Ended on the day it began, a row was in force on no day: it must not stand in the way of the next one of that day.
DATED = {"area": "level, code", "road": "code", "component": "code"}
RIGHTS = """
GRANT SELECT, INSERT, UPDATE ON change_set TO wangge_app;
GRANT SELECT, INSERT ON change TO wangge_app;
GRANT UPDATE (old_id, new_id) ON change TO wangge_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO wangge_app;
"""


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "change_set",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False, comment="key of a level of area, roads or components"),
        sa.Column("state", sa.Text(), nullable=False, comment="draft, held, in_force, undone, withdrawn"),
        sa.Column("author", sa.Text(), nullable=False, comment="login, or machine:<user> from the command line"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("in_force", sa.Date(), nullable=False),
        sa.Column(
            "held_for",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
            comment="why a second person is asked for",
        ),
        sa.Column("publisher", sa.Text(), nullable=True, comment="who put it in force"),
        sa.Column("edition_id", sa.Integer(), nullable=True),
        sa.Column("undoes", sa.Integer(), nullable=True, comment="the set that this one takes back"),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_change_set_edition_id")),
        sa.ForeignKeyConstraint(["undoes"], ["change_set.id"], name=op.f("fk_change_set_undoes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_set")),
    )
    op.create_index("change_set_undoes", "change_set", ["undoes"], unique=False)
    op.create_table(
        "change",
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False, comment="row of the file, or number of the stroke on the map"),
        sa.Column("op", sa.Text(), nullable=False, comment="add, alter, end"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "said",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the row's other columns; an area's parent as its code",
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="GEOMETRY",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="empty where the row is ended",
        ),
        sa.Column("old_id", sa.BigInteger(), nullable=True, comment="the row it ended, once in force"),
        sa.Column("new_id", sa.BigInteger(), nullable=True, comment="the row it wrote, once in force"),
        sa.ForeignKeyConstraint(["set_id"], ["change_set.id"], name=op.f("fk_change_set_id")),
        sa.PrimaryKeyConstraint("set_id", "no", name=op.f("pk_change")),
        sa.UniqueConstraint("set_id", "code", name=op.f("uq_change_set_id_code")),
    )
    op.create_index("change_code", "change", ["code"], unique=False)
    op.execute(RIGHTS)
    for table, columns in DATED.items():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT uq_{table}_{columns.replace(', ', '_')}_valid_from")
        op.execute(f"CREATE INDEX {table}_code ON {table} ({columns}, valid_from)")
        op.execute(
            f"CREATE UNIQUE INDEX {table}_one_a_day ON {table} ({columns}, valid_from) "
            "WHERE valid_to IS NULL OR valid_to > valid_from"
        )


def downgrade() -> None:
    """Go back. Refused by the database if a row was replaced on its first day."""
    for table, columns in DATED.items():
        op.execute(f"DROP INDEX {table}_one_a_day")
        op.execute(f"DROP INDEX {table}_code")
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT uq_{table}_{columns.replace(', ', '_')}_valid_from "
            f"UNIQUE ({columns}, valid_from)"
        )
    op.drop_table("change")
    op.drop_table("change_set")
