"""Doors and points of interest, for the geocoder: places.csv of a city's folder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "spot",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False, comment="door, or the city's own word for such a place"),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("name_en", sa.Text, nullable=False, server_default=""),
        sa.Column("road", sa.Text, nullable=False, server_default="", comment="name of the road it is a door of"),
        sa.Column("number", sa.Text, nullable=False, server_default=""),
        sa.Column("geom", Geometry("POINT", 4490, spatial_index=False), nullable=False),
    )
    op.execute("GRANT SELECT, INSERT, DELETE ON spot TO wangge_app")
    op.execute("GRANT SELECT ON spot TO wangge_department")


def downgrade() -> None:
    """Go back."""
    op.drop_table("spot")
