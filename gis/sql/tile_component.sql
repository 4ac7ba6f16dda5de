-- Components from zoom 16.
WITH tile AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box),
wide AS (
  SELECT box, ST_SetSRID(ST_Transform(ST_Expand(box, (ST_XMax(box) - ST_XMin(box)) / 64), 4326), 4490) AS here FROM tile
),
shown AS (
  SELECT c.code, c.name, c.category AS class, c.state,
         ST_AsMVTGeom(ST_Transform(ST_SetSRID(c.geom, 4326), 3857), wide.box, 4096, 64) AS geom
    FROM wide, component c
   WHERE %(z)s >= 16 AND c.geom && wide.here
     AND c.valid_from <= %(on)s AND (c.valid_to IS NULL OR c.valid_to > %(on)s)
   LIMIT 10000
)
SELECT ST_AsMVT(shown, 'component', 4096, 'geom') FROM shown WHERE geom IS NOT NULL
