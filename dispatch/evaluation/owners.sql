-- Who really did what where: closed cases whose reply passed its check, in [since, until) by when they were closed. One
-- row per category, finest area but one, road class, component's owner and unit. Index: fact_closed.
-- Places are named by code and units by id, so neither a grid cut anew nor a unit renamed is another one.
-- `facts`: what the routing saw of the last of them; `numbers`: the last five; `returned`: first sent to somebody else.
WITH done AS (
    SELECT c.category, c.route -> 'facts' AS facts, c.unit_id AS unit, c.number, c.returns, f.closed_at,
           coalesce(c.route #>> '{facts,areas,-2}', c.route #>> '{facts,areas,-1}') AS area
      FROM fact f JOIN cases c ON c.id = f.case_id
     WHERE f.closed_at >= %(since)s AND f.closed_at < %(until)s AND f.checked_at IS NOT NULL
       AND c.state = 'closed' AND c.unit_id IS NOT NULL AND c.category IS NOT NULL
)
SELECT category, area, coalesce(facts ->> 'road', 'none') AS road, facts ->> 'owner' AS owner, unit,
       count(*)::int AS cases, (count(*) FILTER (WHERE returns > 0))::int AS returned, max(closed_at) AS last,
       (array_agg(number ORDER BY closed_at DESC, number))[1:5] AS numbers,
       (array_agg(facts ORDER BY closed_at DESC, number))[1] AS facts
  FROM done WHERE area IS NOT NULL
 GROUP BY 1, 2, 3, 4, 5
 ORDER BY cases DESC, category, area, road, owner NULLS FIRST, unit
