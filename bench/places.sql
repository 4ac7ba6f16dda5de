-- A chequerboard: unit grids of about 100 m, two roads to each, components spread evenly. %(columns)s by %(rows)s grids.
INSERT INTO edition (kind, name, in_force, source, content_hash) VALUES ('areas', 'bench', '2024-01-01', 'invented', '');
INSERT INTO area (level, depth, code, name, path, edition_id, valid_from, geom)
SELECT 'district', 1, to_char(100000 + d, 'FM000000'), d || '区', '{}', 1, '2024-01-01',
       ST_Multi(ST_MakeEnvelope(114 + d * 0.01, 22.5, 114 + (d + 1) * 0.01, 22.5 + %(rows)s * 0.001, 4490))
  FROM generate_series(0, %(columns)s / 10 - 1) d;
UPDATE area SET path = ARRAY[id];
INSERT INTO area (level, depth, code, name, parent_id, path, edition_id, valid_from, geom, finest)
SELECT 'grid', 2, s.code || to_char(x * 1000 + y, 'FM000000'), x || '-' || y, s.id, s.path, 1, '2024-01-01',
       ST_Multi(ST_MakeEnvelope(114 + x * 0.001, 22.5 + y * 0.001, 114 + (x + 1) * 0.001, 22.5 + (y + 1) * 0.001, 4490)), 1
  FROM generate_series(0, %(columns)s - 1) x, generate_series(0, %(rows)s - 1) y, area s
 WHERE s.code = to_char(100000 + x / 10, 'FM000000');
UPDATE area SET path = path || id WHERE finest = 1;
INSERT INTO road (code, name, class, edition_id, valid_from, geom)
SELECT 'E' || x || '-' || y, y || '路', CASE y %% 4 WHEN 0 THEN 'main' ELSE 'alley' END, 1, '2024-01-01',
       ST_SetSRID(ST_MakeLine(ST_MakePoint(114 + x * 0.001, 22.5 + y * 0.001),
                              ST_MakePoint(114 + (x + 1) * 0.001, 22.5 + y * 0.001)), 4490)
  FROM generate_series(0, %(columns)s - 1) x, generate_series(0, %(rows)s) y;
INSERT INTO road (code, name, class, edition_id, valid_from, geom)
SELECT 'N' || x || '-' || y, x || '街', 'branch', 1, '2024-01-01',
       ST_SetSRID(ST_MakeLine(ST_MakePoint(114 + x * 0.001, 22.5 + y * 0.001),
                              ST_MakePoint(114 + x * 0.001, 22.5 + (y + 1) * 0.001)), 4490)
  FROM generate_series(0, %(columns)s) x, generate_series(0, %(rows)s - 1) y;
INSERT INTO component (code, category, owner, edition_id, valid_from, geom)
SELECT to_char(n, 'FM0000000000000000'), 'C' || n %% 40, 'water', 1, '2024-01-01',
       ST_SetSRID(ST_MakePoint(114 + %(columns)s * 0.001 * (n * 0.6180339887 - floor(n * 0.6180339887)),
                               22.5 + %(rows)s * 0.001 * (n * 0.7548776662 - floor(n * 0.7548776662))), 4490)
  FROM generate_series(1, %(components)s) n;
ANALYZE area, road, component;
