-- A unit is told of as silent only if no page of its was open, and our own server was up; a receipt names a
-- terminal that there is.
SELECT NULL AS number, format('%%s is told of as silent since %%s, and was there at %%s', s.unit_id, s.since, p.since) AS words
  FROM silence s JOIN terminal t ON t.unit_id = s.unit_id JOIN presence p ON p.terminal_id = t.id
 WHERE p.since < s.noticed_at - interval '1 minute' AND p.until > coalesce(s.since, '-infinity') AND p.until > p.since
UNION ALL
SELECT NULL, format('%%s was called silent at %%s, when this system was down', s.unit_id, s.noticed_at)
  FROM silence s
 WHERE NOT EXISTS (SELECT FROM uptime u
                    WHERE u.since < s.noticed_at AND u.until >= s.noticed_at - interval '1 minute')
UNION ALL
SELECT NULL, format('%%s is told of as back at %%s, and no page of its was open', s.unit_id, s.ended_at)
  FROM silence s
 WHERE s.ended_at IS NOT NULL
   AND NOT EXISTS (SELECT FROM terminal t JOIN presence p ON p.terminal_id = t.id
                    WHERE t.unit_id = s.unit_id AND p.since <= s.ended_at
                      AND p.until >= s.ended_at - interval '1 minute')
UNION ALL
SELECT c.number, format('step %%s was signed on terminal %%s, which there is not', s.seq, s.data ->> 'terminal')
  FROM step s JOIN cases c ON c.id = s.case_id
 WHERE s.data ? 'terminal' AND NOT EXISTS (SELECT FROM terminal t WHERE t.id = (s.data ->> 'terminal')::bigint)
UNION ALL
SELECT NULL, format('terminal %%s was seen in the future, at %%s', terminal_id, until)
  FROM presence WHERE until > %(now)s + %(grace)s * interval '1 second'
