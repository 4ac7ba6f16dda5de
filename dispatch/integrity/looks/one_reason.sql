-- Always the same reason, by unit or by person: what was asked for most in the period (more time, a rest, or a return); a trace is
-- an ask for the reason given most, where nearly all are for it. Expected is the part it has where all others ask for the same.
-- Indexes: step_at, step_returns, step_respites.
WITH asked AS MATERIALIZED (
    SELECT s.case_id AS id, s.action, s.data #>> '{form,reason}' AS reason,
           CASE WHEN %(person)s THEN p.login ELSE s.unit_id END AS subject
      FROM step s LEFT JOIN person p ON p.id = s.actor_id
     WHERE s.at >= %(since)s AND s.at < %(until)s
       AND s.action IN ('ask_delay', 'ask_defer', 'ask_suspend', 'ask_return', 'ask_ruling')
), given AS (
    SELECT subject, count(*) AS times, array_agg(DISTINCT id ORDER BY id) AS cases,
           sum(count(*)) OVER (PARTITION BY subject, action) AS asks,
           sum(count(*)) OVER (PARTITION BY action, reason) AS by_all, sum(count(*)) OVER (PARTITION BY action) AS all_asks,
           row_number() OVER (PARTITION BY subject ORDER BY count(*) DESC, action, reason) AS rank
      FROM asked WHERE subject IS NOT NULL GROUP BY subject, action, reason
), usual AS (
    SELECT *, times >= %(same)s * asks AS same FROM given WHERE rank = 1
)
SELECT subject, asks::int AS looked, CASE WHEN same THEN cardinality(cases) ELSE 0 END AS traces,
       CASE WHEN same THEN cases ELSE '{}' END AS cases,
       CASE WHEN all_asks > asks THEN (by_all - times) * asks / (all_asks - asks) END AS expected
  FROM usual
