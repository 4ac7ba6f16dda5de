-- Open cases from zoom 8. Before zoom 17 those in one eighth of a tile's side stand for one: with how many there are, how
-- many late, how many a hazard; a case alone there, and each from zoom 17, is a pin. Row security lets through what it lets
-- through. A tile is one stretch of cases_open_spot, read without the table itself; its cells are the stretch's 64 parts.
-- Dangerous cases that nobody has made safe yet are pins of their own at every zoom (`unsafe`), last and so on top; those
-- are few, and read along cases_unsafe.
WITH stretch AS (
  SELECT low, low + (1::bigint << bits) - 1 AS high, greatest(bits - 6, 0) AS part
    FROM (SELECT 2 * (20 - least(%(z)s, 20)) AS bits) b,
         LATERAL (SELECT map_spot(%(x)s >> greatest(%(z)s - 20, 0), %(y)s >> greatest(%(z)s - 20, 0)) << bits AS low) l
),
-- What a stretch is, is asked as a value: a join would be gone through once more for each of its cases.
cell AS (
  SELECT count(*)::int AS n, count(*) FILTER (WHERE c.late)::int AS late, count(*) FILTER (WHERE c.hazard)::int AS hazard,
         min(c.id) AS first, (c.spot >> (SELECT part FROM stretch) & 63)::int AS part
    FROM cases c
   WHERE c.spot BETWEEN (SELECT low FROM stretch) AND (SELECT high FROM stretch) AND %(z)s BETWEEN 8 AND 16
     AND c.state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')
   GROUP BY c.spot >> (SELECT part FROM stretch)
),
danger AS MATERIALIZED (
  SELECT c.id, c.number, c.state, c.category, c.late, (tile_x(c.geom, %(z)s) - %(x)s) * 4096 AS east,
         (tile_y(c.geom, %(z)s) - %(y)s) * 4096 AS south
    FROM (SELECT * FROM cases c
           WHERE %(z)s >= 8 AND c.hazard AND (c.unit_id IS NULL OR c.clocks ? 'cordon')
             AND c.state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')
           ORDER BY c.reported_at, c.id LIMIT 5000) c
),
pin AS (
  SELECT c.number, c.state, c.category, c.late, c.hazard, (tile_x(c.geom, %(z)s) - %(x)s) * 4096 AS east,
         (tile_y(c.geom, %(z)s) - %(y)s) * 4096 AS south
    FROM cell JOIN cases c ON c.id = cell.first WHERE cell.n = 1 AND c.id NOT IN (SELECT id FROM danger)
  UNION ALL
  (SELECT c.number, c.state, c.category, c.late, c.hazard, (tile_x(c.geom, %(z)s) - %(x)s) * 4096,
          (tile_y(c.geom, %(z)s) - %(y)s) * 4096
     FROM cases c
    WHERE c.spot BETWEEN (SELECT low FROM stretch) AND (SELECT high FROM stretch) AND %(z)s >= 17
      AND c.id NOT IN (SELECT id FROM danger)
      AND c.state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')
    ORDER BY c.late DESC, c.id DESC LIMIT 5000)
),
shown AS (
  SELECT n, late, hazard, NULL::int AS unsafe, NULL AS number, NULL AS state, NULL AS class,
         ST_MakePoint(((part & 1) + (part >> 1 & 2) + (part >> 2 & 4)) * 512 + 256,
                      ((part >> 1 & 1) + (part >> 2 & 2) + (part >> 3 & 4)) * 512 + 256) AS geom
    FROM cell WHERE n > 1
  UNION ALL
  SELECT 1, late::int, hazard::int, NULL, number, state, category, ST_MakePoint(round(east), round(south))
    FROM pin WHERE east >= 0 AND east < 4096 AND south >= 0 AND south < 4096
  UNION ALL
  SELECT 1, late::int, 1, 1, number, state, category, ST_MakePoint(round(east), round(south))
    FROM danger WHERE east >= 0 AND east < 4096 AND south >= 0 AND south < 4096
)
SELECT ST_AsMVT(shown, 'case', 4096, 'geom') FROM shown
