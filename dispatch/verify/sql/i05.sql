-- No case is passed back more often than the city allows, nor beyond what a dispatcher may agree to without a referee.
-- %(most)s: returns in all; %(referee)s: the first one that wants a referee (0: none). `nth` is kept by every return since
-- there are referees: those before count towards the whole only.
WITH back AS (
  SELECT case_id, seq, action, role, actor_id, (data ->> 'nth')::int AS nth,
         row_number() OVER (PARTITION BY case_id ORDER BY seq) AS place
    FROM step WHERE action IN ('approve_return', 'rule_other')),
times AS (SELECT case_id, max(place) AS times FROM back GROUP BY case_id),
ruled AS (  -- the dispatch that follows a ruling, unless the case was amended between
  SELECT r.case_id, r.seq, r.data #>> '{form,unit}' AS unit, n.action, n.unit_id, n.seq AS next
    FROM step r
    JOIN LATERAL (SELECT s.action, s.unit_id, s.seq FROM step s WHERE s.case_id = r.case_id AND s.seq > r.seq
                     AND s.action IN ('dispatch', 'amend') ORDER BY s.seq LIMIT 1) AS n ON true
   WHERE r.action = 'rule_other')
SELECT c.number,
       CASE WHEN coalesce(t.times, 0) <> c.returns
            THEN format('its row says %%s returns, its steps %%s', c.returns, coalesce(t.times, 0))
            ELSE format('returned %%s times, %%s are allowed', t.times, %(most)s::int) END AS words
  FROM cases c LEFT JOIN times t ON t.case_id = c.id
 WHERE coalesce(t.times, 0) <> c.returns OR t.times > %(most)s
UNION ALL
SELECT c.number, format('step %%s is return %%s and says %%s', b.seq, b.place, b.nth)
  FROM back b JOIN cases c ON c.id = b.case_id WHERE b.nth <> b.place
UNION ALL
SELECT c.number, format('return %%s, in step %%s, was agreed to without a referee', b.nth, b.seq)
  FROM back b JOIN cases c ON c.id = b.case_id
 WHERE b.action = 'approve_return' AND %(referee)s > 0 AND b.nth >= %(referee)s
UNION ALL
SELECT c.number, format('step %%s is a ruling that nobody gave', b.seq)
  FROM back b JOIN cases c ON c.id = b.case_id WHERE b.action = 'rule_other' AND (b.role = 'system' OR b.actor_id IS NULL)
UNION ALL
SELECT c.number, format('step %%s sends it to %%s, the ruling in step %%s names %%s', r.next, r.unit_id, r.seq, r.unit)
  FROM ruled r JOIN cases c ON c.id = r.case_id WHERE r.action = 'dispatch' AND r.unit_id <> r.unit
