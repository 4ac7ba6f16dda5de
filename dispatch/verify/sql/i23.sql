-- A card rests on a lapse or a failed check of its own unit and cause, has the colour of its own rule, and was not ruled
-- on by whoever contested it. Lapses that came to be known later, or were found to be none, may change the count since.
WITH held AS (
  SELECT k.*, s.action, s.data ->> 'clock' AS clock, s.unit_id AS of_unit, s.at AS of_step
    FROM card k LEFT JOIN step s ON s.case_id = k.case_id AND s.seq = k.seq)
SELECT c.number, format('card %%s for %%s of %%s does not rest on step %%s', h.id, h.cause, h.unit_id, h.seq) AS words
  FROM held h JOIN cases c ON c.id = h.case_id
 WHERE (h.of_unit, h.of_step) IS DISTINCT FROM (h.unit_id, h.at)
    OR h.cause IS DISTINCT FROM CASE WHEN h.action = 'check_fail' THEN 'wrong_data'
                                     WHEN h.action = 'lapse' AND h.clock = 'sign' THEN 'late_click'
                                     WHEN h.action = 'lapse' AND h.clock = 'dispose' THEN 'late_work' END
UNION ALL
SELECT c.number, format('card %%s is %%s, the %%s. of its kind, by its rule %%s', h.id, h.colour, h.nth, h.rule)
  FROM held h JOIN cases c ON c.id = h.case_id
 WHERE h.colour IS DISTINCT FROM CASE WHEN h.nth >= (h.rule ->> 'red')::int THEN 'red'
                                      WHEN h.nth >= (h.rule ->> 'yellow')::int THEN 'yellow' END
UNION ALL
SELECT c.number, format('card %%s was ruled on before it was contested, or by the same person', h.id)
  FROM held h JOIN cases c ON c.id = h.case_id
 WHERE h.ruled_at IS NOT NULL AND (h.ruled_at < h.contested_at OR h.ruled_by = h.contested_by
                                   OR h.ruling NOT IN ('stands', 'wrong'))
