-- A case is contested once and ruled on once, by another person; a published bulletin tells each appeal with the ruling of
-- its cut, and leaves out of its figures the cases that were let off by then, on appeal or by the ledger, and no others.
-- %(exempt)s: the place of that mark in a frozen line; %(grace)s: seconds before the cut in which it may have been missed.
-- What was late stays so: I11 counts the facts from their steps.
WITH said AS (
  SELECT s.case_id, s.seq, s.action, s.unit_id, s.actor_id, s.recorded_at
    FROM step s WHERE s.action IN ('appeal', 'grant_appeal', 'refuse_appeal')),
contested AS (
  SELECT case_id,
         count(*) FILTER (WHERE action = 'appeal') AS appeals,
         count(*) FILTER (WHERE action <> 'appeal') AS rulings,
         min(seq) FILTER (WHERE action = 'appeal') AS appealed,
         min(seq) FILTER (WHERE action <> 'appeal') AS ruled,
         count(DISTINCT coalesce(actor_id, 0)) AS persons  -- 0: the system, by default
    FROM said GROUP BY case_id),
out AS (
  SELECT b.id, b.period, b.as_of, b.as_of - make_interval(secs => %(grace)s) AS surely, b.rules::jsonb AS rules
    FROM bulletin b JOIN bulletin_decision d ON d.bulletin_id = b.id WHERE d.decision = 'published'),
let_off AS (
  SELECT case_id, recorded_at AS at FROM said WHERE action = 'grant_appeal'
   UNION ALL
  SELECT e.case_id, d.decided_at FROM ledger_entry e JOIN ledger_decision d ON d.entry_id = e.id
   WHERE e.case_id IS NOT NULL AND d.decision = 'agreed'),
told AS (
  SELECT o.id, a.unit, a.granted, a.refused, a.waiting
    FROM out o CROSS JOIN LATERAL jsonb_to_recordset(o.rules -> 'appeals') AS a (unit text, granted int, refused int, waiting int)
   WHERE o.rules ? 'appeals'),
counted AS (
  SELECT o.id, by.at, a.unit_id AS unit,
         count(*) FILTER (WHERE r.action = 'grant_appeal')::int AS granted,
         count(*) FILTER (WHERE r.action = 'refuse_appeal')::int AS refused,
         count(*) FILTER (WHERE r.action IS NULL)::int AS waiting
    FROM out o
   CROSS JOIN LATERAL (VALUES (o.as_of), (o.surely)) AS by (at)
    JOIN bulletin_fact f ON f.bulletin_id = o.id
    JOIN said a ON a.case_id = f.case_id AND a.action = 'appeal' AND a.recorded_at <= by.at
    LEFT JOIN said r ON r.case_id = a.case_id AND r.action <> 'appeal' AND r.recorded_at <= by.at
   WHERE o.rules ? 'appeals' GROUP BY o.id, by.at, a.unit_id)
SELECT c.number, format('contested %%s times and ruled on %%s times', t.appeals, t.rulings) AS words
  FROM contested t JOIN cases c ON c.id = t.case_id WHERE t.appeals <> 1 OR t.rulings > 1
UNION ALL
SELECT c.number, 'was ruled on before it was contested, or by whoever contested it'
  FROM contested t JOIN cases c ON c.id = t.case_id
 WHERE t.rulings > 0 AND (t.ruled < t.appealed OR t.persons < 2)
UNION ALL
SELECT c.number, format('bulletin %%s (%%s) %%s, as of %%s', o.id, o.period,
                        CASE WHEN l.case_id IS NULL THEN 'leaves it out, though nobody had let it off'
                             ELSE 'counts it, though it was let off' END, o.as_of)
  FROM out o
  JOIN bulletin_fact f ON f.bulletin_id = o.id
  JOIN cases c ON c.id = f.case_id
  LEFT JOIN (SELECT case_id, min(at) AS at FROM let_off GROUP BY case_id) AS l ON l.case_id = f.case_id AND l.at <= o.as_of
 WHERE CASE WHEN split_part(f.line, ',', %(exempt)s) = '1' THEN l.case_id IS NULL ELSE l.at <= o.surely END
UNION ALL
SELECT NULL, format('bulletin %%s (%%s) tells other appeals of %%s than its cases had', o.id, o.period, u.unit)
  FROM out o JOIN (SELECT id, unit FROM told UNION SELECT id, unit FROM counted) AS u USING (id)
  LEFT JOIN told t USING (id, unit)
 WHERE NOT EXISTS (
       SELECT FROM (VALUES (o.as_of), (o.surely)) AS by (at) LEFT JOIN counted n ON n.id = o.id AND n.unit = u.unit AND n.at = by.at
        WHERE (n.granted, n.refused, n.waiting) IS NOT DISTINCT FROM (t.granted, t.refused, t.waiting))
