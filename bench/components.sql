-- So many components, each on a unit grid drawn by hash, near enough to its middle to lie in it; every subclass in turn.
WITH grids AS MATERIALIZED (
       SELECT row_number() OVER (ORDER BY id) - 1 AS no, id, ST_PointOnSurface(geom) AS middle FROM area WHERE finest = 1),
     kinds AS (SELECT array_agg(DISTINCT code ORDER BY code) AS codes FROM category WHERE kind = 'component'),
     drawn AS (
       SELECT i, hashint8(i) & 2147483647 AS h, (hashint8(i * 17 + 3) & 2147483647) / 2147483647.0 - 0.5 AS east,
              (hashint8(i * 31 + 7) & 2147483647) / 2147483647.0 - 0.5 AS north
         FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i)
INSERT INTO component (code, category, name, area_id, owner, edition_id, valid_from, geom)
SELECT 'B' || d.i, k.codes[1 + d.h %% cardinality(k.codes)], '', g.id, (SELECT min(id) FROM unit),
       (SELECT max(id) FROM edition), '2024-01-01', ST_Translate(g.middle, d.east * 0.0008, d.north * 0.0008)
  FROM kinds k, drawn d JOIN grids g ON g.no = d.h %% (SELECT count(*) FROM grids)
