-- Areas of every level, the finer the closer: the top always, each level above the unit grid two zooms earlier. Before
-- zoom 14 corners fall on whole pixels (8 steps of 4096), on both sides of a border alike, so that simplifying opens none.
-- From zoom 10 degrees are taken for the projection: within one tile that is straight to a sixth of a pixel.
WITH tile AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box),
wide AS (
  SELECT CASE WHEN %(z)s < 10 THEN box ELSE ST_SetSRID(ST_Transform(box, 4326), 4490) END AS frame,
         ST_SetSRID(ST_Transform(ST_Expand(box, (ST_XMax(box) - ST_XMin(box)) / 64), 4326), 4490) AS here FROM tile
),
shown AS (
  SELECT a.level, a.depth, a.code, a.name, a.name_en, a.area_class AS class,
         ST_AsMVTGeom(CASE WHEN %(z)s < 10 THEN ST_Transform(ST_SetSRID(a.geom, 4326), 3857) ELSE a.geom END,
                      wide.frame, CASE WHEN %(z)s < 14 THEN 512 ELSE 4096 END, CASE WHEN %(z)s < 14 THEN 8 ELSE 64 END) AS geom
    FROM wide, area a
   WHERE a.geom && wide.here
     AND (a.depth = 1 OR %(z)s >= 15 - 2 * ((SELECT max(depth) FROM area) - a.depth))
     AND a.valid_from <= %(on)s AND (a.valid_to IS NULL OR a.valid_to > %(on)s)
   OFFSET 0  -- a fence: else each shape is cut twice, once to see whether anything is left of it
)
SELECT ST_AsMVT(shown, 'area', CASE WHEN %(z)s < 14 THEN 512 ELSE 4096 END, 'geom') FROM shown WHERE geom IS NOT NULL
