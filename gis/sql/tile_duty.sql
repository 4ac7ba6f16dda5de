-- Duty areas from zoom 13: the unit grids of one inspector's tour, together as one shape of many parts.
WITH tile AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box),
wide AS (
  SELECT box, ST_SetSRID(ST_Transform(ST_Expand(box, (ST_XMax(box) - ST_XMin(box)) / 64), 4326), 4490) AS here FROM tile
),
shown AS (
  SELECT d.code, d.name,
         ST_AsMVTGeom(ST_Transform(ST_SetSRID(ST_Collect(a.geom), 4326), 3857), min(wide.box::text)::geometry) AS geom
    FROM wide JOIN area a ON a.geom && wide.here
    JOIN duty_grid_area m ON m.area_id = a.id JOIN duty_grid d ON d.code = m.duty_grid
   WHERE %(z)s >= 13 AND a.finest = 1 AND a.valid_from <= %(on)s AND (a.valid_to IS NULL OR a.valid_to > %(on)s)
   GROUP BY d.code, d.name
)
SELECT ST_AsMVT(shown, 'duty', 4096, 'geom') FROM shown WHERE geom IS NOT NULL
