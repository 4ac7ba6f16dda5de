-- The part of each unit that assists is what the steps say of it; who may look at a case assists under its last dispatch.
WITH given AS (
  SELECT s.case_id, s.seq, u.unit,
         (SELECT min(d.seq) FROM step d WHERE d.case_id = s.case_id AND d.seq > s.seq AND d.action = 'dispatch') AS next
    FROM step s CROSS JOIN LATERAL jsonb_array_elements_text(s.data -> 'assists') AS u(unit)
   WHERE s.action = 'dispatch' AND s.data ? 'assists'),
said AS (
  SELECT g.case_id, g.seq, g.unit,
         CASE WHEN bool_or(s.action = 'assist_report' AND s.data #>> '{form,unit}' = g.unit) THEN 'done'
              WHEN bool_or(s.action IN ('reply', 'reply_for', 'close', 'force_close') OR s.data ? 'returned_from')
              THEN 'dropped'
              WHEN bool_or(s.action = 'assist_sign' AND s.data #>> '{form,unit}' = g.unit) THEN 'signed'
              ELSE 'sent' END AS state,
         coalesce(bool_or(s.action = 'lapse' AND s.data ->> 'clock' = 'assist:' || g.unit), false) AS late,
         coalesce(bool_or(s.data ? 'returned_from'), false) AS taken
    FROM given g
    LEFT JOIN step s ON s.case_id = g.case_id AND s.seq > g.seq AND (g.next IS NULL OR s.seq < g.next)
   GROUP BY g.case_id, g.seq, g.unit),
kept AS (
  SELECT c.id AS case_id, p.seq, p.unit, p.state, p.late
    FROM cases c CROSS JOIN LATERAL jsonb_to_recordset(c.assists) AS p(unit text, seq int, state text, late boolean)
   WHERE c.assists IS NOT NULL),
looking AS (
  SELECT case_id, array_agg(unit ORDER BY unit) AS units FROM said s
   WHERE NOT taken AND seq = (SELECT max(d.seq) FROM step d WHERE d.case_id = s.case_id AND d.action = 'dispatch')
   GROUP BY case_id)
SELECT c.number,
       format('the part of %%s given in step %%s is %%s, by its steps %%s', coalesce(k.unit, s.unit), coalesce(k.seq, s.seq),
              coalesce(k.state || CASE WHEN k.late THEN ', late' ELSE '' END, 'not there'),
              coalesce(s.state || CASE WHEN s.late THEN ', late' ELSE '' END, 'none')) AS words
  FROM said s FULL JOIN kept k USING (case_id, seq, unit) JOIN cases c ON c.id = case_id
 WHERE (s.state, s.late) IS DISTINCT FROM (k.state, k.late)
UNION ALL
SELECT c.number, format('%%s may look at it as assisting, by its steps %%s', coalesce(c.assisting::text, 'nobody'),
                        coalesce(l.units::text, 'nobody'))
  FROM cases c LEFT JOIN looking l ON l.case_id = c.id
 WHERE (c.assisting IS NOT NULL OR l.case_id IS NOT NULL)
   AND (SELECT array_agg(u ORDER BY u) FROM unnest(c.assisting) AS u) IS DISTINCT FROM l.units
