-- What was signed of a settlement sheet is the hash of its text, by one person of each side, the later ones of their company;
-- nothing was made anew once both had signed, and the trail knows each sheet and each signature. What the text says is
-- counted again beside this (settlements.py).
WITH told AS (
  SELECT kind, person_id, substr(object, 12)::bigint AS id, detail FROM audit_event
   WHERE kind IN ('settlement_made', 'settlement_signed')),
signed AS (
  SELECT s.id, s.unit_id, s.period, g.side, g.hash, g.person_id, g.signed_at, s.hash AS made, s.made_at
    FROM settlement_signature g JOIN settlement s ON s.id = g.settlement_id)
SELECT NULL AS number, format('the hash of sheet %%s (%%s, %%s) is not that of its text', id, unit_id, period) AS words
  FROM settlement WHERE hash <> encode(sha256(convert_to(document, 'UTF8')), 'hex')
UNION ALL
SELECT NULL, format('sheet %%s (%%s, %%s) was signed for %%s with another hash, or before it was made', id, unit_id, period, side)
  FROM signed WHERE hash <> made OR signed_at < made_at
UNION ALL
SELECT NULL, format('one person signed sheet %%s (%%s, %%s) for both sides', id, unit_id, period)
  FROM signed GROUP BY id, unit_id, period HAVING count(DISTINCT person_id) < count(*)
UNION ALL
SELECT NULL, format('sheet %%s (%%s, %%s) was signed for %%s when a later one stood already', g.id, g.unit_id, g.period, g.side)
  FROM signed g JOIN settlement n ON n.unit_id = g.unit_id AND n.period = g.period AND n.id > g.id AND n.made_at < g.signed_at
UNION ALL
SELECT NULL, format('sheet %%s (%%s, %%s) was made after both sides had signed one', n.id, n.unit_id, n.period)
  FROM settlement n
 WHERE 2 = (SELECT count(*) FROM signed g WHERE g.unit_id = n.unit_id AND g.period = n.period AND g.id < n.id
               AND g.signed_at < n.made_at GROUP BY g.id)
UNION ALL
SELECT NULL, format('sheet %%s (%%s, %%s) is not the one that the trail tells of', s.id, s.unit_id, s.period)
  FROM settlement s
 WHERE NOT EXISTS (SELECT FROM told t WHERE t.id = s.id AND t.kind = 'settlement_made' AND t.person_id = s.made_by
                      AND t.detail ->> 'hash' = s.hash)
UNION ALL
SELECT NULL, format('the trail does not know who signed sheet %%s for %%s', g.id, g.side)
  FROM signed g
 WHERE NOT EXISTS (SELECT FROM told t WHERE t.id = g.id AND t.kind = 'settlement_signed' AND t.person_id = g.person_id
                      AND t.detail ->> 'hash' = g.hash)
UNION ALL
SELECT NULL, format('the trail tells %%s of sheet %%s, which is not there', t.kind, t.id)
  FROM told t
 WHERE NOT EXISTS (SELECT FROM settlement s WHERE s.id = t.id)
    OR (t.kind = 'settlement_signed'
        AND NOT EXISTS (SELECT FROM signed g WHERE g.id = t.id AND g.person_id = t.person_id))
