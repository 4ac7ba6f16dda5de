-- Open cases from zoom 8. Before zoom 17 those in one eighth of a tile's side stand for one: with how many there are, how
-- many late, how many a hazard; a case alone there, and each from zoom 17, is a pin. Row security lets through what it lets through.
WITH tile AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box),
wide AS (
  SELECT ST_SetSRID(ST_Transform(ST_Expand(box, (ST_XMax(box) - ST_XMin(box)) / 64), 4326), 4490) AS here FROM tile
),
placed AS MATERIALIZED (
  SELECT c.id, c.number, c.state, c.category, c.late, c.hazard,
         (tile_x(c.geom, %(z)s) - %(x)s) * 4096 AS east, (tile_y(c.geom, %(z)s) - %(y)s) * 4096 AS south
    FROM wide, cases c
   WHERE %(z)s >= 8 AND c.geom && wide.here
     AND c.state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')
),
shown AS (
  SELECT count(*)::int AS n, count(*) FILTER (WHERE late)::int AS late, count(*) FILTER (WHERE hazard)::int AS hazard,
         CASE WHEN count(*) = 1 THEN min(number) END AS number, CASE WHEN count(*) = 1 THEN min(state) END AS state,
         CASE WHEN count(*) = 1 THEN min(category) END AS class,
         ST_MakePoint(round(avg(east)), round(avg(south))) AS geom
    FROM placed
   WHERE east >= 0 AND east < 4096 AND south >= 0 AND south < 4096
   GROUP BY floor(east / 512), floor(south / 512), CASE WHEN %(z)s >= 17 THEN id END
   ORDER BY count(*) FILTER (WHERE late) DESC LIMIT 5000
)
SELECT ST_AsMVT(shown, 'case', 4096, 'geom') FROM shown
