-- Duty areas from zoom 13: each unit grid with the tour it belongs to, named once. Not joined to one shape: polygons that
-- share edges would have to be made valid first, ten times dearer. Degrees are taken for the projection, see tile_area.sql.
WITH tile AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box),
wide AS (
  SELECT ST_SetSRID(ST_Transform(box, 4326), 4490) AS frame,
         ST_SetSRID(ST_Transform(ST_Expand(box, (ST_XMax(box) - ST_XMin(box)) / 64), 4326), 4490) AS here FROM tile
),
shown AS (
  SELECT d.duty_grid AS code, CASE WHEN a.id = min(a.id) OVER (PARTITION BY d.duty_grid) THEN d.name END AS name,
         ST_AsMVTGeom(a.geom, wide.frame, CASE WHEN %(z)s < 15 THEN 1024 ELSE 4096 END, 16) AS geom
    FROM wide JOIN area a ON a.geom && wide.here
    JOIN duty_grid_area m ON m.grid = a.code AND m.valid_from <= %(on)s AND (m.valid_to IS NULL OR m.valid_to > %(on)s)
    JOIN duty_grid_entry d ON d.duty_grid = m.duty_grid
     AND d.valid_from <= %(on)s AND (d.valid_to IS NULL OR d.valid_to > %(on)s)
   WHERE %(z)s >= 13 AND a.finest = 1 AND a.valid_from <= %(on)s AND (a.valid_to IS NULL OR a.valid_to > %(on)s)
)
SELECT ST_AsMVT(shown, 'duty', CASE WHEN %(z)s < 15 THEN 1024 ELSE 4096 END, 'geom') FROM shown WHERE geom IS NOT NULL
