-- So many components, of every subclass in turn, each near the middle of a unit grid drawn by hash. Nine copies of the
-- city's ground lie side by side, so that a million stands as close as in a city of ten thousand unit grids.
WITH grids AS MATERIALIZED (
       SELECT row_number() OVER (ORDER BY id) - 1 AS no, id, ST_PointOnSurface(geom) AS middle FROM area WHERE finest = 1),
     kinds AS (SELECT array_agg(DISTINCT code ORDER BY code) AS codes FROM category WHERE kind = 'component'),
     city AS (SELECT ST_XMax(e) - ST_XMin(e) AS wide, ST_YMax(e) - ST_YMin(e) AS high
                FROM (SELECT ST_Extent(geom) AS e FROM area) x),
     drawn AS (
       SELECT i, hashint8(i) & 2147483647 AS h, (hashint8(i * 13 + 5) & 2147483647) %% 9 AS copy,
              (hashint8(i * 17 + 3) & 2147483647) / 2147483647.0 - 0.5 AS east,
              (hashint8(i * 31 + 7) & 2147483647) / 2147483647.0 - 0.5 AS north
         FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i)
INSERT INTO component (code, category, name, area_id, owner, edition_id, valid_from, geom)
SELECT 'B' || d.i, k.codes[1 + d.h %% cardinality(k.codes)], '', g.id, (SELECT min(id) FROM unit),
       (SELECT max(id) FROM edition), '2024-01-01',
       ST_Translate(g.middle, d.east * 0.0008 + d.copy %% 3 * city.wide, d.north * 0.0008 + d.copy / 3 * city.high)
  FROM kinds k, city, drawn d JOIN grids g ON g.no = d.h %% (SELECT count(*) FROM grids)
