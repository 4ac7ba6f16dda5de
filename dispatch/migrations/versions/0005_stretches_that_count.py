"""What counts of a road: a stretch taken off by its own row is no road for duty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. The table's grants cover its new columns."""
    counts = Geometry("MULTILINESTRING", 4490, spatial_index=False)
    op.add_column(
        "road",
        sa.Column(
            "counts",
            counts,
            comment="what road_trims.csv leaves of it; empty: it is no road for duty; null: all of it counts",
        ),
    )
    op.add_column("road", sa.Column("trims", JSONB, comment="the rows of road_trims.csv: from_m, to_m, reason"))


def downgrade() -> None:
    """Go back."""
    op.drop_column("road", "trims")
    op.drop_column("road", "counts")
