-- Every dispatch rests on a route, or on a reason why not; the same facts under the same edition name the same unit.
WITH routed AS MATERIALIZED (
  SELECT case_id, seq, action, data #>> '{form,unit}' AS sent_to, data #>> '{form,reason}' AS reason,
         jsonb_typeof(data -> 'route') = 'object' AS decided, data #>> '{route,unit}' AS unit,
         CASE WHEN data #>> '{route,doubtful}' IS DISTINCT FROM 'place' THEN md5(data #>> '{route,facts}') END AS facts,
         data #>> '{route,edition}' AS edition
    FROM step WHERE data ? 'route' OR action = 'dispatch'),
ordered AS MATERIALIZED (
  SELECT *, max(seq) FILTER (WHERE decided) OVER (PARTITION BY case_id ORDER BY seq
                                                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS route_seq,
         max(seq) FILTER (WHERE decided) OVER (PARTITION BY case_id) AS last_route_seq
    FROM routed),
differing AS (
  SELECT facts, edition FROM routed WHERE decided AND facts IS NOT NULL
   GROUP BY facts, edition HAVING min(coalesce(unit, '')) <> max(coalesce(unit, '')))
SELECT c.number, 'dispatched without a stored route' AS words
  FROM cases c
 WHERE c.category IS NOT NULL AND c.geom IS NOT NULL AND jsonb_typeof(c.route) IS DISTINCT FROM 'object'
   AND c.id IN (SELECT case_id FROM ordered WHERE action = 'dispatch')
UNION ALL
SELECT c.number, format('step %%s sends it to %%s where the rule names %%s, without a reason', d.seq, d.sent_to, r.unit)
  FROM ordered d
  JOIN ordered r ON r.case_id = d.case_id AND r.seq = d.route_seq
  JOIN cases c ON c.id = d.case_id
 WHERE d.action = 'dispatch' AND r.unit <> d.sent_to AND coalesce(d.reason, '') = ''
UNION ALL
SELECT c.number, 'its route is not the last one its steps decided'
  FROM ordered o
  JOIN step s ON s.case_id = o.case_id AND s.seq = o.seq
  JOIN cases c ON c.id = o.case_id
 WHERE o.seq = o.last_route_seq
   -- Whether the dispatch followed it stands in the dispatch; an answered question leads to the unit of that answer.
   AND CASE WHEN c.route ? 'answered'
            THEN NOT s.data #> '{route,answers}'
                     @> jsonb_build_array(jsonb_build_object('key', c.route #>> '{answered,key}', 'unit', c.route_unit))
            ELSE (c.route - 'followed', c.route_unit) IS DISTINCT FROM (s.data -> 'route', o.unit) END
UNION ALL
SELECT c.number,
       format('its facts under edition %%s have another answer elsewhere than %%s', a.edition, coalesce(a.unit, 'nobody'))
  FROM ordered a JOIN differing d ON d.facts = a.facts AND d.edition = a.edition JOIN cases c ON c.id = a.case_id
 WHERE a.decided
