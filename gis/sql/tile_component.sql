-- Components one by one from zoom 17. From zoom 9 a number for each eighth of a tile's side, by class, from the counts that
-- the component table keeps (component_cell): levels 19, 17, 15 and 13, of which every other zoom joins four cells to one.
WITH tile AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box),
wide AS (
  SELECT ST_SetSRID(ST_Transform(ST_Expand(box, (ST_XMax(box) - ST_XMin(box)) / 64), 4326), 4490) AS here FROM tile
),
scale AS (
  SELECT 19 - (16 - %(z)s) / 2 * 2 AS level, abs(16 - %(z)s) %% 2 AS up, 8 << abs(16 - %(z)s) %% 2 AS side
),
cell AS (
  SELECT c.x >> up AS x, c.y >> up AS y, c.class, sum(c.n) AS n
    FROM scale, generate_series(%(x)s * side, %(x)s * side + side - 1) AS column_x
    JOIN component_cell c ON c.level = (SELECT level FROM scale) AND c.x = column_x
   WHERE %(z)s BETWEEN 9 AND 16 AND c.y BETWEEN %(y)s * side AND %(y)s * side + side - 1
     AND c.valid_from <= %(on)s AND c.valid_to > %(on)s
   GROUP BY 1, 2, 3 HAVING sum(c.n) > 0
),
class AS (
  SELECT DISTINCT ON (code) code, class_code FROM category WHERE kind = 'component' ORDER BY code, edition_id DESC
),
shown AS (
  SELECT NULL::text AS code, NULL::text AS name, NULL::text AS class, NULL::text AS state, sum(n)::int AS n,
         jsonb_object_agg('n' || class, n) AS classes,
         ST_MakePoint((x - %(x)s * 8) * 512 + 256, (y - %(y)s * 8) * 512 + 256) AS geom
    FROM cell GROUP BY x, y
  UNION ALL
  SELECT c.code, c.name, coalesce(class.class_code, ''), c.state, 1, NULL,
         ST_MakePoint(round((tile_x(c.geom, %(z)s) - %(x)s) * 4096), round((tile_y(c.geom, %(z)s) - %(y)s) * 4096))
    FROM wide JOIN component c ON c.geom && wide.here LEFT JOIN class ON class.code = c.category
   WHERE %(z)s >= 17 AND c.valid_from <= %(on)s AND (c.valid_to IS NULL OR c.valid_to > %(on)s)
   LIMIT 10000
)
SELECT ST_AsMVT(shown, 'component', 4096, 'geom') FROM shown
