-- The triple of a finished month [since, until) by unit, from the steps that were recorded by its end, and from them alone.
WITH heard AS (
  SELECT * FROM step WHERE recorded_at <= %(until)s OR (action = 'import' AND case_id IN
                          (SELECT id FROM cases WHERE reported_at <= %(until)s))),
said AS (
  SELECT case_id,
         max(seq) AS last,
         max(seq) FILTER (WHERE data ? 'dispose_due' OR action IN ('approve_return', 'rule_other', 'reopen')) AS due_told,
         max(seq) FILTER (WHERE action IN ('reply', 'reply_for')) AS replied,
         max(at) FILTER (WHERE action IN ('reply', 'reply_for')) AS replied_at,
         max(seq) FILTER (WHERE action IN ('dispatch', 'approve_return', 'rule_other', 'reject_reply', 'check_fail', 'reopen')
                             OR (action = 'amend' AND from_state <> 'filed' AND to_state = 'filed')) AS undone,
         max(seq) FILTER (WHERE action = 'close') AS closed,
         max(at) FILTER (WHERE action = 'close') AS closed_at,
         max(seq) FILTER (WHERE action = 'force_close') AS forced,
         max(seq) FILTER (WHERE action = 'reopen') AS reopened,
         max(seq) FILTER (WHERE action = 'void') AS voided,
         max(seq) FILTER (WHERE action = 'file') AS filed,
         max(seq) FILTER (WHERE action = 'approve_suspend') AS suspended,
         max(seq) FILTER (WHERE action = 'resume' OR (action = 'amend' AND to_state = 'filed' AND from_state <> 'filed')) AS woken,
         bool_or(action IN ('grant_appeal', 'confirm_handled')) AS apart
    FROM heard GROUP BY case_id),
stood AS (
  SELECT l.unit_id,
         CASE WHEN s.due_told IS NOT NULL THEN (d.data ->> 'dispose_due')::timestamptz
              ELSE (k.known ->> 'due_at')::timestamptz END AS due,
         coalesce(CASE WHEN s.replied > coalesce(s.undone, 0) THEN s.replied_at
                       WHEN s.undone IS NULL THEN (k.known ->> 'disposed_at')::timestamptz END,
                  CASE WHEN s.closed > coalesce(s.reopened, 0) THEN s.closed_at
                       WHEN s.reopened IS NULL THEN (k.known ->> 'closed_at')::timestamptz END) AS done,
         NOT s.apart
             AND NOT EXISTS (SELECT FROM ledger_entry e JOIN ledger_decision a ON a.entry_id = e.id
                              WHERE e.case_id = s.case_id AND a.decision = 'agreed' AND a.decided_at <= %(until)s)
             AND NOT coalesce(s.forced > coalesce(s.reopened, 0), false)
             AND NOT coalesce(s.voided > coalesce(s.filed, 0), false)
             AND NOT coalesce(s.suspended > coalesce(s.woken, 0), false) AS counts
    FROM said s
    JOIN step l ON l.case_id = s.case_id AND l.seq = s.last
    LEFT JOIN step d ON d.case_id = s.case_id AND d.seq = s.due_told
    LEFT JOIN LATERAL (SELECT i.data -> 'known' AS known FROM step i
                        WHERE i.case_id = s.case_id AND i.seq = 1 AND i.action = 'import') AS k ON true),
judged AS (
  SELECT unit_id, due, CASE WHEN done < %(until)s THEN done END AS done FROM stood
   WHERE counts AND due < %(until)s AND (due >= %(since)s OR done IS NULL OR done >= %(since)s))
SELECT unit_id,
       count(*) FILTER (WHERE done <= due)::int AS ontime,
       count(*) FILTER (WHERE done > due)::int AS late,
       count(*) FILTER (WHERE done IS NULL)::int AS open_late
  FROM judged GROUP BY unit_id
