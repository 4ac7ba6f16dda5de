-- Everything a position decides, in one row. kx, ky: metres per degree here, so that distances are plain geometry.
-- Parameters: lon, lat, kx, ky, day, reach_m, accuracy_m (cap applied), category, component, component_m.
WITH pt AS (
    SELECT ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490) AS g,
           ST_MakePoint(%(lon)s * %(kx)s, %(lat)s * %(ky)s) AS m
), here AS (
    -- On a shared line the lowest code wins.
    SELECT a.id, a.path, a.area_class, d.duty_grid
      FROM pt, area a LEFT JOIN duty_grid_area d ON d.area_id = a.id
     WHERE a.finest = 1 AND a.geom && pt.g AND ST_Covers(a.geom, pt.g)
       AND a.valid_from <= %(day)s AND (a.valid_to IS NULL OR a.valid_to > %(day)s)
     ORDER BY a.code LIMIT 1
), roads AS (
    SELECT r.id, r.class, r.name, ST_Distance(ST_SetSRID(ST_Scale(r.geom, %(kx)s, %(ky)s), 0), ST_SetSRID(pt.m, 0)) AS m
      FROM pt, road r
     WHERE r.geom && ST_Expand(pt.g, (%(reach_m)s + %(accuracy_m)s) / %(kx)s, (%(reach_m)s + %(accuracy_m)s) / %(ky)s)
       AND r.valid_from <= %(day)s AND (r.valid_to IS NULL OR r.valid_to > %(day)s)
), near AS (
    SELECT DISTINCT a.path[:array_length(a.path, 1) - 1] AS path
      FROM pt, area a
     WHERE a.finest = 1 AND a.geom && ST_Expand(pt.g, %(accuracy_m)s / %(kx)s, %(accuracy_m)s / %(ky)s)
       AND ST_Distance(ST_SetSRID(ST_Scale(a.geom, %(kx)s, %(ky)s), 0), ST_SetSRID(pt.m, 0)) <= %(accuracy_m)s
       AND a.valid_from <= %(day)s AND (a.valid_to IS NULL OR a.valid_to > %(day)s)
), thing AS (
    SELECT c.code, c.category, c.owner, c.maintainer, c.supervisor,
           ST_Distance(ST_MakePoint(ST_X(c.geom) * %(kx)s, ST_Y(c.geom) * %(ky)s), pt.m) AS m
      FROM pt, component c
     WHERE (%(component)s::text IS NULL OR c.code = %(component)s)
       AND c.geom && ST_Expand(pt.g, %(component_m)s / %(kx)s, %(component_m)s / %(ky)s)
       AND (%(component)s::text IS NOT NULL OR c.category = %(category)s)
       AND c.valid_from <= %(day)s AND (c.valid_to IS NULL OR c.valid_to > %(day)s)
     ORDER BY m, c.code LIMIT 1
)
SELECT here.id AS area_id, here.path AS area_path, here.area_class, here.duty_grid,
       (SELECT jsonb_agg(jsonb_build_array(p.level, p.code, p.name) ORDER BY p.depth) FROM area p WHERE p.id = ANY (here.path))
           AS areas,
       (SELECT jsonb_agg(jsonb_build_array(n.id, n.class, n.name, round(n.m::numeric, 2)) ORDER BY n.m, n.id)
          FROM (SELECT * FROM roads WHERE m <= %(reach_m)s + %(accuracy_m)s ORDER BY m, id LIMIT 12) n) AS roads,
       (SELECT jsonb_agg((SELECT jsonb_agg(p.level || ':' || p.code ORDER BY p.depth) FROM area p WHERE p.id = ANY (near.path)))
          FROM near) AS near,
       (SELECT to_jsonb(thing) FROM thing) AS thing
  FROM pt LEFT JOIN here ON true
