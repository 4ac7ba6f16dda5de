-- Of what kinds the cases are that lie whole in the period and were to be disposed of, by whose they are; on time is what `sorts`
-- says of their life.
WITH RECURSIVE
{whose},
told AS (
    SELECT own, class_code, area_class, s.season, count(*) AS cases, count(*) FILTER (WHERE s.ontime) AS ontime
      FROM ({whole}) w
      JOIN unnest(%(lives)s::bigint[], %(ontime)s::bool[], %(seasons)s::int[]) AS s (life, ontime, season) USING (life)
     GROUP BY own, class_code, area_class, s.season
)
SELECT {key} AS key, class_code, area_class, season, sum(t.cases)::int AS cases, sum(t.ontime)::int AS ontime
  FROM told t {keyed}
 GROUP BY 1, 2, 3, 4
