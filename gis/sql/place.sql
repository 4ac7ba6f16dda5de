-- What lies around one point, in one row. Boxes in degrees for the GiST indexes, then distances in metres on a plane
-- scaled at the point (kx, ky: metres per degree there): to the centimetre within hundreds of metres.
WITH
fix AS (
  SELECT ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490) AS geom,
         ST_MakePoint(%(lon)s::float8 * %(kx)s, %(lat)s::float8 * %(ky)s) AS flat
),
-- 0.1 m closes slivers between areas; 1 mm is "on the line", where the lowest code decides, on every machine alike.
grid AS (
  SELECT a.id, a.code, a.path, a.area_class,
         ST_Distance(ST_SetSRID(ST_Scale(a.geom, %(kx)s, %(ky)s), 0), fix.flat) AS metres
    FROM fix, area a
   WHERE a.geom && ST_MakeEnvelope(
           %(lon)s - %(grid_m)s / %(kx)s, %(lat)s - %(grid_m)s / %(ky)s,
           %(lon)s + %(grid_m)s / %(kx)s, %(lat)s + %(grid_m)s / %(ky)s, 4490)
     AND a.finest = 1 AND a.valid_from <= %(on)s AND (a.valid_to IS NULL OR a.valid_to > %(on)s)
),
own AS (
  SELECT * FROM grid WHERE round(metres * 1000) <= 100
   ORDER BY greatest(round(metres * 1000), 1), code COLLATE "C" LIMIT 1
),
named AS (
  SELECT array_agg(p.id ORDER BY p.depth) AS path,
         array_agg(p.level || ':' || p.code ORDER BY p.depth) AS codes,
         array_agg(p.name ORDER BY p.depth) AS names,
         array_agg(coalesce(nullif(p.name_en, ''), p.name) ORDER BY p.depth) AS names_en,
         (array_agg(p.area_class ORDER BY p.depth DESC) FILTER (WHERE p.area_class IS NOT NULL))[1] AS area_class
    FROM own JOIN area p ON p.id = ANY (own.path)
),
near_path AS (
  SELECT coalesce(json_agg(codes ORDER BY metres, code COLLATE "C"), '[]') AS paths
    FROM (SELECT grid.code, grid.metres,
                 (SELECT json_agg(p.level || ':' || p.code ORDER BY p.depth)
                    FROM area p WHERE p.id = ANY (grid.path)) AS codes
            FROM grid
           WHERE metres < %(near_m)s AND id IS DISTINCT FROM (SELECT id FROM own)) near
),
-- A stretch that its own row takes off the road is not in `counts`; metres by the millimetre, so that every reader of
-- the same ground ranks alike.
way AS (
  SELECT r.id, r.code, r.class, r.name, r.name_en, round(d.metres * 1000) / 1000 AS metres,
         ST_X(d.point) - %(lon)s::float8 * %(kx)s AS dx, ST_Y(d.point) - %(lat)s::float8 * %(ky)s AS dy
    FROM fix, road r,
         LATERAL (SELECT ST_SetSRID(ST_Scale(coalesce(r.counts, r.geom), %(kx)s, %(ky)s), 0) AS line OFFSET 0) s,
         LATERAL (SELECT ST_ClosestPoint(s.line, fix.flat) AS point, ST_Distance(s.line, fix.flat) AS metres OFFSET 0) d
   WHERE r.geom && ST_MakeEnvelope(
           %(lon)s - %(road_m)s / %(kx)s, %(lat)s - %(road_m)s / %(ky)s,
           %(lon)s + %(road_m)s / %(kx)s, %(lat)s + %(road_m)s / %(ky)s, 4490)
     AND r.valid_from <= %(on)s AND (r.valid_to IS NULL OR r.valid_to > %(on)s)
     AND round(d.metres * 1000) / 1000 <= %(road_m)s
),
ways AS (
  SELECT coalesce(json_agg(json_build_array(id, code, class, name, name_en, metres, dx, dy) ORDER BY metres, code COLLATE "C"),
                  '[]') AS roads
    FROM (SELECT DISTINCT ON (class, name) * FROM way ORDER BY class, name, metres, code COLLATE "C") nearest
),
thing AS (
  SELECT c.code, c.category, c.owner, c.maintainer, c.supervisor,
         (ST_X(c.geom) - %(lon)s) * %(kx)s AS dx, (ST_Y(c.geom) - %(lat)s) * %(ky)s AS dy
    FROM component c
   WHERE c.code = %(component)s
     AND c.valid_from <= %(on)s AND (c.valid_to IS NULL OR c.valid_to > %(on)s)
  UNION ALL
  SELECT c.code, c.category, c.owner, c.maintainer, c.supervisor,
         (ST_X(c.geom) - %(lon)s) * %(kx)s, (ST_Y(c.geom) - %(lat)s) * %(ky)s
    FROM component c
   WHERE %(component)s IS NULL
     AND c.geom && ST_MakeEnvelope(
           %(lon)s - %(thing_m)s / %(kx)s, %(lat)s - %(thing_m)s / %(ky)s,
           %(lon)s + %(thing_m)s / %(kx)s, %(lat)s + %(thing_m)s / %(ky)s, 4490)
     AND c.category = %(category)s
     AND c.valid_from <= %(on)s AND (c.valid_to IS NULL OR c.valid_to > %(on)s)
),
things AS (
  SELECT coalesce(json_agg(json_build_array(code, category, owner, maintainer, supervisor, metres, dx, dy)
                           ORDER BY metres, code COLLATE "C"), '[]') AS components
    FROM (SELECT * FROM (SELECT *, round(sqrt(dx * dx + dy * dy) * 1000) / 1000 AS metres FROM thing) measured
           WHERE metres <= %(thing_m)s OR %(component)s IS NOT NULL
           ORDER BY metres, code COLLATE "C" LIMIT 16) nearest
)
SELECT (SELECT id FROM own) AS area_id, named.path, named.codes, named.names, named.names_en, named.area_class,
       (SELECT d.duty_grid FROM duty_grid_area d
         WHERE d.grid = (SELECT code FROM own)
           AND d.valid_from <= %(on)s AND (d.valid_to IS NULL OR d.valid_to > %(on)s)) AS duty_grid,
       near_path.paths AS near_paths, ways.roads, things.components
  FROM named, near_path, ways, things
