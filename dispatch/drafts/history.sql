-- The cases reported in [since, until) that were routed, as cells: what no rule can tell apart is one row.
-- Returns facts (as a routing keeps them, the component's own code left out), unit, cases, judged, ontime, sample.
-- index: cases_reported; the facts row is found by its key.
SELECT routed.facts, routed.unit, count(*)::int AS cases, count(routed.ontime)::int AS judged,
       count(*) FILTER (WHERE routed.ontime)::int AS ontime, max(routed.number) AS sample
  FROM (SELECT (c.route -> 'facts') - 'component' AS facts, f.unit_id AS unit, f.ontime, c.number
          FROM cases c JOIN fact f ON f.case_id = c.id
         WHERE c.reported_at >= %(since)s AND c.reported_at < %(until)s AND c.route ? 'facts') routed
 GROUP BY routed.facts, routed.unit
