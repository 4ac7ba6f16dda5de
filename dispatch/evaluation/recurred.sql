-- Cases filed in [since, until) where one of the same category, at the same component or within `metres`, had been closed
-- less than 30 days before. Facts and places as they stood at `as_of`: of a case that was added to since (`past`) the steps
-- tell where it lay. Both are read by one index (fact_settled) and met by a hash over category and cell:
-- `north`, `east` are the reach in degrees, so that whatever lies within it is in the same cell or in one of the eight around.
WITH stood AS (
    SELECT case_id, category, filed_at, closed_at, since_then
      FROM (SELECT *, false AS since_then FROM fact WHERE known_at <= %(as_of)s::timestamptz
            UNION ALL
            SELECT *, true FROM unnest(%(past)s::fact[])) f
     WHERE reported_at < %(until)s AND (settled_at >= %(since)s::timestamptz - interval '30 days' OR settled_at IS NULL)
       AND ((filed_at >= %(since)s AND filed_at < %(until)s)
         OR (closed_at >= %(since)s::timestamptz - interval '30 days' AND closed_at < %(until)s))
),
lay AS MATERIALIZED (
    SELECT s.*,
           CASE WHEN since_then THEN (
               SELECT t.data #>> '{form,component}' FROM step t
                WHERE t.case_id = s.case_id AND (t.seq = 1 OR t.action = 'amend') AND t.data -> 'form' ? 'component'
                  AND (t.recorded_at <= %(as_of)s::timestamptz OR t.action = 'import') ORDER BY t.seq DESC LIMIT 1)
           ELSE c.component_code END AS component_code,
           CASE WHEN since_then THEN (
               SELECT ST_SetSRID(ST_MakePoint((t.data #>> '{form,lon}')::float8, (t.data #>> '{form,lat}')::float8), 4490)
                 FROM step t
                WHERE t.case_id = s.case_id AND (t.seq = 1 OR t.action = 'amend') AND t.data -> 'form' ? 'lon'
                  AND (t.recorded_at <= %(as_of)s::timestamptz OR t.action = 'import') ORDER BY t.seq DESC LIMIT 1)
           ELSE c.geom END AS geom
      FROM stood s JOIN cases c ON c.id = s.case_id
     WHERE s.category IS NOT NULL
),
placed AS MATERIALIZED (
    SELECT *, floor(ST_X(geom) / %(east)s)::bigint AS x, floor(ST_Y(geom) / %(north)s)::bigint AS y FROM lay
),
filed AS (SELECT * FROM placed WHERE filed_at >= %(since)s AND filed_at < %(until)s),
closed AS (SELECT * FROM placed WHERE closed_at IS NOT NULL)
SELECT f.case_id
  FROM filed f JOIN closed b ON b.category = f.category AND b.component_code = f.component_code
 WHERE b.closed_at < f.filed_at AND b.closed_at > f.filed_at - interval '30 days' AND b.case_id <> f.case_id
UNION
SELECT f.case_id
  FROM (SELECT f.*, f.x + dx AS near_x, f.y + dy AS near_y
          FROM filed f CROSS JOIN generate_series(-1, 1) dx CROSS JOIN generate_series(-1, 1) dy) f
  JOIN closed b ON b.category = f.category AND b.x = f.near_x AND b.y = f.near_y
 WHERE b.closed_at < f.filed_at AND b.closed_at > f.filed_at - interval '30 days' AND b.case_id <> f.case_id
   AND ST_DistanceSphere(b.geom, f.geom) <= %(metres)s
