-- Always the same reason, by unit or by person: what was asked for in the period (more time, a rest, or a return). A trace is an ask
-- for the reason that nearly all asks of its kind are for (of three at least: two alike are chance), and that others do not usually
-- give for the like. Expected is the part it has where all others ask for the same, over all kinds that have such a reason.
-- Indexes: step_at, step_returns, step_respites.
WITH asked AS MATERIALIZED (
    SELECT s.case_id AS id, s.action, s.data #>> '{form,reason}' AS reason,
           CASE WHEN %(person)s THEN p.login ELSE s.unit_id END AS subject
      FROM step s LEFT JOIN person p ON p.id = s.actor_id
     WHERE s.at >= %(since)s AND s.at < %(until)s
       AND s.action IN ('ask_delay', 'ask_defer', 'ask_suspend', 'ask_return', 'ask_ruling')
), given AS (
    SELECT subject, action, reason, count(*) AS times, sum(count(*)) OVER (PARTITION BY subject, action) AS asks,
           sum(count(*)) OVER (PARTITION BY action, reason) AS by_all, sum(count(*)) OVER (PARTITION BY action) AS all_asks
      FROM asked WHERE subject IS NOT NULL GROUP BY subject, action, reason
), usual AS (
    SELECT DISTINCT ON (subject, action) *, (by_all - times) * asks / nullif(all_asks - asks, 0) AS expected
      FROM given WHERE asks >= 3 AND times >= %(same)s * asks
     ORDER BY subject, action, times DESC, reason
), alike AS (
    SELECT * FROM usual WHERE times >= %(times)s * expected  -- not where nobody else asks for the like
)
SELECT a.subject, count(*)::int AS looked, count(DISTINCT a.id) FILTER (WHERE l.asks > 0)::int AS traces,
       coalesce(array_agg(DISTINCT a.id ORDER BY a.id) FILTER (WHERE l.asks > 0), '{}') AS cases,
       (SELECT coalesce(sum(expected), 0) FROM alike e WHERE e.subject = a.subject) AS expected
  FROM asked a LEFT JOIN alike l ON l.subject = a.subject AND l.action = a.action AND l.reason = a.reason
 WHERE a.subject IS NOT NULL
 GROUP BY a.subject
