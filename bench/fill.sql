-- So many cases as they would stand after two years: one in twenty open, spread over units, classes and grids.
WITH units AS (SELECT array_agg(id ORDER BY id) AS ids, count(*)::int AS n FROM unit),
     kinds AS (SELECT array_agg(code ORDER BY code) AS codes, array_agg(kind || ':' || class_code ORDER BY code) AS classes,
                      count(*)::int AS n FROM category),
     grids AS (SELECT array_agg(id ORDER BY id) AS ids, count(*)::int AS n FROM area WHERE finest = 1),
     drawn AS MATERIALIZED (
       SELECT i, hashint8(i) & 2147483647 AS h, hashint8(i * 31 + 7) & 2147483647 AS k,
              %(now)s::timestamptz - make_interval(secs => (hashint8(i * 17 + 3) & 2147483647) / 2147483647.0 * 2 * 365 * 86400) AS t
         FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i),
     placed AS (
       SELECT d.*, u.ids[1 + d.h %% u.n] AS unit, c.codes[1 + d.k %% c.n] AS code, c.classes[1 + d.k %% c.n] AS class,
              g.ids[1 + (d.h / 7) %% g.n] AS grid,
              CASE WHEN d.k %% 100 >= 5 THEN 'closed'
                   ELSE (ARRAY['reported','accepted','filed','handling','feedback'])[1 + d.h %% 5] END AS state
         FROM drawn d, units u, kinds c, grids g),
     written AS (
       INSERT INTO cases (id, number, receipt, report_id, version, state, pool, source, public, category, geom, area_id,
                          area_path, unit_id, route_unit, reported_at, dispatched_at, due_at, stage_due_at, last_at,
                          last_hash, ended_at)
       OVERRIDING SYSTEM VALUE
       SELECT p.i, 'F' || p.i, 'F' || p.i, gen_random_uuid(), 9, p.state,
              CASE p.state WHEN 'closed' THEN 'nobody' WHEN 'reported' THEN 'acceptor' WHEN 'accepted' THEN 'shift_leader'
                           WHEN 'handling' THEN 'unit' ELSE 'dispatcher' END,
              'inspector', p.k %% 3 = 0, p.code, ST_PointOnSurface(a.geom), a.id, a.path,
              CASE WHEN p.state IN ('closed', 'handling', 'feedback') THEN p.unit END, p.unit, p.t,
              p.t + interval '1 hour', p.t + interval '2 days',
              CASE WHEN p.state <> 'closed' THEN p.t + interval '2 days' END, p.t + interval '1 day', '\x00',
              CASE WHEN p.state = 'closed' THEN p.t + interval '30 hours' END
         FROM placed p JOIN area a ON a.id = p.grid
       RETURNING 1)
INSERT INTO fact (case_id, state, source, public, category, class_code, unit_id, area_id, top_area_id, area_class, reported_at,
                  accepted_at, filed_at, dispatched_at, signed_at, disposed_at, first_reply_at, checked_at, closed_at, due_at,
                  ontime, ontime_accept, ontime_file, ontime_dispatch)
SELECT p.i, p.state, 'inspector', p.k %% 3 = 0, p.code, p.class,
       CASE WHEN p.state IN ('closed', 'handling', 'feedback') THEN p.unit END, a.id, a.path[1], a.area_class, p.t,
       p.t + interval '5 minutes', p.t + interval '30 minutes', p.t + interval '1 hour', p.t + interval '2 hours',
       CASE WHEN p.state IN ('closed', 'feedback') THEN p.t + make_interval(hours => 2 + p.h %% 60) END,
       CASE WHEN p.state IN ('closed', 'feedback') THEN p.t + make_interval(hours => 2 + p.h %% 60) END,
       CASE WHEN p.state = 'closed' THEN p.t + make_interval(hours => 63) END,
       CASE WHEN p.state = 'closed' THEN p.t + make_interval(hours => 64) END, p.t + interval '2 days',
       CASE WHEN p.state IN ('closed', 'feedback') THEN 2 + p.h %% 60 <= 48 END, true, true, p.k %% 10 > 0
  FROM placed p JOIN area a ON a.id = p.grid
