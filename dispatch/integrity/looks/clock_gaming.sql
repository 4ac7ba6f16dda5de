-- Clock gaming, by unit or by person: cases due in the period (a person's: those he acted on for his unit), and those something
-- was asked for in it; a trace is a case for which more time, a rest or a return was asked in the last minutes before the
-- deadline, or whose return was asked for and refused.
-- Indexes: fact_due, step_returns, step_at.
WITH asked AS MATERIALIZED (
    SELECT s.case_id AS id, s.seq, s.unit_id AS unit, s.actor_id AS actor, s.action, s.at
      FROM step s
     WHERE s.at >= %(since)s AND s.at < %(until)s AND s.unit_id IS NOT NULL
       AND s.action IN ('ask_delay', 'ask_defer', 'ask_suspend', 'ask_return', 'ask_ruling')
), found AS MATERIALIZED (
    SELECT a.id, a.unit, a.actor FROM asked a
     CROSS JOIN LATERAL (SELECT (d.data ->> 'dispose_due')::timestamptz AS due FROM step d
                          WHERE d.case_id = a.id AND d.seq < a.seq AND d.data ? 'dispose_due'
                          ORDER BY d.seq DESC LIMIT 1) l
     WHERE a.at <= l.due AND a.at >= l.due - %(last_minutes)s * interval '1 minute'
    UNION
    SELECT a.id, a.unit, a.actor FROM asked a
     WHERE a.action IN ('ask_return', 'ask_ruling')
       AND EXISTS (SELECT FROM step r WHERE r.case_id = a.id AND r.seq > a.seq AND r.unit_id = a.unit
                      AND (r.action = 'refuse_return' OR r.action = 'rule_stay' AND NOT r.data ? 'default'))
), trace AS (
    SELECT DISTINCT f.id, CASE WHEN %(person)s THEN p.login ELSE f.unit END AS subject
      FROM found f LEFT JOIN person p ON p.id = f.actor
), {looked}
SELECT l.subject, count(*)::int AS looked, count(t.id)::int AS traces,
       coalesce(array_agg(t.id ORDER BY t.id) FILTER (WHERE t.id IS NOT NULL), '{}') AS cases, NULL::numeric AS expected
  FROM looked l LEFT JOIN trace t USING (id, subject)
 GROUP BY l.subject
