-- Asks far above its peers, by unit or by person: cases due in the period (a person's: those he acted on for his unit); a trace is
-- one for which more time or a rest was asked. Expected is the share of all others of its ranking group.
-- Indexes: fact_due, step_respites, step_at.
WITH trace AS MATERIALIZED (
    SELECT DISTINCT s.case_id AS id, CASE WHEN %(person)s THEN p.login ELSE s.unit_id END AS subject
      FROM step s LEFT JOIN person p ON p.id = s.actor_id
     WHERE s.at >= %(since)s AND s.at < %(until)s
       AND s.action IN ('ask_delay', 'ask_defer', 'ask_suspend') AND s.unit_id IS NOT NULL
), {looked}, seen AS (
    SELECT l.subject, u.ranking_group AS peers, count(*) AS looked, count(t.id) AS traces,
           coalesce(array_agg(t.id ORDER BY t.id) FILTER (WHERE t.id IS NOT NULL), '{}') AS cases
      FROM looked l
      LEFT JOIN trace t USING (id, subject)
      LEFT JOIN person p ON p.login = l.subject AND %(person)s
      LEFT JOIN units_on(city_day(%(now)s)) u ON u.unit_id = coalesce(p.unit_id, l.subject)
     GROUP BY l.subject, u.ranking_group
)
SELECT subject, looked::int AS looked, traces::int AS traces, cases,
       CASE WHEN sum(looked) OVER peer > looked
            THEN (sum(traces) OVER peer - traces) * looked / (sum(looked) OVER peer - looked) END AS expected
  FROM seen WINDOW peer AS (PARTITION BY peers)
