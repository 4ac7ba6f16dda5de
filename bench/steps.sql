-- The steps of the cases that last month's figures have to be folded anew for: reported before its end, added to since.
-- As heavy as real ones: what routing saw, what the clocks did.
WITH old AS (
  SELECT f.*, jsonb_build_object('unit', f.unit_id, 'rule', 'R-012', 'edition', 3, 'reason', repeat('because ', 12),
              'facts', jsonb_build_object('road', 'main', 'district', 'd', 'street', 's', 'owner', 'o', 'class', f.class_code),
              'tried', (SELECT jsonb_agg(jsonb_build_array('R-00' || n, repeat('not so ', 6))) FROM generate_series(1, 6) n)) AS route
    FROM fact f WHERE f.reported_at < %(end)s AND f.known_at > %(end)s)
INSERT INTO step (case_id, seq, key, form_hash, action, from_state, to_state, at, recorded_at, actor_id, role, unit_id, data,
                  previous, hash)
SELECT o.case_id, row_number() OVER (PARTITION BY o.case_id ORDER BY s.no), gen_random_uuid(), '\x00', s.action, s.frm, s.dest,
       s.at, s.at, 1, 'acceptor', CASE WHEN s.no > 3 THEN o.unit_id END,
       s.data || jsonb_build_object('form', jsonb_build_object('inspector', 1, 'photos', jsonb_build_array(repeat('a', 64))),
                                    'clocks', '[["+", "accept", 1, "30", "minute"]]'::jsonb, 'stage_due', s.at), '\x00', '\x00'
  FROM old o CROSS JOIN LATERAL (VALUES
       (1, 'report', NULL, 'reported', o.reported_at,
        jsonb_build_object('source', o.source, 'public', o.public, 'category', o.category, 'class_code', o.class_code,
                           'area_id', o.area_id, 'top_area_id', o.top_area_id, 'area_class', o.area_class, 'route', o.route)),
       (2, 'accept', 'reported', 'accepted', o.accepted_at, '{"ontime": {"accept": true}, "due": {"accept": "2026-01-01"}}'),
       (3, 'file', 'accepted', 'filed', o.filed_at, '{"ontime": {"file": true}, "limit": ["2", "work_day"]}'),
       (4, 'dispatch', 'filed', 'dispatched', o.dispatched_at,
        jsonb_build_object('ontime', '{"dispatch": true}'::jsonb, 'dispose_due', o.due_at, 'rule', 'R-012')),
       (5, 'sign', 'dispatched', 'handling', o.signed_at, '{}'),
       (6, 'reply', 'handling', 'feedback', o.disposed_at, '{"ontime": {"dispose": true}}'),
       (7, 'pass_to_check', 'feedback', 'check_pending', o.disposed_at + interval '5 minutes', '{}'),
       (8, 'send_check', 'check_pending', 'checking', o.disposed_at + interval '9 minutes', '{"ontime": {"send_check": true}}'),
       (9, 'check_pass', 'checking', 'checked_ok', o.checked_at, '{"ontime": {"check": true}}'),
       (10, 'close', 'checked_ok', 'closed', o.closed_at, '{"ontime": {"close": true}}')) AS s(no, action, frm, dest, at, data)
 WHERE s.at IS NOT NULL AND (s.no < 7 OR o.state IN ('closed', 'feedback'))
