-- Every event once, with its step; none that is due is owed.
WITH told AS (
  SELECT case_id, data ->> 'clock' AS kind, (data ->> 'epoch')::int AS epoch, action AS event, seq,
         (data ->> 'instant')::timestamptz AS instant
    FROM step WHERE action IN ('warn', 'lapse')
  UNION ALL
  SELECT case_id, 'suspension', seq - 1, 'wake', seq, at
    FROM step WHERE action = 'resume' AND (data ->> 'by_date')::boolean),
owed AS (
  SELECT c.id, min(CASE WHEN k.clock ->> 'fired' = '' AND k.clock ->> 'warn' IS NOT NULL
                        THEN (k.clock ->> 'warn')::timestamptz
                        WHEN k.clock ->> 'fired' <> 'lapse' THEN (k.clock ->> 'due')::timestamptz END) AS next
    FROM cases c CROSS JOIN LATERAL jsonb_each(c.clocks) AS k(kind, clock)
   WHERE c.clocks <> '{}' GROUP BY c.id)
SELECT c.number, format('%%s of clock %%s, epoch %%s, fired %%s times', f.event, f.kind, f.epoch, count(*)) AS words
  FROM fired f JOIN cases c ON c.id = f.case_id GROUP BY c.number, f.event, f.kind, f.epoch HAVING count(*) > 1
UNION ALL
SELECT c.number, format('%%s of clock %%s, epoch %%s, is told in %%s steps', t.event, t.kind, t.epoch, count(*))
  FROM told t JOIN cases c ON c.id = t.case_id GROUP BY c.number, t.event, t.kind, t.epoch HAVING count(*) > 1
UNION ALL
SELECT c.number,
       CASE WHEN f.case_id IS NULL THEN format('step %%s tells of a %%s that never fired', t.seq, t.event)
            WHEN t.case_id IS NULL THEN format('a %%s of clock %%s fired without a step', f.event, f.kind)
            ELSE format('the %%s in step %%s is not the one that fired', t.event, t.seq) END
  FROM told t FULL JOIN fired f
    ON (f.case_id, f.kind, f.epoch, f.event) = (t.case_id, t.kind, t.epoch, t.event)
  JOIN cases c ON c.id = coalesce(t.case_id, f.case_id)
 WHERE t.case_id IS NULL OR f.case_id IS NULL OR (t.seq, t.instant) IS DISTINCT FROM (f.seq, f.at)
UNION ALL
SELECT c.number, format('an event was due at %%s and has not fired', c.next_at)
  FROM cases c WHERE c.next_at < %(now)s::timestamptz - make_interval(secs => %(grace)s)
UNION ALL
SELECT c.number, format('its next event is at %%s by its clocks, its row says %%s', least(o.next, c.suspended_until), c.next_at)
  FROM cases c LEFT JOIN owed o ON o.id = c.id
 WHERE least(o.next, c.suspended_until) IS DISTINCT FROM c.next_at
