-- The cases reported in [since, until), as cells: what no rule asked can tell apart is one row.
-- Returns category, road, road_name, areas, corridors, owner, maintainer, supervisor, day, hour (what is not asked is null),
-- cases, judged, ontime, sample, grids (of each case, the id of its unit grid). Names of roads, areas and parties are those of the case's own day.
-- Corridors are measured anew: a draft may ask for one that nobody looked at before. Metres on a plane scaled at the city's
-- centre (kx, ky: metres per degree there).
-- index: cases_reported for a short period, the whole table for a long one; cases_open_spot and cases_ended_spot for corridors.
WITH corridor AS (
    SELECT * FROM unnest(%(keys)s::text[], %(roads)s::text[], %(metres)s::float8[]) AS c (key, road, metres)
),
way AS MATERIALIZED (  -- few or none, found first: asked the other way round, every case would be held against every road
    SELECT k.key, k.metres, coalesce(r.counts, r.geom) AS line, r.valid_from, r.valid_to
      FROM corridor k JOIN road r ON r.name = k.road
),
within AS (
    SELECT c.id, array_agg(DISTINCT w.key ORDER BY w.key) AS keys
      FROM way w
      JOIN cases c ON c.geom && ST_Expand(w.line, w.metres / %(kx)s, w.metres / %(ky)s)
       AND c.reported_at >= %(since)s AND c.reported_at < %(until)s
       AND w.valid_from <= c.reported_at::date AND (w.valid_to IS NULL OR w.valid_to > c.reported_at::date)
       AND ST_Distance(ST_SetSRID(ST_Scale(w.line, %(kx)s, %(ky)s), 0),
                       ST_SetSRID(ST_Scale(c.geom, %(kx)s, %(ky)s), 0)) <= w.metres
     GROUP BY c.id
),
seen AS MATERIALIZED (  -- of each unit grid the areas that a rule may name, and the top level, which says that it is in the city
    SELECT a.id, array_agg(p.level || ':' || p.code ORDER BY p.depth) FILTER (
             WHERE p.depth = 1 OR p.level = ANY (%(named)s::text[]) OR p.level || ':' || p.code = ANY (%(named)s::text[]))
             AS areas
      FROM area a JOIN area p ON p.id = ANY (a.path)
     WHERE a.finest = 1
     GROUP BY a.id
),
asked AS (
    SELECT c.category, c.road_class AS road, r.name AS road_name, s.areas, w.keys AS corridors,
           t.owner, t.maintainer, t.supervisor,
           CASE WHEN %(day)s THEN to_char(c.reported_at AT TIME ZONE %(zone)s, 'YYYY-MM-DD') END AS day,
           CASE WHEN %(hour)s THEN to_char(c.reported_at AT TIME ZONE %(zone)s, 'HH24:MI') END AS hour,
           c.number, c.area_id, f.ontime
      FROM cases c
      JOIN fact f ON f.case_id = c.id
      LEFT JOIN seen s ON s.id = c.area_id
      LEFT JOIN within w ON w.id = c.id
      LEFT JOIN road r ON %(road_name)s AND r.id = c.road_id
      LEFT JOIN component t ON %(parties)s AND t.code = c.component_code AND t.valid_from <= c.reported_at::date
                           AND (t.valid_to IS NULL OR t.valid_to > c.reported_at::date)
     WHERE c.reported_at >= %(since)s AND c.reported_at < %(until)s AND c.category IS NOT NULL AND c.geom IS NOT NULL
)
SELECT category, road, road_name, areas, corridors, owner, maintainer, supervisor, day, hour,
       count(*)::int AS cases, count(ontime)::int AS judged, count(*) FILTER (WHERE ontime)::int AS ontime,
       max(number) AS sample, array_agg(area_id) FILTER (WHERE area_id IS NOT NULL) AS grids
  FROM asked
 GROUP BY category, road, road_name, areas, corridors, owner, maintainer, supervisor, day, hour
