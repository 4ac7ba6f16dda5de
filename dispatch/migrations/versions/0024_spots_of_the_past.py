"""Cases are found near a point by their spot: no index of shapes on the table that every act writes to."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ENDED = "'closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void'"
# The same number as before, by spreading the bits of each half at a stroke.
SPOT = """
CREATE OR REPLACE FUNCTION map_spot(x integer, y integer) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  a bigint := x & 1048575;
  b bigint := y & 1048575;
BEGIN
  a := (a | (a << 16)) & 281470681808895;
  b := (b | (b << 16)) & 281470681808895;
  a := (a | (a << 8)) & 71777214294589695;
  b := (b | (b << 8)) & 71777214294589695;
  a := (a | (a << 4)) & 1085102592571150095;
  b := (b | (b << 4)) & 1085102592571150095;
  a := (a | (a << 2)) & 3689348814741910323;
  b := (b | (b << 2)) & 3689348814741910323;
  RETURN ((a | (a << 1)) & 6148914691236517205) | (((b | (b << 1)) & 6148914691236517205) << 1);
END $$;
"""
# Cells as large as the box in its longer direction: it lies in two of them at most, each way.
CELLS = """
CREATE FUNCTION map_cells(around geometry) RETURNS TABLE (low bigint, high bigint)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 4 AS $$
  WITH box AS (
    SELECT ST_MakePoint(ST_XMin(around), ST_YMax(around)) AS first, ST_MakePoint(ST_XMax(around), ST_YMin(around)) AS last
  ),
  tile AS (
    SELECT floor(tile_x(first, 20))::int AS west, floor(tile_y(first, 20))::int AS north,
           floor(tile_x(last, 20))::int AS east, floor(tile_y(last, 20))::int AS south FROM box
  ),
  fit AS (SELECT *, ceil(ln(greatest(east - west, south - north, 1)::float8) / ln(2::float8))::int AS up FROM tile),
  cell AS (
    SELECT map_spot(x << up, y << up) AS low, up
      FROM fit, generate_series(west >> up, east >> up) AS x, generate_series(north >> up, south >> up) AS y
  )
  SELECT low, low + (1::bigint << 2 * up) - 1 FROM cell
$$;
COMMENT ON FUNCTION map_cells IS 'the stretches of spots that a box in degrees lies in: four at most';
"""
LOOP = """
CREATE OR REPLACE FUNCTION map_spot(x integer, y integer) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  spot bigint := 0;
BEGIN
  FOR bit IN 0..19 LOOP
    spot := spot | (((x >> bit) & 1)::bigint << (2 * bit)) | (((y >> bit) & 1)::bigint << (2 * bit + 1));
  END LOOP;
  RETURN spot;
END $$;
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(SPOT)
    op.execute(CELLS)
    op.execute("DROP INDEX cases_geom")
    op.execute(f"CREATE INDEX cases_ended_spot ON cases (spot, category) WHERE state IN ({ENDED})")


def downgrade() -> None:
    """Go back."""
    op.execute("DROP INDEX cases_ended_spot")
    op.execute("CREATE INDEX cases_geom ON cases USING gist (geom)")
    op.execute("DROP FUNCTION map_cells")
    op.execute(LOOP)
