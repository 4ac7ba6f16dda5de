-- Roads from zoom 10, the greatest first: rank 1 only, with each zoom one rank more, from zoom 14 all; before zoom 13 only
-- those longer than 8 of a tile's 4096 steps. Degrees are taken for the projection, see tile_area.sql.
WITH tile AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box),
wide AS (
  SELECT ST_SetSRID(ST_Transform(box, 4326), 4490) AS frame,
         ST_SetSRID(ST_Transform(ST_Expand(box, (ST_XMax(box) - ST_XMin(box)) / 64), 4326), 4490) AS here FROM tile
),
rank AS MATERIALIZED (
  SELECT key AS class, (value ->> 'rank')::int AS rank FROM city, jsonb_each(city.document -> 'road_classes')
),
shown AS (
  SELECT r.code, r.name, r.name_en, r.class,
         ST_AsMVTGeom(r.geom, wide.frame, 4096, 64) AS geom
    FROM wide JOIN road r ON r.geom && wide.here LEFT JOIN rank ON rank.class = r.class
   WHERE %(z)s >= 10 AND (%(z)s >= 14 OR coalesce(rank.rank, 1) <= %(z)s - 9)
     AND (%(z)s >= 13 OR ST_Length(r.geom) > 360.0 / 2 ^ %(z)s / 512)
     AND r.valid_from <= %(on)s AND (r.valid_to IS NULL OR r.valid_to > %(on)s)
   OFFSET 0  -- a fence: else each shape is cut twice, once to see whether anything is left of it
)
SELECT ST_AsMVT(shown, 'road', 4096, 'geom') FROM shown WHERE geom IS NOT NULL
