-- The fact of a case is what its steps say, counted here anew; every case stands in one cell of every table.
WITH spell AS (  -- the last dispatch to another unit than the case was taken from: what that one did is not this one's
  SELECT d.case_id, max(d.seq) AS began
    FROM step d
   CROSS JOIN LATERAL (SELECT r.data ->> 'returned_from' AS unit FROM step r
                        WHERE r.case_id = d.case_id AND r.seq < d.seq AND r.data ? 'returned_from'
                        ORDER BY r.seq DESC LIMIT 1) AS before
   WHERE d.action = 'dispatch' AND before.unit IS DISTINCT FROM d.unit_id
   GROUP BY d.case_id),
said AS (
  SELECT case_id,
         max(at) FILTER (WHERE action IN ('accept', 'confirm_handled')) AS accepted_at,
         max(at) FILTER (WHERE action = 'file') AS filed_at,
         max(at) FILTER (WHERE action = 'dispatch') AS dispatched_at,
         max(seq) FILTER (WHERE action = 'dispatch') AS dispatched,
         max(at) FILTER (WHERE action IN ('sign', 'sign_for', 'ask_defer')) AS signed_at,
         max(seq) FILTER (WHERE action IN ('sign', 'sign_for', 'ask_defer')) AS signed,
         max(at) FILTER (WHERE action = 'answer_citizen') AS answered_at,
         max(seq) FILTER (WHERE action = 'answer_citizen') AS answered,
         max(seq) FILTER (WHERE action = 'answer_citizen' AND data #> '{ontime,reply_citizen}' IS NOT NULL) AS judged,
         max(seq) FILTER (WHERE action IN ('close', 'force_close', 'refuse')) AS waits,
         max(at) FILTER (WHERE action IN ('reply', 'reply_for')) AS replied_at,
         min(at) FILTER (WHERE action IN ('reply', 'reply_for')) AS first_reply_at,
         max(seq) FILTER (WHERE action IN ('reply', 'reply_for')) AS replied,
         max(seq) FILTER (WHERE action IN ('dispatch', 'approve_return', 'rule_other', 'reject_reply', 'check_fail', 'reopen')
                             OR (action = 'amend' AND from_state <> 'filed' AND to_state = 'filed')) AS undone,
         max(at) FILTER (WHERE action IN ('close', 'force_close', 'confirm_handled')) AS closed_at,
         max(seq) FILTER (WHERE action IN ('close', 'force_close', 'confirm_handled')) AS closed,
         max(seq) FILTER (WHERE action = 'reopen') AS reopened,
         max(seq) FILTER (WHERE action = 'force_close') AS forced,
         count(*) FILTER (WHERE action IN ('approve_return', 'rule_other')) AS returns,
         count(*) FILTER (WHERE (action = 'refuse_return' OR (action = 'rule_stay' AND NOT data ? 'default')) AND seq > coalesce(began, 0)) AS shirks,
         count(*) FILTER (WHERE action = 'approve_delay' AND seq > coalesce(began, 0)) AS extensions,
         count(*) FILTER (WHERE action = 'approve_suspend' AND seq > coalesce(began, 0)) AS suspensions,
         count(*) FILTER (WHERE action = 'check_fail' AND seq > coalesce(began, 0)) AS reworks,
         count(*) FILTER (WHERE action = 'reopen') AS reopens,
         coalesce(bool_or(action = 'grant_appeal'), false) AS exempt,
         max(seq) FILTER (WHERE data ? 'dispose_due' OR action IN ('approve_return', 'rule_other', 'reopen')) AS due_told,
         max(seq) AS last
    FROM step LEFT JOIN spell USING (case_id) GROUP BY case_id),
folded AS (
  SELECT s.*, l.to_state AS state, l.unit_id,
         CASE WHEN s.due_told IS NOT NULL THEN (d.data ->> 'dispose_due')::timestamptz ELSE (k.known ->> 'due_at')::timestamptz END AS due_at,
         CASE WHEN s.replied > coalesce(s.undone, 0) THEN s.replied_at
              WHEN s.undone IS NULL THEN (k.known ->> 'disposed_at')::timestamptz END AS disposed_at,
         CASE WHEN s.replied > coalesce(s.undone, 0) THEN (r.data #>> '{ontime,dispose}')::boolean
              WHEN s.undone IS NULL THEN (k.met)::boolean END AS ontime,
         CASE WHEN s.closed > coalesce(s.reopened, 0) THEN s.closed_at
              WHEN s.reopened IS NULL THEN (k.known ->> 'closed_at')::timestamptz END AS ended_at,
         CASE WHEN s.answered > coalesce(s.waits, 0) THEN s.answered_at END AS told_at,
         CASE WHEN s.judged > coalesce(s.waits, 0) THEN (a.data #>> '{ontime,reply_citizen}')::boolean END AS ontime_answer,
         CASE WHEN s.signed > coalesce(s.dispatched, 0) THEN (g.data #>> '{ontime,sign}')::boolean END AS ontime_sign,
         k.known
    FROM said s
    LEFT JOIN step a ON a.case_id = s.case_id AND a.seq = s.judged
    LEFT JOIN step g ON g.case_id = s.case_id AND g.seq = s.signed
    JOIN step l ON l.case_id = s.case_id AND l.seq = s.last
    LEFT JOIN step d ON d.case_id = s.case_id AND d.seq = s.due_told
    LEFT JOIN step r ON r.case_id = s.case_id AND r.seq = s.replied
    LEFT JOIN LATERAL (SELECT i.data -> 'known' AS known, i.data ->> 'met' AS met FROM step i
                        WHERE i.case_id = s.case_id AND i.seq = 1 AND i.action = 'import') AS k ON true),
compared AS (
  SELECT c.number,
         concat_ws(', ',
           CASE WHEN f.state <> s.state THEN 'state' END,
           CASE WHEN f.unit_id IS DISTINCT FROM s.unit_id THEN 'unit' END,
           CASE WHEN f.category IS DISTINCT FROM c.category THEN 'category' END,
           CASE WHEN f.area_id IS DISTINCT FROM c.area_id THEN 'area' END,
           CASE WHEN f.reported_at <> c.reported_at THEN 'reported' END,
           CASE WHEN f.accepted_at IS DISTINCT FROM coalesce(s.accepted_at, (s.known ->> 'accepted_at')::timestamptz) THEN 'accepted' END,
           CASE WHEN f.filed_at IS DISTINCT FROM coalesce(s.filed_at, (s.known ->> 'filed_at')::timestamptz) THEN 'filed' END,
           CASE WHEN f.dispatched_at IS DISTINCT FROM coalesce(s.dispatched_at, (s.known ->> 'dispatched_at')::timestamptz) THEN 'dispatched' END,
           CASE WHEN f.signed_at IS DISTINCT FROM CASE WHEN s.signed > coalesce(s.dispatched, 0) THEN s.signed_at
                      WHEN s.dispatched IS NULL THEN (s.known ->> 'signed_at')::timestamptz END THEN 'signed' END,
           CASE WHEN f.ontime_sign IS DISTINCT FROM s.ontime_sign THEN 'signed on time' END,
           CASE WHEN (f.answered_at, f.ontime_answer) IS DISTINCT FROM (s.told_at, s.ontime_answer) THEN 'answered' END,
           CASE WHEN f.disposed_at IS DISTINCT FROM s.disposed_at THEN 'disposed' END,
           CASE WHEN f.first_reply_at IS DISTINCT FROM s.first_reply_at THEN 'first reply' END,
           CASE WHEN f.ontime IS DISTINCT FROM s.ontime THEN 'on time' END,
           CASE WHEN f.due_at IS DISTINCT FROM s.due_at THEN 'due' END,
           CASE WHEN f.closed_at IS DISTINCT FROM s.ended_at THEN 'closed' END,
           CASE WHEN f.forced <> (s.forced > coalesce(s.reopened, 0) AND s.forced IS NOT NULL) THEN 'forced' END,
           CASE WHEN f.exempt <> s.exempt THEN 'exempt' END,
           CASE WHEN (f.returns, f.shirks, f.extensions, f.suspensions, f.reworks, f.reopens)
                  IS DISTINCT FROM (s.returns, s.shirks, s.extensions, s.suspensions, s.reworks, s.reopens) THEN 'counts' END
         ) AS differs
    FROM folded s JOIN cases c ON c.id = s.case_id JOIN fact f ON f.case_id = s.case_id),
-- Last month's due cases, each in one unit's and one top area's cell.
due AS (
  SELECT f.case_id, f.unit_id, f.top_area_id, f.area_id
    FROM fact f
   WHERE f.due_at >= date_trunc('month', %(now)s::timestamptz AT TIME ZONE %(zone)s) AT TIME ZONE %(zone)s - interval '1 month'
     AND f.due_at < date_trunc('month', %(now)s::timestamptz AT TIME ZONE %(zone)s) AT TIME ZONE %(zone)s)
SELECT number, 'fact and steps differ in: ' || differs AS words FROM compared WHERE differs <> ''
UNION ALL
SELECT c.number, 'due last month in the cell of no unit' FROM due d JOIN cases c ON c.id = d.case_id
  LEFT JOIN unit u ON u.id = d.unit_id WHERE u.id IS NULL
UNION ALL
SELECT c.number, 'due last month in the cell of no top area, or of another than its grid''s'
  FROM due d JOIN cases c ON c.id = d.case_id JOIN area a ON a.id = d.area_id
 WHERE d.top_area_id IS DISTINCT FROM a.path[1]
UNION ALL
SELECT NULL, format('the sum over units and areas is %%s, the city''s total %%s', by_cell, total)
  FROM (SELECT (SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM due GROUP BY unit_id, top_area_id) AS cells) AS by_cell,
               (SELECT count(DISTINCT case_id) FROM due) AS total) AS sums
 WHERE by_cell <> total
