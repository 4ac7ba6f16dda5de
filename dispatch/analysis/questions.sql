-- One row per case and key of a question about the cases reported in [since, until). Counting the rows of a key is the
-- figure, listing them is what stands behind it. Each question reads the index cases_reported once; what it does not ask
-- for costs nothing: the planner sees the constant.
SELECT c.id AS case_id, c.duty_grid AS key
  FROM cases c JOIN fact f ON f.case_id = c.id
 WHERE %(question)s = 'found' AND c.reported_at >= %(since)s AND c.reported_at < %(until)s
   AND c.source = 'inspector' AND f.filed_at IS NOT NULL AND c.duty_grid IS NOT NULL
UNION ALL
SELECT c.id, c.duty_grid
  FROM cases c JOIN fact f ON f.case_id = c.id
 WHERE %(question)s = 'called' AND c.reported_at >= %(since)s AND c.reported_at < %(until)s
   AND c.public AND f.filed_at IS NOT NULL AND c.duty_grid IS NOT NULL
UNION ALL
SELECT c.id, to_char(c.reported_at AT TIME ZONE %(zone)s, 'HH24')
  FROM cases c
 WHERE %(question)s = 'hour' AND c.reported_at >= %(since)s AND c.reported_at < %(until)s
UNION ALL
SELECT c.id, coalesce(f.class_code, '')
  FROM cases c JOIN fact f ON f.case_id = c.id
 WHERE %(question)s = 'class' AND c.reported_at >= %(since)s AND c.reported_at < %(until)s AND f.filed_at IS NOT NULL
UNION ALL
-- Filed again: the same category at the same component, or within 30 m in the same unit grid, not 30 days before.
SELECT c.id, c.category
  FROM cases c JOIN fact f ON f.case_id = c.id
 WHERE %(question)s = 'again' AND c.reported_at >= %(since)s AND c.reported_at < %(until)s AND f.filed_at IS NOT NULL
   AND EXISTS (SELECT FROM cases b JOIN fact g ON g.case_id = b.id
                WHERE b.reported_at >= %(since)s::timestamptz - interval '30 days' AND b.reported_at < %(until)s
                  AND b.area_id = c.area_id AND b.category = c.category AND g.filed_at IS NOT NULL
                  AND b.reported_at < c.reported_at AND b.reported_at >= c.reported_at - interval '30 days'
                  AND b.id <> c.id
                  AND (b.component_code = c.component_code OR ST_DistanceSphere(b.geom, c.geom) <= 30))
UNION ALL
-- Past the limit of a stage, in the order of the stages.
SELECT f.case_id, s.stage
  FROM fact f CROSS JOIN LATERAL (VALUES
         ('accept', f.ontime_accept), ('verify', f.ontime_verify), ('file', f.ontime_file),
         ('dispatch', f.ontime_dispatch), ('sign', f.ontime_sign), ('dispose', f.ontime),
         ('check', f.ontime_check), ('close', f.ontime_close)) AS s (stage, ontime)
 WHERE %(question)s = 'stage' AND f.reported_at >= %(since)s AND f.reported_at < %(until)s AND NOT s.ontime
UNION ALL
SELECT DISTINCT s.case_id, s.unit_id || '|' || coalesce(s.data #>> '{form,clause}', '')
  FROM step s
 WHERE %(question)s = 'returned' AND s.at >= %(since)s AND s.at < %(until)s
   AND s.action IN ('ask_return', 'ask_ruling') AND s.unit_id IS NOT NULL
UNION ALL
-- Of each campaign that meets the period, whole: its classes, its area, its days. Index: fact_reported.
SELECT f.case_id, k.key || '|' || s.figure
  FROM jsonb_to_recordset(%(campaigns)s::jsonb)
         AS k (key text, classes text[], area text, since timestamptz, until timestamptz)
  JOIN fact f ON f.reported_at >= k.since AND f.reported_at < k.until AND f.class_code = ANY (k.classes)
  JOIN cases c ON c.id = f.case_id
 CROSS JOIN LATERAL (VALUES
         ('reported', true), ('filed', f.filed_at IS NOT NULL), ('closed', f.closed_at IS NOT NULL),
         ('late', f.ontime IS NOT TRUE AND f.due_at < coalesce(f.disposed_at, %(now)s))) AS s (figure, holds)
 WHERE %(question)s = 'campaign' AND k.since < %(until)s AND k.until > %(since)s AND s.holds
   AND (k.area IS NULL OR EXISTS (SELECT FROM area a WHERE a.id = ANY (c.area_path) AND a.level || ':' || a.code = k.area))
