-- The cases reported in [since, until) that were routed, as cells: what no rule asked can tell apart is one row.
-- Returns facts (as a routing keeps them, without %(left_out)s), unit, cases, judged, ontime, sample.
-- Corridors are measured anew, from the roads of these names as they were on the case's day: a draft may ask for one that
-- nobody looked at before. Metres on a plane scaled at the city's centre (kx, ky: metres per degree there).
-- index: cases_reported, cases_geom; road_geom is not needed, a corridor's roads are few.
WITH corridor AS (
    SELECT * FROM unnest(%(keys)s::text[], %(roads)s::text[], %(metres)s::float8[]) AS c (key, road, metres)
),
within AS (
    SELECT c.id, array_agg(DISTINCT k.key ORDER BY k.key) AS keys
      FROM corridor k
      JOIN road r ON r.name = k.road
      JOIN cases c ON c.geom && ST_Expand(coalesce(r.counts, r.geom), k.metres / %(kx)s, k.metres / %(ky)s)
       AND c.reported_at >= %(since)s AND c.reported_at < %(until)s
       AND r.valid_from <= c.reported_at::date AND (r.valid_to IS NULL OR r.valid_to > c.reported_at::date)
       AND ST_Distance(ST_SetSRID(ST_Scale(coalesce(r.counts, r.geom), %(kx)s, %(ky)s), 0),
                       ST_SetSRID(ST_Scale(c.geom, %(kx)s, %(ky)s), 0))
           <= k.metres
     GROUP BY c.id
),
routed AS (
    SELECT (c.route -> 'facts') - %(left_out)s::text[]
             || CASE WHEN w.keys IS NULL THEN '{}' ELSE jsonb_build_object('corridors', w.keys) END AS facts,
           f.unit_id AS unit, f.ontime, c.number
      FROM cases c JOIN fact f ON f.case_id = c.id LEFT JOIN within w ON w.id = c.id
     WHERE c.reported_at >= %(since)s AND c.reported_at < %(until)s AND c.route ? 'facts'
)
SELECT facts, unit, count(*)::int AS cases, count(ontime)::int AS judged, count(*) FILTER (WHERE ontime)::int AS ontime,
       max(number) AS sample
  FROM routed
 GROUP BY facts, unit
