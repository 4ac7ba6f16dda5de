-- So many cases as they would stand after two years: about three in a hundred open, nearly all of these from the last weeks; two in five
-- with one unit (street order), the rest spread over all units, classes and grids. Drawn by hashes: the same every time.
WITH units AS (SELECT array_agg(id ORDER BY id) AS ids, count(*)::int AS n FROM unit),
     kinds AS (SELECT array_agg(code ORDER BY code) AS codes,
                      array_agg(kind || ':' || class_code ORDER BY code) AS classes, count(*)::int AS n FROM category),
     grids AS MATERIALIZED (
       SELECT row_number() OVER (ORDER BY id) - 1 AS no, id, path, area_class, ST_PointOnSurface(geom) AS point
         FROM area WHERE finest = 1),
     drawn AS MATERIALIZED (
       SELECT i, hashint8(i) & 2147483647 AS h, hashint8(i * 31 + 7) & 2147483647 AS k,
              (hashint8(i * 17 + 3) & 2147483647) / 2147483647.0 AS share
         FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i),
     placed AS MATERIALIZED (
       SELECT d.i, d.h, d.k, c.codes[1 + d.k %% c.n] AS code, c.classes[1 + d.k %% c.n] AS class, o.open,
              CASE WHEN d.h %% 5 < 2 THEN u.ids[1] ELSE u.ids[1 + d.h %% u.n] END AS unit,
              g.id AS grid, g.path, g.area_class, g.point,
              %(now)s::timestamptz - make_interval(secs => CASE WHEN o.open AND d.k %% 50 > 0 THEN d.share * 20
                                                                ELSE 1 + d.share * 729 END * 86400) AS t,
              CASE WHEN NOT o.open THEN 'closed'
                   ELSE (ARRAY['reported','accepted','filed','handling','feedback'])[1 + (d.h / 11) %% 5] END AS state
         FROM units u, kinds c, drawn d CROSS JOIN LATERAL (SELECT (d.k / 3) %% 100 < 3 AS open) o
         JOIN grids g ON g.no = (d.h / 7) %% (SELECT count(*) FROM grids)),
     written AS (
       INSERT INTO cases (id, number, receipt, report_id, version, state, pool, source, public, category, geom, area_id,
                          area_path, unit_id, route_unit, reported_at, dispatched_at, due_at, stage_due_at, last_at,
                          last_hash, ended_at)
       OVERRIDING SYSTEM VALUE
       SELECT p.i, 'F' || p.i, 'F' || p.i, gen_random_uuid(), 9, p.state,
              CASE p.state WHEN 'closed' THEN 'nobody' WHEN 'reported' THEN 'acceptor'
                           WHEN 'accepted' THEN 'shift_leader' WHEN 'handling' THEN 'unit' ELSE 'dispatcher' END,
              'inspector', p.k %% 3 = 0, p.code, p.point, p.grid, p.path,
              CASE WHEN p.state IN ('closed', 'handling', 'feedback') THEN p.unit END, p.unit, p.t,
              p.t + interval '1 hour', p.t + interval '2 days',
              CASE WHEN p.state <> 'closed' THEN p.t + interval '2 days' END, p.t + interval '1 day', '\x00',
              CASE WHEN p.state = 'closed' THEN p.t + interval '64 hours' END
         FROM placed p
       RETURNING 1)
INSERT INTO fact (case_id, state, source, public, category, class_code, unit_id, area_id, top_area_id, area_class,
                  reported_at, accepted_at, filed_at, dispatched_at, signed_at, disposed_at, first_reply_at, checked_at,
                  closed_at, due_at, ontime, ontime_accept, ontime_file, ontime_dispatch, known_at)
SELECT p.i, p.state, 'inspector', p.k %% 3 = 0, p.code, p.class,
       CASE WHEN p.state IN ('closed', 'handling', 'feedback') THEN p.unit END, p.grid, p.path[1], p.area_class, p.t,
       CASE WHEN p.state <> 'reported' THEN p.t + interval '5 minutes' END,
       CASE WHEN p.state NOT IN ('reported', 'accepted') THEN p.t + interval '30 minutes' END,
       CASE WHEN w.worked THEN p.t + interval '1 hour' END, CASE WHEN w.worked THEN p.t + interval '2 hours' END,
       CASE WHEN w.replied THEN p.t + w.took END, CASE WHEN w.replied THEN p.t + w.took END,
       CASE WHEN p.state = 'closed' THEN p.t + interval '63 hours' END,
       CASE WHEN p.state = 'closed' THEN p.t + interval '64 hours' END,
       CASE WHEN w.worked THEN p.t + interval '2 days' END, CASE WHEN w.replied THEN w.took <= interval '2 days' END,
       true, true, p.k %% 10 > 0,
       CASE WHEN p.state = 'closed' THEN p.t + interval '64 hours' WHEN w.replied THEN p.t + w.took
            WHEN w.worked THEN p.t + interval '2 hours' ELSE p.t END
  FROM placed p CROSS JOIN LATERAL (
       SELECT make_interval(hours => 2 + p.h %% 60) AS took, p.state IN ('closed', 'feedback') AS replied,
              p.state IN ('closed', 'handling', 'feedback') AS worked) w
