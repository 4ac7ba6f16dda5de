-- One row per case that has a part in the period [since, until): whose it is (`key`), and in which figures it counts.
-- A figure is the number of rows on which its column is true, so every figure opens to exactly its cases.
-- `until` is the period's end, or the instant that figures are as of if that comes first: a deadline still ahead is
-- nobody's duty yet. Only what was recorded by `as_of` counts: the facts added to since are given as they stood (`past`).
--
-- due:    the case was to be disposed of: its deadline lies in the period, or lay before and it was open at its start.
--         Without a limit, while suspended, voided, forced closed, exempt on appeal or left out by the ledger it is in no such figure.
-- cells:  new_ontime, new_late, new_open, carried_disposed, carried_open: in one period exactly one of them.
-- excluded: why a case is in none of these, in one word; counted beside them, never in them.
-- reports are counted by when they were reported, filing and dispatch by when filed, checks by the reply checked.
-- `returned`, `reopened`, `recurred`: the cases found by turns.sql and recurred.sql; the backlog is of the instant `then`.
WITH RECURSIVE
{whose},
part AS (  -- of all that was under way at some time in the period (fact_settled), or of these cases, what has a part in it
    SELECT f.*, coalesce(disposed_at, closed_at) AS done
      FROM (SELECT * FROM fact
             WHERE known_at <= %(as_of)s::timestamptz AND (%(cases)s::bigint[] IS NULL OR case_id = ANY(%(cases)s))
            UNION ALL
            SELECT * FROM unnest(%(past)s::fact[])) f
     WHERE (reported_at < %(until)s OR %(backlog)s) AND (settled_at >= %(since)s OR settled_at IS NULL)
       AND ((reported_at >= %(since)s AND reported_at < %(until)s)
         OR (filed_at >= %(since)s AND filed_at < %(until)s)
         OR (closed_at >= %(since)s AND closed_at < %(until)s)
         OR (due_at >= %(since)s AND due_at < %(until)s)
         OR (disposed_at >= %(since)s AND (disposed_at < %(until)s OR due_at < %(since)s))
         OR (disposed_at IS NULL AND due_at < %(since)s)
         OR case_id = ANY(%(returned)s::bigint[] || %(reopened)s::bigint[])
         OR (%(backlog)s AND state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')))
),
judged AS (
    SELECT p.*,
           reported_at >= %(since)s AND reported_at < %(until)s AS reported_here,
           coalesce(filed_at >= %(since)s AND filed_at < %(until)s, false) AS filed_here,
           coalesce(disposed_at >= %(since)s AND disposed_at < %(until)s, false) AS replied_here,
           reported_at >= %(since)s AND reported_at < %(until)s AND source = 'inspector' AND NOT public
               AND NOT self_handled AS own_report,
           state IN ('reported', 'check_pending')  -- its holder has not sent it on, and his own clock has run out
               AND coalesce(stage_due_at < %(until)s, false) AS late_here,
           CASE WHEN due_at IS NULL THEN 'no_limit'
                WHEN exempt THEN 'exempt'
                WHEN case_id = ANY(%(left_out)s::bigint[]) THEN 'left_out'
                WHEN forced THEN 'forced'
                WHEN self_handled THEN 'self_handled'
                WHEN voided_at < %(until)s THEN 'void'
                WHEN suspended_at < %(until)s THEN 'suspended' END AS excluded,
           %(backlog)s AND state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void') AS backlog,
           %(then)s::timestamptz - reported_at AS age,
           {campaign} AS campaign,
           due_at >= %(since)s AND due_at < %(until)s AS new_due,
           due_at < %(since)s AND (done IS NULL OR done >= %(since)s) AS carried,
           coalesce(done < %(until)s, false) AS done_by_then
      FROM part p
    OFFSET 0  -- a fence: each condition is worked out once a case, not once a figure (half the time)
),
celled AS (
    SELECT j.*,
           excluded IS NULL AND new_due AND done_by_then AND done <= due_at AS new_ontime,
           excluded IS NULL AND new_due AND done_by_then AND done > due_at AS new_late,
           excluded IS NULL AND new_due AND NOT done_by_then AS new_open,
           excluded IS NULL AND carried AND done_by_then AS carried_disposed,
           excluded IS NULL AND carried AND NOT done_by_then AS carried_open,
           coalesce(excluded IS NULL AND closed_at >= %(since)s AND closed_at < %(until)s, false) AS closed_here
      FROM judged j
    OFFSET 0
)
SELECT c.case_id,
       CASE %(by)s::text
           WHEN 'unit' THEN c.unit_id
           WHEN 'group' THEN seat.at
           WHEN 'area' THEN home.key
           WHEN 'area_class' THEN c.area_class::text
           WHEN 'kind' THEN split_part(c.class_code, ':', 1)
           WHEN 'class' THEN c.class_code
           WHEN 'category' THEN c.category
           WHEN 'source' THEN CASE WHEN c.public THEN 'public' WHEN c.source = 'inspector' THEN 'inspector' ELSE 'other' END
           WHEN 'channel' THEN c.source
           WHEN 'campaign' THEN c.campaign
           ELSE ''
       END AS key,
       c.class_code,
       c.area_class,
       date_part('quarter', c.due_at AT TIME ZONE 'UTC')::int AS season,  -- a few hours of it do not matter
       reported_here AS report,
       reported_here AND coalesce(accepted_at < %(until)s, false) AS accepted,
       own_report,
       own_report AND coalesce(filed_at < %(until)s, false) AS valid_report,
       reported_here AND self_handled AS self_handled,
       reported_here AND coalesce(voided_at < %(until)s, false) AS void,
       reported_here AND verifier_id IS NOT NULL AS need_verify,
       reported_here AND ontime_verify IS NOT NULL AS verify,
       reported_here AND ontime_verify IS TRUE AS ontime_verify,
       reported_here AND (ontime_send_verify IS NOT NULL OR (state = 'reported' AND public AND late_here))
           AS need_send_verify,
       reported_here AND ontime_send_verify IS TRUE AS ontime_send_verify,
       filed_here AS filed,
       filed_here AND public AS public_report_verified,
       filed_here AND public AS missed,
       filed_here AND ontime_file IS NOT FALSE AS ontime_filed,
       filed_here AND NOT void_after_filing AS accurate_filed,
       filed_here AND NOT void_after_filing AS need_dispatch,
       filed_here AND coalesce(dispatched_at < %(until)s, false) AS dispatched,
       filed_here AND coalesce(dispatched_at < %(until)s, false) AND ontime_dispatch IS NOT FALSE AS ontime_dispatched,
       filed_here AND coalesce(dispatched_at < %(until)s, false) AND returns = 0 AS accurate_dispatched,
       filed_here AND suspensions > 0 AS suspended,
       replied_here AND (ontime_send_check IS NOT NULL OR (state = 'check_pending' AND late_here)) AS need_send_check,
       replied_here AND ontime_send_check IS TRUE AS ontime_send_check,
       replied_here AND checker_id IS NOT NULL AS need_check,
       replied_here AND ontime_check IS NOT NULL AS "check",
       replied_here AND ontime_check IS TRUE AS ontime_check,
       new_ontime, new_late, new_open, carried_disposed, carried_open,
       new_ontime OR new_late OR new_open OR carried_disposed OR carried_open AS should_dispose,
       new_ontime OR new_late OR carried_disposed AS disposed,
       new_ontime AS ontime_disposed,
       new_late OR carried_disposed AS late_disposed,
       new_open OR carried_open AS overdue_open,
       closed_here OR new_open OR carried_open AS should_close,
       closed_here AS closed,
       closed_here AND done <= due_at AS ontime_closed,
       closed_here AND reworks > 0 AS rework,
       (closed_here OR new_open OR carried_open) AND extensions > 0 AS extended,
       (new_ontime OR new_late OR new_open OR carried_disposed OR carried_open) AND shirks > 0 AS shirk,
       c.case_id = ANY(%(returned)s::bigint[]) AS returned,
       c.case_id = ANY(%(reopened)s::bigint[]) AS reopened,
       filed_here AND c.case_id = ANY(%(recurred)s::bigint[]) AS recurred,
       backlog,
       backlog AND age < interval '1 day' AS backlog_day,
       backlog AND age >= interval '1 day' AND age < interval '3 days' AS backlog_3_days,
       backlog AND age >= interval '3 days' AND age < interval '7 days' AS backlog_week,
       backlog AND age >= interval '7 days' AND age < interval '30 days' AS backlog_month,
       backlog AND age >= interval '30 days' AS backlog_older,
       excluded, c.reported_at, c.dispatched_at, c.done, c.closed_at
  FROM celled c
  LEFT JOIN seat ON seat.unit_id = c.unit_id
  LEFT JOIN home ON home.area_id = c.area_id
 WHERE (%(class_code)s::text IS NULL OR c.class_code = %(class_code)s)
   AND (%(channel)s::text IS NULL OR c.source = %(channel)s)
   AND (%(units)s::text[] IS NULL OR c.unit_id = ANY(%(units)s))
   AND (%(campaign)s::text IS NULL OR coalesce(c.campaign, '') = %(campaign)s)
   AND (%(top_area)s::bigint IS NULL OR c.top_area_id = %(top_area)s)
   AND (%(area_class)s::int IS NULL OR c.area_class = %(area_class)s)
   AND (%(group)s::text IS NULL OR seat.at IS NOT NULL)
