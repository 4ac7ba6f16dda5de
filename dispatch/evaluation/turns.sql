-- Cases that were given back or opened again in [since, until), as far as it was recorded by `as_of`: by the steps' own
-- instants, whenever the case was filed or closed. Index: step_turns.
SELECT case_id,
       bool_or(action IN ('approve_return', 'rule_other')) AS returned,
       bool_or(action = 'reopen') AS reopened
  FROM step
 WHERE action IN ('approve_return', 'rule_other', 'reopen')
   AND at >= %(since)s AND at < %(until)s AND recorded_at <= %(as_of)s::timestamptz
 GROUP BY case_id
