-- Self-dealing, by inspector and unit: cases closed in the period whose last check was this inspector's, of all that the
-- unit had closed. Expected is what he checks of other units' work in the same duty grids: whoever walks where a unit
-- works meets it often, and honestly. Where no other unit had anything checked, there is nothing to compare with.
-- Index: fact_closed.
WITH checked AS MATERIALIZED (
    SELECT f.case_id AS id, f.unit_id AS unit, f.checker_id AS person, coalesce(c.duty_grid, '') AS grid
      FROM fact f JOIN cases c ON c.id = f.case_id
     WHERE f.closed_at >= %(since)s AND f.closed_at < %(until)s
       AND f.checker_id IS NOT NULL AND f.unit_id IS NOT NULL
), of_grid AS (
    SELECT grid, count(*) AS n FROM checked GROUP BY grid
), of_unit AS (
    SELECT unit, grid, count(*) AS n FROM checked GROUP BY unit, grid
), of_person AS (
    SELECT person, grid, count(*) AS n FROM checked GROUP BY person, grid
), of_pair AS (
    SELECT person, unit, grid, count(*) AS n FROM checked GROUP BY person, unit, grid
), pair AS (
    SELECT DISTINCT person, unit FROM of_pair
), expected AS (
    SELECT p.person, p.unit, sum(u.n) AS looked, sum(coalesce(b.n, 0)) AS traces,
           sum(u.n * (coalesce(i.n, 0) - coalesce(b.n, 0))::numeric / (g.n - u.n)) AS expected
      FROM pair p JOIN of_unit u ON u.unit = p.unit JOIN of_grid g ON g.grid = u.grid AND g.n > u.n
      LEFT JOIN of_person i ON i.person = p.person AND i.grid = u.grid
      LEFT JOIN of_pair b ON b.person = p.person AND b.unit = p.unit AND b.grid = u.grid
     GROUP BY p.person, p.unit
)
SELECT w.login || '|' || e.unit AS subject, e.looked::int, e.traces::int, e.expected,
       ARRAY(SELECT c.id FROM checked c WHERE c.person = e.person AND c.unit = e.unit ORDER BY c.id) AS cases
  FROM expected e JOIN person w ON w.id = e.person
 WHERE e.traces >= %(least)s AND e.traces >= %(times)s * e.expected
