-- Cases [first, last] of a city that files so many a day, one after the other up to `now`; all that are older than four days have ended.
-- What is told of them: facts; of those from `told` on also the case's row. Drawn by hashes: the same every time.
WITH units AS (SELECT array_agg(id ORDER BY id) AS ids, count(*)::int AS n FROM unit),
     kinds AS (SELECT array_agg(code ORDER BY code) AS codes, array_agg(kind || ':' || class_code ORDER BY code) AS classes,
                      count(*)::int AS n FROM category),
     grids AS (SELECT array_agg(id ORDER BY id) AS ids, array_agg(path[1] ORDER BY id) AS tops,
                      array_agg(area_class ORDER BY id) AS kinds, array_agg(ST_X(ST_Centroid(geom)) ORDER BY id) AS lons,
                      array_agg(ST_Y(ST_Centroid(geom)) ORDER BY id) AS lats, count(*)::int AS n FROM area WHERE finest = 1),
     drawn AS (
       SELECT i, hashint8(i) & 2147483647 AS h, hashint8(i * 31 + 7) & 2147483647 AS k,
              %(now)s::timestamptz - make_interval(secs => (%(cases)s::bigint - i) * 86400.0 / %(a_day)s::int) AS t
         FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i),
     placed AS MATERIALIZED (
       SELECT d.*, c.codes[1 + k %% c.n] AS code, c.classes[1 + k %% c.n] AS class, u.ids[1 + h %% u.n] AS unit,
              g.ids[1 + (h / 7) %% g.n] AS grid, g.tops[1 + (h / 7) %% g.n] AS top, g.kinds[1 + (h / 7) %% g.n] AS area_class,
              ST_SetSRID(ST_MakePoint(g.lons[1 + (h / 7) %% g.n] + (k %% 201 - 100) * 1e-5,
                                      g.lats[1 + (h / 7) %% g.n] + (h %% 203 - 101) * 1e-5), 4490) AS spot,  -- within a hundred metres of its middle
              make_interval(secs => 7200 + h %% 216000) AS took, t < %(now)s::timestamptz - interval '4 days' AS ended
         FROM drawn d, units u, kinds c, grids g),
     written AS (
       INSERT INTO cases (id, number, receipt, report_id, version, state, pool, source, public, category, area_id, area_path, geom,
                          unit_id, route_unit, reported_at, dispatched_at, due_at, stage_due_at, last_at, last_hash, ended_at)
       OVERRIDING SYSTEM VALUE
       SELECT i, 'Y' || i, 'Y' || i, gen_random_uuid(), 10, CASE WHEN ended THEN 'closed' ELSE 'handling' END,
              CASE WHEN ended THEN 'nobody' ELSE 'unit' END, 'inspector', k %% 3 = 0, code, grid, ARRAY[top, grid], spot, unit, unit, t,
              t + interval '1 hour', t + interval '2 days', CASE WHEN NOT ended THEN t + interval '2 days' END,
              t + interval '1 day', '\x00', CASE WHEN ended THEN t + interval '64 hours' END
         FROM placed WHERE i >= %(told)s)
INSERT INTO fact (case_id, state, source, public, category, class_code, unit_id, area_id, top_area_id, area_class, reported_at,
                  accepted_at, filed_at, dispatched_at, signed_at, disposed_at, first_reply_at, checked_at, closed_at, due_at,
                  ontime, ontime_accept, ontime_file, ontime_dispatch, ontime_send_check, ontime_check, checker_id,
                  reworks, returns, extensions, shirks, known_at)
SELECT i, CASE WHEN ended THEN 'closed' ELSE 'handling' END, 'inspector', k %% 3 = 0, code, class, unit, grid, top, area_class, t,
       t + interval '5 minutes', t + interval '30 minutes', t + interval '1 hour', t + interval '2 hours',
       CASE WHEN ended THEN t + took END, CASE WHEN ended THEN t + took END, CASE WHEN ended THEN t + interval '63 hours' END,
       CASE WHEN ended THEN t + interval '64 hours' END, t + interval '2 days', CASE WHEN ended THEN took <= interval '2 days' END,
       true, k %% 30 > 0, k %% 10 > 0, CASE WHEN ended THEN k %% 11 > 0 END, CASE WHEN ended THEN k %% 13 > 0 END,
       CASE WHEN ended THEN 1 END, (h %% 17 = 0)::int, (h %% 19 = 0)::int, (h %% 23 = 0)::int, (h %% 29 = 0)::int,
       CASE WHEN ended THEN t + interval '64 hours' ELSE t + interval '2 hours' END
  FROM placed
