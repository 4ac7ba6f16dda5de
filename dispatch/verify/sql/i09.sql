-- A message was written with a step of its case; what was sent outside was tried, and not before the message was there.
-- Whoever reported a case is told of it only if they asked for it in their report; one merged into another is told by the
-- steps of that one, or of what that one was merged into.
WITH RECURSIVE heard AS (
    SELECT o.id, o.case_id, o.created_at FROM outbox o
     WHERE o.unit_id IS NULL AND o.person_id IS NULL
       AND NOT EXISTS (SELECT FROM step s WHERE s.case_id = o.case_id AND s.at = o.created_at)
    UNION
    SELECT h.id, (m.data #>> '{form,into}')::bigint, h.created_at
      FROM heard h JOIN step m ON m.case_id = h.case_id AND m.action = 'merge' AND m.at <= h.created_at
)
SELECT c.number, format('message %%s (%%s) stands with no step of the case', o.message_id, o.kind) AS words
  FROM outbox o JOIN cases c ON c.id = o.case_id
 WHERE NOT EXISTS (SELECT FROM step s WHERE s.case_id = o.case_id AND s.at = o.created_at)
   AND NOT EXISTS (SELECT FROM alarm_call k WHERE k.outbox_id = o.id)  -- a ladder's own: see I20
   AND NOT EXISTS (SELECT FROM heard h JOIN step s ON s.case_id = h.case_id AND s.at = h.created_at WHERE h.id = o.id)
UNION ALL
SELECT coalesce(c.number, '-'), format('notice %%s by %%s was sent without an attempt', d.delivery_id, d.channel)
  FROM delivery d JOIN outbox o ON o.id = d.outbox_id LEFT JOIN cases c ON c.id = o.case_id
 WHERE d.sent_at IS NOT NULL AND d.attempts = 0
UNION ALL
SELECT coalesce(c.number, '-'), format('notice %%s by %%s went out before its message was in the product', d.delivery_id, d.channel)
  FROM delivery d JOIN outbox o ON o.id = d.outbox_id LEFT JOIN cases c ON c.id = o.case_id
 WHERE o.sent_at IS NULL
UNION ALL
SELECT c.number, format('message %%s tells a reporter who did not ask for it', o.message_id)
  FROM outbox o JOIN cases c ON c.id = o.case_id
 WHERE o.unit_id IS NULL AND o.person_id IS NULL
   AND NOT EXISTS (SELECT FROM step s WHERE s.case_id = o.case_id AND s.seq = 1 AND s.data ? 'tell_in')
UNION ALL
SELECT c.number, 'its reporter is told in another way than its report asks for'
  FROM cases c JOIN step s ON s.case_id = c.id AND s.seq = 1
 WHERE c.tell_in IS NOT NULL AND c.tell_in IS DISTINCT FROM s.data ->> 'tell_in'
