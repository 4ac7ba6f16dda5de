-- Every entry of the ledger has its paper, its trail and, if it was agreed to, its second person; what the trail tells of
-- is there; points are of a named period. A published bulletin has the points agreed to before it was sealed, and no
-- others; %(grace)s: seconds between a decision and a sealing in which either may have come first.
WITH entry AS (
  SELECT e.id, e.kind, e.unit_id, e.scheme, e.period, e.points, e.case_id, e.reason, e.document_no, e.document_hash,
         e.made_by, e.made_at, d.made_by AS maker, d.decision, d.decided_by, d.decided_at
    FROM ledger_entry e LEFT JOIN ledger_decision d ON d.entry_id = e.id),
told AS (
  SELECT kind, person_id, substr(object, 8)::bigint AS id, detail FROM audit_event
   WHERE kind IN ('ledger_entered', 'ledger_agreed', 'ledger_refused')),
out AS (
  SELECT b.id, b.period, b.scheme, b.made_at, b.rules::jsonb -> 'by_hand' AS given, b.rules::jsonb ->> 'form' AS form
    FROM bulletin b JOIN bulletin_decision d ON d.bulletin_id = b.id WHERE d.decision = 'published'),
frozen AS (
  SELECT o.id, g.key AS unit, g.value::numeric AS points
    FROM out o CROSS JOIN LATERAL jsonb_each_text(o.given) AS g
   WHERE o.form = '1' AND jsonb_typeof(o.given) = 'object'
   UNION ALL
  SELECT o.id, g.unit, sum(g.points)
    FROM out o CROSS JOIN LATERAL jsonb_to_recordset(o.given) AS g (unit text, points numeric)
   WHERE o.form <> '1' GROUP BY o.id, g.unit),
agreed AS (
  SELECT o.id, e.unit_id AS unit,
         coalesce(sum(e.points) FILTER (WHERE e.decided_at < o.made_at - make_interval(secs => %(grace)s)), 0) AS surely,
         sum(e.points) AS perhaps
    FROM out o JOIN entry e ON e.period = o.period AND e.scheme = o.scheme AND e.decision = 'agreed'
     AND e.decided_at <= o.made_at
   GROUP BY o.id, e.unit_id)
SELECT c.number, format('entry %%s of the ledger has no paper or no reason', e.id) AS words
  FROM entry e LEFT JOIN cases c ON c.id = e.case_id
 WHERE e.document_hash !~ '^[0-9a-f]{64}$' OR btrim(e.document_no) = '' OR btrim(e.reason) = ''
UNION ALL
SELECT c.number, format('entry %%s of the ledger was agreed to by whoever entered it, or before it was entered', e.id)
  FROM entry e LEFT JOIN cases c ON c.id = e.case_id
 WHERE e.decision IS NOT NULL
   AND (e.maker <> e.made_by OR e.decided_at < e.made_at OR (e.decision = 'agreed' AND e.decided_by = e.made_by))
UNION ALL
SELECT c.number, format('entry %%s of the ledger gives points in no named period, or to a case', e.id)
  FROM entry e LEFT JOIN cases c ON c.id = e.case_id
 WHERE CASE WHEN e.kind = 'exclusion' THEN e.case_id IS NULL OR num_nonnulls(e.points, e.period, e.scheme) > 0
            ELSE e.case_id IS NOT NULL OR num_nulls(e.points, e.scheme) > 0
              OR coalesce(e.period, '') !~ '^[0-9]{4}(-(0[1-9]|1[0-2])|-Q[1-4]|-W(0[1-9]|[1-4][0-9]|5[0-3]))?$' END
UNION ALL
SELECT c.number, format('entry %%s of the ledger is not the one that the trail tells of', e.id)
  FROM entry e LEFT JOIN cases c ON c.id = e.case_id
 WHERE NOT EXISTS (SELECT FROM told t WHERE t.id = e.id AND t.kind = 'ledger_entered' AND t.person_id = e.made_by
                      AND (t.detail ->> 'kind', t.detail ->> 'document', t.detail ->> 'points')
                          = (e.kind, e.document_hash, coalesce(e.points::text, 'None')))
UNION ALL
SELECT c.number, format('the trail does not know that entry %%s of the ledger was %%s', e.id, e.decision)
  FROM entry e LEFT JOIN cases c ON c.id = e.case_id
 WHERE e.decision IS NOT NULL
   AND NOT EXISTS (SELECT FROM told t WHERE t.id = e.id AND t.kind = 'ledger_' || e.decision AND t.person_id = e.decided_by)
UNION ALL
SELECT NULL, format('the trail tells %%s of entry %%s of the ledger, which does not', t.kind, t.id)
  FROM told t LEFT JOIN entry e ON e.id = t.id
 WHERE e.id IS NULL OR (t.kind <> 'ledger_entered' AND 'ledger_' || coalesce(e.decision, '') <> t.kind)
UNION ALL
SELECT NULL, format('bulletin %%s (%%s) gives %%s %%s points by hand, the ledger %%s', o.id, o.period, unit,
                    coalesce(f.points, 0), coalesce(a.perhaps, 0))
  FROM frozen f FULL JOIN agreed a USING (id, unit) JOIN out o USING (id)
 WHERE coalesce(f.points, 0) NOT IN (coalesce(a.surely, 0), coalesce(a.perhaps, 0))
