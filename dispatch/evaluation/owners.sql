-- Who really did what where: closed cases whose reply passed its check, in [since, until) by when they were closed, and
-- what a referee ruled in that time, whatever became of the case. One row per category, finest area but one, road class,
-- component's owner and unit; a case that was ruled and closed is one. Indexes: fact_closed, the key of precedent.
-- Places are named by code and units by id, so neither a grid cut anew nor a unit renamed is another one.
-- `facts`: what the routing saw of the last of them; `numbers`: the last five; `returned`: first sent to somebody else.
WITH closed AS (
    SELECT c.id, c.category, c.route -> 'facts' AS facts, c.unit_id AS unit, c.number, c.returns, f.closed_at AS at,
           EXISTS (SELECT FROM precedent p WHERE p.case_id = c.id AND p.unit_id = c.unit_id) AS ruled
      FROM fact f JOIN cases c ON c.id = f.case_id
     WHERE f.closed_at >= %(since)s AND f.closed_at < %(until)s AND f.checked_at IS NOT NULL
       AND c.state = 'closed' AND c.unit_id IS NOT NULL AND c.category IS NOT NULL
), ruled AS (
    SELECT c.id, p.category, p.facts, p.unit_id AS unit, c.number, c.returns, p.ruled_at AS at
      FROM precedent p JOIN cases c ON c.id = p.case_id
     WHERE p.ruled_at >= %(since)s AND p.ruled_at < %(until)s
       AND NOT EXISTS (SELECT FROM closed d WHERE d.id = p.case_id AND d.unit = p.unit_id)
), done AS (
    SELECT category, facts, unit, number, returns, at, true AS closed, ruled FROM closed
    UNION ALL
    SELECT category, facts, unit, number, returns, at, false, true FROM ruled
)
SELECT category, coalesce(facts #>> '{areas,-2}', facts #>> '{areas,-1}') AS area,
       coalesce(facts ->> 'road', 'none') AS road, facts ->> 'owner' AS owner, unit,
       (count(*) FILTER (WHERE closed))::int AS cases, (count(*) FILTER (WHERE ruled))::int AS rulings,
       (count(*) FILTER (WHERE closed AND returns > 0))::int AS returned, max(at) AS last,
       (array_agg(number ORDER BY at DESC, number))[1:5] AS numbers,
       (array_agg(facts ORDER BY at DESC, number))[1] AS facts
  FROM done WHERE facts #>> '{areas,-1}' IS NOT NULL
 GROUP BY 1, 2, 3, 4, 5
 ORDER BY cases DESC, rulings DESC, category, area, road, owner NULLS FIRST, unit
