-- Open cases in hand, each with a running clock of disposal: `drawn` says when it began, warns and is due. All else is drawn by
-- hashes, the same every time.
WITH units AS (SELECT array_agg(id ORDER BY id) AS ids, count(*)::int AS n FROM unit),
     kinds AS (SELECT array_agg(code ORDER BY code) AS codes, count(*)::int AS n FROM category),
     grids AS MATERIALIZED (
       SELECT row_number() OVER (ORDER BY id) - 1 AS no, id, path, area_class, ST_PointOnSurface(geom) AS point
         FROM area WHERE finest = 1),
     placed AS MATERIALIZED (
       SELECT d.*, k.codes[1 + d.i % k.n] AS code, u.ids[1 + (d.i / 5) % u.n] AS unit, g.id AS grid, g.path, g.area_class, g.point
         FROM drawn d CROSS JOIN units u CROSS JOIN kinds k
         JOIN grids g ON g.no = (hashint8(d.i) & 2147483647) % (SELECT count(*) FROM grids)),
     written AS (
       INSERT INTO cases (id, number, receipt, report_id, version, state, pool, source, public, category, geom, area_id, area_path,
                          unit_id, route_unit, limit_value, time_class, editions, clocks, reported_at, dispatched_at, due_at,
                          stage_due_at, next_at, last_at, last_hash)
       OVERRIDING SYSTEM VALUE
       SELECT p.i, 'D' || p.i, 'D' || p.i, gen_random_uuid(), 5, 'handling', 'unit', 'inspector', false, p.code, p.point, p.grid, p.path,
              p.unit, p.unit, p.days, 'work_day', jsonb_build_object('calendar', p.calendar),
              jsonb_build_object('dispose', jsonb_build_object('epoch', 4, 'limit', p.days::text, 'rule', 'work_day', 'start', p.start,
                'pauses', '[]'::jsonb, 'extra', '[]'::jsonb, 'due', p.due, 'warn', p.warn, 'fired', p.fired, 'calendar', p.calendar)),
              p.start, p.start, p.due, p.due, CASE WHEN p.fired = '' THEN p.warn ELSE p.due END, p.start, sha256(p.i::text::bytea)
         FROM placed p
       RETURNING 1)
INSERT INTO fact (case_id, state, source, public, category, unit_id, area_id, top_area_id, area_class, reported_at, accepted_at,
                  filed_at, dispatched_at, signed_at, due_at, stage_due_at, known_at)
SELECT p.i, 'handling', 'inspector', false, p.code, p.unit, p.grid, p.path[1], p.area_class, p.start, p.start, p.start, p.start,
       p.start, p.due, p.due, p.start
  FROM placed p
