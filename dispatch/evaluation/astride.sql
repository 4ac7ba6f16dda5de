-- All other cases that may have a part in [since, until), as far as their facts stand: those under way at either end of it,
-- which are few, and those of which more is to be known (`single`). Of `units` only, where they are named.
-- Who was under way at an instant ended within 60 days of it (fact_settled), goes on (there too), or is long (fact_long).
SELECT case_id
  FROM (SELECT case_id, unit_id, known_at FROM fact
         WHERE settled_at >= %(since)s AND settled_at < least(%(since)s + interval '60 days', %(until)s)
           AND reported_at < %(since)s
        UNION ALL
        SELECT case_id, unit_id, known_at FROM fact
         WHERE settled_at >= %(until)s AND settled_at < %(until)s + interval '60 days' AND reported_at < %(until)s
        UNION ALL
        SELECT case_id, unit_id, known_at FROM fact
         WHERE settled_at - reported_at > interval '60 days'
           AND settled_at >= %(since)s + interval '60 days' AND settled_at < %(until)s AND reported_at < %(since)s
        UNION ALL
        SELECT case_id, unit_id, known_at FROM fact
         WHERE settled_at - reported_at > interval '60 days'
           AND settled_at >= %(until)s + interval '60 days' AND reported_at < %(until)s
        UNION ALL
        SELECT case_id, unit_id, known_at FROM fact
         WHERE settled_at IS NULL AND (reported_at < %(until)s OR %(backlog)s)) f
 WHERE known_at <= %(as_of)s::timestamptz AND (%(units)s::text[] IS NULL OR unit_id = ANY(%(units)s))
UNION
SELECT unnest(%(single)s::bigint[])
