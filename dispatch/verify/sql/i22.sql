-- A supervise order stands on its case from the order to the answer or to the case's end. Orders of before they were
-- kept so are left out: they have no clock, and stand nowhere.
WITH ordered AS (
  SELECT case_id, max(seq) FILTER (WHERE action = 'supervise') AS seq,
         max(seq) FILTER (WHERE action IN ('answer_supervision', 'close', 'force_close', 'refuse', 'void', 'merge',
                                           'confirm_handled')) AS over
    FROM step WHERE action IN ('supervise', 'answer_supervision', 'close', 'force_close', 'refuse', 'void', 'merge',
                               'confirm_handled')
   GROUP BY case_id),
said AS (
  SELECT o.case_id, s.actor_id AS by, s.data #>> '{form,reason}' AS reason, s.at
    FROM ordered o JOIN step s ON s.case_id = o.case_id AND s.seq = o.seq
   WHERE o.seq > coalesce(o.over, 0) AND s.data @@ '$.clocks[*][1] == "supervise"')
SELECT c.number, format('its supervise order is %%s, by its steps %%s', coalesce(c.supervision::text, 'none'),
                        CASE WHEN s.case_id IS NULL THEN 'none' ELSE format('of %%s', s.at) END) AS words
  FROM cases c FULL JOIN said s ON s.case_id = c.id
 WHERE (c.supervision IS NOT NULL OR s.case_id IS NOT NULL)
   AND (s.case_id IS NULL
        OR (c.supervision ->> 'by', c.supervision ->> 'reason', (c.supervision ->> 'at')::timestamptz)
           IS DISTINCT FROM (s.by::text, s.reason, s.at))
   AND NOT (s.case_id IS NULL AND c.clocks ->> 'supervise' IS NULL)
