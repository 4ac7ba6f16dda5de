"""Where a case lies as one number, in the order of the map's tiles: the open cases of a tile are one stretch of an index."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OPEN = "state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')"
# Column and row of a tile, bit by bit in turn: all tiles within a tile follow each other.
SPOT = """
CREATE FUNCTION map_spot(x integer, y integer) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  spot bigint := 0;
BEGIN
  FOR bit IN 0..19 LOOP
    spot := spot | (((x >> bit) & 1)::bigint << (2 * bit)) | (((y >> bit) & 1)::bigint << (2 * bit + 1));
  END LOOP;
  RETURN spot;
END $$;
ALTER TABLE cases ADD COLUMN spot bigint
  GENERATED ALWAYS AS (map_spot(floor(tile_x(geom, 20))::int, floor(tile_y(geom, 20))::int)) STORED;
COMMENT ON COLUMN cases.spot IS 'tile of zoom 20, column and row bit by bit in turn';
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(SPOT)
    op.execute("DROP INDEX cases_open_geom")
    op.execute(f"CREATE INDEX cases_open_spot ON cases (spot) INCLUDE (id, late, hazard) WHERE {OPEN}")


def downgrade() -> None:
    """Go back."""
    op.execute("DROP INDEX cases_open_spot")
    op.execute(f"CREATE INDEX cases_open_geom ON cases USING gist (geom) WHERE {OPEN}")
    op.execute("ALTER TABLE cases DROP COLUMN spot")
    op.execute("DROP FUNCTION map_spot")
