-- The life of the cases [first, last] in twelve steps, ended or not; what routing saw and the clocks did is left out of their data.
INSERT INTO step (case_id, seq, key, form_hash, action, from_state, to_state, at, recorded_at, actor_id, role, unit_id, data,
                  previous, hash)
SELECT f.case_id, s.no, gen_random_uuid(), '\x00', s.action, s.frm, s.dest, s.at, s.at, 1, 'acceptor',
       CASE WHEN s.no > 4 THEN f.unit_id END, s.data, decode(md5(f.case_id::text), 'hex'), decode(md5(s.no::text), 'hex')
  FROM fact f CROSS JOIN LATERAL (VALUES
       (1, 'report', NULL, 'reported', f.reported_at,
        jsonb_build_object('form', '{}'::jsonb, 'source', f.source, 'public', f.public, 'category', f.category,
                           'class_code', f.class_code, 'area_id', f.area_id, 'top_area_id', f.top_area_id,
                           'area_class', f.area_class)),
       (2, 'note', 'reported', 'reported', f.reported_at + interval '1 minute', '{"form": {}}'),
       (3, 'accept', 'reported', 'accepted', f.accepted_at, '{"form": {}, "ontime": {"accept": true}}'),
       (4, 'file', 'accepted', 'filed', f.filed_at, '{"form": {}, "ontime": {"file": true}}'),
       (5, 'dispatch', 'filed', 'dispatched', f.dispatched_at,
        jsonb_build_object('form', '{}'::jsonb, 'ontime', jsonb_build_object('dispatch', f.ontime_dispatch), 'dispose_due', f.due_at)),
       (6, 'sign', 'dispatched', 'handling', f.signed_at, '{"form": {}}'),
       (7, 'warn', 'handling', 'handling', f.due_at - interval '12 hours', '{"form": {}, "clock": "dispose"}'),
       (8, 'reply', 'handling', 'feedback', f.disposed_at, jsonb_build_object('form', '{}'::jsonb, 'ontime', jsonb_build_object('dispose', f.ontime))),
       (9, 'pass_to_check', 'feedback', 'check_pending', f.disposed_at + interval '5 minutes', '{"form": {}}'),
       (10, 'send_check', 'check_pending', 'checking', f.disposed_at + interval '9 minutes', '{"form": {"inspector": 1}, "ontime": {}}'),
       (11, 'check_pass', 'checking', 'checked_ok', f.checked_at, '{"form": {}, "ontime": {"check": true}}'),
       (12, 'close', 'checked_ok', 'closed', f.closed_at, '{"form": {}, "ontime": {"close": true}}')) AS s(no, action, frm, dest, at, data)
 WHERE f.case_id BETWEEN %(first)s AND %(last)s AND s.at IS NOT NULL AND s.at <= %(now)s AND (s.no < 8 OR f.state = 'closed')
