-- Every dispatch rests on a route, or on a reason why not; the same facts under the same edition name the same unit.
WITH routed AS (
  SELECT s.case_id, s.seq, s.action, s.data -> 'form' ->> 'unit' AS unit, s.data #>> '{form,reason}' AS reason,
         s.data -> 'route' AS route,
         max(s.seq) FILTER (WHERE jsonb_typeof(s.data -> 'route') = 'object')
           OVER (PARTITION BY s.case_id ORDER BY s.seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS route_seq
    FROM step s WHERE s.data ? 'route' OR s.action = 'dispatch'),
answers AS (
  SELECT case_id, md5((route -> 'facts')::text) AS facts, route ->> 'edition' AS edition, coalesce(route ->> 'unit', '') AS unit
    FROM routed WHERE jsonb_typeof(route) = 'object' AND coalesce(route ->> 'doubtful', '') <> 'place'),
differing AS (SELECT facts, edition FROM answers GROUP BY facts, edition HAVING min(unit) <> max(unit))
SELECT c.number, 'dispatched without a stored route' AS words
  FROM cases c
 WHERE c.category IS NOT NULL AND c.geom IS NOT NULL AND jsonb_typeof(c.route) IS DISTINCT FROM 'object'
   AND EXISTS (SELECT FROM routed d WHERE d.case_id = c.id AND d.action = 'dispatch')
UNION ALL
SELECT c.number, format('step %%s sends it to %%s where the rule names %%s, without a reason', d.seq, d.unit, r.route ->> 'unit')
  FROM routed d JOIN cases c ON c.id = d.case_id JOIN routed r ON r.case_id = d.case_id AND r.seq = d.route_seq
 WHERE d.action = 'dispatch' AND r.route ->> 'unit' <> d.unit AND coalesce(d.reason, '') = ''
UNION ALL
SELECT c.number, 'its route is not the last one its steps decided'
  FROM cases c JOIN LATERAL (SELECT r.route FROM routed r WHERE r.case_id = c.id AND jsonb_typeof(r.route) = 'object'
                              ORDER BY r.seq DESC LIMIT 1) AS last ON true
 WHERE (c.route, c.route_unit) IS DISTINCT FROM (last.route, last.route ->> 'unit')
UNION ALL
SELECT c.number, format('its facts under edition %%s had another answer elsewhere than %%s', a.edition, coalesce(nullif(a.unit, ''), 'nobody'))
  FROM answers a JOIN differing d ON d.facts = a.facts AND d.edition = a.edition JOIN cases c ON c.id = a.case_id
