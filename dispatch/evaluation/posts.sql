-- What persons of one post (`post`) did in the period [since, until): one row per person, case and figure.
-- Straight from the steps, each by its own instant, so that whoever acts on the case later changes nothing of it.
-- `key`: the person (by post: the post); empty where it was the system's or nobody's. A clock that was not set counts as kept.
-- Only what was recorded by `as_of` counts, also of what came of a step; facts added to since are given as they stood.
WITH zone AS (SELECT coalesce((SELECT document ->> 'time_zone' FROM city), 'UTC') AS name),
acted AS (
    SELECT s.case_id, s.seq, s.action, s.actor_id, s.from_state, s.data, (s.data #>> '{form,inspector}')::bigint AS sent_to
      FROM step s
     WHERE s.at >= %(since)s AND s.at < %(until)s AND s.recorded_at <= %(as_of)s::timestamptz
       AND s.action = ANY(CASE %(post)s::text
               WHEN 'inspector' THEN '{send_verify,send_check,file}'
               WHEN 'acceptor' THEN '{accept,confirm_handled,send_verify,send_check}'
               WHEN 'shift_leader' THEN '{file,close}'
               ELSE '{dispatch}' END::text[])
),
touched AS (  -- the cases that were acted on, were reported, or may wait in vain
    SELECT case_id FROM acted
    UNION
    SELECT case_id FROM fact
     WHERE %(post)s IN ('inspector', 'acceptor') AND reported_at >= %(since)s AND reported_at < %(until)s
    UNION
    SELECT case_id FROM fact
     WHERE %(post)s = 'acceptor' AND disposed_at >= %(since)s AND disposed_at < %(until)s
),
standing AS MATERIALIZED (
    SELECT f.* FROM touched t JOIN fact f USING (case_id) WHERE f.known_at <= %(as_of)s::timestamptz
    UNION ALL
    SELECT * FROM unnest(%(past)s::fact[])
),
did AS (
    -- ------------------------------------------------------------------------------------------------ inspector
    SELECT f.reporter_id AS person, f.case_id,  -- his own reports, those handled on the spot apart
           ARRAY['report', 'own_report', CASE WHEN f.filed_at < %(until)s THEN 'valid_report' END,
                 CASE WHEN f.refused_at < %(until)s THEN 'refused_report' END] AS figures
      FROM standing f
     WHERE %(post)s = 'inspector' AND f.reported_at >= %(since)s AND f.reported_at < %(until)s
       AND f.source = 'inspector' AND NOT f.public AND NOT f.self_handled
    UNION ALL  -- filed: what he reported and what he should have, the public's reports in his duty grids
    SELECT f.reporter_id, f.case_id, ARRAY['filed']
      FROM acted a JOIN standing f USING (case_id)
     WHERE %(post)s = 'inspector' AND a.action = 'file' AND f.source = 'inspector' AND NOT f.public
    UNION ALL
    SELECT g.person_id, f.case_id, ARRAY['filed', 'missed', 'public_report_verified']
      FROM acted a JOIN standing f USING (case_id) JOIN cases c ON c.id = a.case_id
      CROSS JOIN LATERAL (SELECT (f.reported_at AT TIME ZONE zone.name)::date AS day FROM zone) r
      LEFT JOIN person_duty_grid g ON g.valid_from <= r.day AND (g.valid_to IS NULL OR g.valid_to > r.day)
           AND g.duty_grid = CASE  -- of where it lay then, if it was put elsewhere since
           WHEN c.area_id IS NOT DISTINCT FROM f.area_id THEN c.duty_grid
           ELSE (SELECT d.duty_grid FROM area h JOIN duty_grid_area d ON d.grid = h.code
                  WHERE h.id = f.area_id AND d.valid_from <= r.day AND (d.valid_to IS NULL OR d.valid_to > r.day)) END
     WHERE %(post)s = 'inspector' AND a.action = 'file' AND f.public
    UNION ALL  -- a task counts by when it was sent; done is the first step that ends it
    SELECT a.sent_to, a.case_id,
           ARRAY['need_verify', CASE WHEN d.action = 'verify' THEN 'verify' END,
                 CASE WHEN d.action = 'verify' AND d.data #> '{ontime,verify}' IS DISTINCT FROM 'false' THEN 'ontime_verify' END]
      FROM acted a
      LEFT JOIN LATERAL (SELECT s.action, s.data FROM step s WHERE s.case_id = a.case_id AND s.seq > a.seq AND s.at < %(until)s
                            AND s.recorded_at <= %(as_of)s::timestamptz
                            AND s.action = ANY('{verify,send_verify}') ORDER BY s.seq LIMIT 1) AS d ON true
     WHERE %(post)s = 'inspector' AND a.action = 'send_verify'
    UNION ALL
    SELECT a.sent_to, a.case_id,
           ARRAY['need_check', CASE WHEN d.action IN ('check_pass', 'check_fail') THEN 'check' END,
                 CASE WHEN d.action IN ('check_pass', 'check_fail') AND d.data #> '{ontime,check}' IS DISTINCT FROM 'false'
                      THEN 'ontime_check' END]
      FROM acted a
      LEFT JOIN LATERAL (SELECT s.action, s.data FROM step s WHERE s.case_id = a.case_id AND s.seq > a.seq AND s.at < %(until)s
                            AND s.recorded_at <= %(as_of)s::timestamptz
                            AND s.action = ANY('{check_pass,check_fail,send_check}') ORDER BY s.seq LIMIT 1) AS d ON true
     WHERE %(post)s = 'inspector' AND a.action = 'send_check'
    -- ------------------------------------------------------------------------------------------------- acceptor
    UNION ALL
    SELECT a.actor_id, a.case_id,
           CASE a.action
               WHEN 'send_verify' THEN ARRAY['need_send_verify',
                   CASE WHEN a.data #> '{ontime,accept}' IS DISTINCT FROM 'false' THEN 'ontime_send_verify' END]
               WHEN 'send_check' THEN ARRAY['need_send_check',
                   CASE WHEN a.data #> '{ontime,send_check}' IS DISTINCT FROM 'false' THEN 'ontime_send_check' END]
               ELSE ARRAY['accepted',
                   CASE WHEN a.data #> '{ontime,accept}' IS DISTINCT FROM 'false' THEN 'ontime_accepted' END] END
      FROM acted a WHERE %(post)s = 'acceptor' AND a.from_state NOT IN ('verifying', 'checking')  -- not what was sent again
    UNION ALL  -- not sent, and past its time at the cut: whoever accepted the case; before that, nobody yet
    SELECT f.acceptor_id, f.case_id, ARRAY[CASE WHEN f.state = 'check_pending' THEN 'need_send_check' ELSE 'need_send_verify' END]
      FROM standing f
     WHERE %(post)s = 'acceptor' AND f.stage_due_at < %(until)s
       AND ((f.state = 'check_pending' AND f.disposed_at >= %(since)s)
         OR (f.state = 'reported' AND f.public AND f.verifier_id IS NULL AND f.reported_at >= %(since)s))
    -- --------------------------------------------------------------------------------------------- shift leader
    UNION ALL
    SELECT a.actor_id, a.case_id,
           ARRAY['filed', CASE WHEN a.data #> '{ontime,file}' IS DISTINCT FROM 'false' THEN 'ontime_filed' END,
                 CASE WHEN NOT EXISTS (SELECT FROM step v WHERE v.case_id = a.case_id AND v.seq > a.seq AND v.action = 'void'
                                     AND v.recorded_at <= %(as_of)s::timestamptz)
                      THEN 'accurate_filed' END]
      FROM acted a WHERE %(post)s = 'shift_leader' AND a.action = 'file'
    UNION ALL
    SELECT a.actor_id, a.case_id,
           ARRAY['closed', CASE WHEN a.data #> '{ontime,close}' IS DISTINCT FROM 'false' THEN 'ontime_closed' END]
      FROM acted a WHERE %(post)s = 'shift_leader' AND a.action = 'close'
    -- ----------------------------------------------------------------------------------------------- dispatcher
    UNION ALL  -- wrong: the unit gave it back, and was right to
    SELECT a.actor_id, a.case_id,
           ARRAY['need_dispatch', 'dispatched',
                 CASE WHEN a.data #> '{ontime,dispatch}' IS DISTINCT FROM 'false' THEN 'ontime_dispatched' END,
                 CASE WHEN coalesce(n.action, 'dispatch') = 'dispatch' THEN 'accurate_dispatched' END]
      FROM acted a
      LEFT JOIN LATERAL (SELECT s.action FROM step s WHERE s.case_id = a.case_id AND s.seq > a.seq
                            AND s.recorded_at <= %(as_of)s::timestamptz
                            AND s.action = ANY('{approve_return,rule_other,dispatch}') ORDER BY s.seq LIMIT 1) AS n ON true
     WHERE %(post)s = 'dispatcher'
)
SELECT CASE WHEN %(by)s::text = 'post' THEN %(post)s ELSE d.person::text END AS key, d.case_id, figure
  FROM did d JOIN standing f ON f.case_id = d.case_id CROSS JOIN LATERAL unnest(d.figures) AS figure
 WHERE figure IS NOT NULL
   AND (%(class_code)s::text IS NULL OR f.class_code = %(class_code)s)
   AND (%(channel)s::text IS NULL OR f.source = %(channel)s)
   AND (%(top_area)s::bigint IS NULL OR f.top_area_id = %(top_area)s)
   AND (%(area_class)s::int IS NULL OR f.area_class = %(area_class)s)
