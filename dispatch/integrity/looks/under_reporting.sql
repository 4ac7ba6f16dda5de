-- Quiet under-reporting, by duty grid: minutes walked in it in the period, and how many finds inspectors reported there.
-- The evidence are the matters that the public had to report instead, filed, in the same grid. Index: cases_reported.
WITH patrol AS (
    SELECT duty_grid AS grid,
           (sum(extract(epoch FROM coalesce(ended_at, least(started_at + interval '8 hours', %(now)s)) - started_at))
            / 60)::int AS minutes
      FROM shift WHERE started_at >= %(since)s AND started_at < %(until)s AND duty_grid IS NOT NULL GROUP BY duty_grid
), here AS (
    SELECT c.duty_grid AS grid, c.id, c.source = 'inspector' AS found, c.public AND f.filed_at IS NOT NULL AS missed
      FROM cases c JOIN fact f ON f.case_id = c.id
     WHERE c.reported_at >= %(since)s AND c.reported_at < %(until)s AND c.duty_grid IS NOT NULL
)
SELECT o.grid AS subject, o.minutes AS looked, (count(*) FILTER (WHERE h.found))::int AS traces,
       coalesce(array_agg(h.id ORDER BY h.id) FILTER (WHERE h.missed), '{}') AS cases, NULL::numeric AS expected
  FROM patrol o LEFT JOIN here h ON h.grid = o.grid
 WHERE o.minutes > 0
 GROUP BY o.grid, o.minutes
