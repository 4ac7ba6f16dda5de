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
-- Past the limit of a stage, in the order of the stages.
SELECT f.case_id, s.stage
  FROM fact f CROSS JOIN LATERAL (VALUES
         ('accept', f.ontime_accept), ('verify', f.ontime_verify), ('file', f.ontime_file),
         ('dispatch', f.ontime_dispatch), ('sign', f.ontime_sign), ('dispose', f.ontime),
         ('check', f.ontime_check), ('close', f.ontime_close)) AS s (stage, ontime)
 WHERE %(question)s = 'stage' AND f.reported_at >= %(since)s AND f.reported_at < %(until)s AND NOT s.ontime
UNION ALL
-- Danger that was not made safe within the limit of its cordon.
SELECT c.id, 'cordon'
  FROM cases c
 WHERE %(question)s = 'stage' AND c.reported_at >= %(since)s AND c.reported_at < %(until)s AND c.hazard
   AND EXISTS (SELECT FROM fired f WHERE f.case_id = c.id AND f.kind = 'cordon' AND f.event = 'lapse')
UNION ALL
SELECT DISTINCT s.case_id, s.unit_id || '|' || coalesce(s.data #>> '{form,clause}', '')
  FROM step s
 WHERE %(question)s = 'returned' AND s.at >= %(since)s AND s.at < %(until)s
   AND s.action IN ('ask_return', 'ask_ruling') AND s.unit_id IS NOT NULL
