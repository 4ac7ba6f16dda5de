-- Open cases from zoom 10, the late ones first where there are too many; row security lets through what it lets through.
WITH tile AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box),
wide AS (
  SELECT box, ST_SetSRID(ST_Transform(ST_Expand(box, (ST_XMax(box) - ST_XMin(box)) / 64), 4326), 4490) AS here FROM tile
),
shown AS (
  SELECT c.number, c.state, c.category AS class, c.late,
         ST_AsMVTGeom(ST_Transform(ST_SetSRID(c.geom, 4326), 3857), wide.box, 4096, 64) AS geom
    FROM wide, cases c
   WHERE %(z)s >= 10 AND c.geom && wide.here AND c.ended_at IS NULL
   ORDER BY c.late DESC, c.id DESC LIMIT 5000
)
SELECT ST_AsMVT(shown, 'case', 4096, 'geom') FROM shown WHERE geom IS NOT NULL
