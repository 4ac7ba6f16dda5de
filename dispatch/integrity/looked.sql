-- What is looked at of units, or of persons: a unit's cases due in the period, a person's those he acted on for it; and whatever
-- has a trace. Read behind `trace (id, subject)`. Indexes: fact_due, step_at.
looked AS (
    SELECT case_id AS id, unit_id AS subject FROM fact
     WHERE due_at >= %(since)s AND due_at < %(until)s AND unit_id IS NOT NULL AND NOT %(person)s
    UNION
    SELECT s.case_id, p.login FROM step s JOIN person p ON p.id = s.actor_id
     WHERE s.at >= %(since)s AND s.at < %(until)s AND s.role IN ('department', 'platform') AND %(person)s
    UNION
    SELECT id, subject FROM trace WHERE subject IS NOT NULL
)
