-- Cases filed in [since, until) where one of the same category, at the same component or within `metres`, had been closed
-- less than 30 days before. Facts and places as they stood at `as_of`: of a case that was added to since (`past`) the steps
-- tell where it lay. Both are read by one index (fact_settled) and met by a hash over category, stretch of 30 days and cell:
-- `north`, `east` are the reach in degrees. A cell is four times as wide, so that a case looks into one or two as a rule, into four
-- at most; and into the stretch it was filed in and the one before.
WITH stood AS (
    SELECT case_id, category, filed_at, closed_at, since_then
      FROM (SELECT *, false AS since_then FROM fact WHERE known_at <= %(as_of)s::timestamptz
            UNION ALL
            SELECT *, true FROM unnest(%(past)s::fact[])) f
     WHERE reported_at < %(until)s AND (settled_at >= %(since)s::timestamptz - interval '30 days' OR settled_at IS NULL)
       AND ((filed_at >= %(since)s AND filed_at < %(until)s)
         OR (closed_at >= %(since)s::timestamptz - interval '30 days' AND closed_at < %(until)s))
),
lay AS (
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
    OFFSET 0  -- a fence: where it lay is asked once
),
placed AS MATERIALIZED (
    SELECT case_id, category, filed_at, closed_at, component_code, geom, ST_X(geom) AS lon, ST_Y(geom) AS lat,
           floor(date_part('epoch', filed_at) / 2592000)::bigint AS filed_in,
           floor(date_part('epoch', closed_at) / 2592000)::bigint AS closed_in
      FROM lay
),
filed AS (
    SELECT *, floor((lon - %(east)s) / (4 * %(east)s))::bigint AS west, floor((lon + %(east)s) / (4 * %(east)s))::bigint AS east,
           floor((lat - %(north)s) / (4 * %(north)s))::bigint AS south, floor((lat + %(north)s) / (4 * %(north)s))::bigint AS north
      FROM placed WHERE filed_at >= %(since)s AND filed_at < %(until)s
),
sought AS (
    SELECT f.*, ((west + dx) * 1000000 + south + dy) * 10000 + filed_in - dt AS bucket
      FROM filed f
     CROSS JOIN (VALUES (0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 1), (1, 1, 1)) AS around (dx, dy, dt)
     WHERE west + dx <= east AND south + dy <= north
),
closed AS (
    SELECT *, (floor(lon / (4 * %(east)s))::bigint * 1000000 + floor(lat / (4 * %(north)s))::bigint) * 10000 + closed_in AS bucket
      FROM placed WHERE closed_at IS NOT NULL
)
SELECT f.case_id
  FROM filed f JOIN closed b ON b.category = f.category AND b.component_code = f.component_code
 WHERE b.closed_at < f.filed_at AND b.closed_at > f.filed_at - interval '30 days' AND b.case_id <> f.case_id
UNION
SELECT f.case_id
  FROM sought f JOIN closed b ON b.bucket = f.bucket AND b.category = f.category
 WHERE b.closed_at < f.filed_at AND b.closed_at > f.filed_at - interval '30 days' AND b.case_id <> f.case_id
   AND b.lon BETWEEN f.lon - %(east)s AND f.lon + %(east)s AND b.lat BETWEEN f.lat - %(north)s AND f.lat + %(north)s
   AND ST_DistanceSphere(b.geom, f.geom) <= %(metres)s
