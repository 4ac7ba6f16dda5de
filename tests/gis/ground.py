"""A made-up ground: a chequerboard of unit grids with roads and components, drawn in SQL at any size.

Grids are squares of `SIDE` degrees (about 100 m); 25 columns to a district of its own, one street each.
"""

from __future__ import annotations

from datetime import date
from typing import LiteralString

from gis.db import Tx, execute

WEST, SOUTH, SIDE = 114.0, 22.5, 0.001
SINCE = date(2024, 1, 1)
EDITION: LiteralString = """
    INSERT INTO edition (kind, name, in_force, source, content_hash)
    VALUES ('areas', 'ground', '2024-01-01', 'invented', '')
"""
DISTRICTS: LiteralString = """
    INSERT INTO area (level, depth, code, name, name_en, path, edition_id, valid_from, geom)
    SELECT 'district', 1, to_char(100000 + d, 'FM000000'), d || '区', 'District ' || d, '{}',
           (SELECT max(id) FROM edition), '2024-01-01',
           ST_Multi(ST_MakeEnvelope(114 + d * 0.025, 22.5, 114 + (d + 1) * 0.025, 22.5 + %(rows)s * 0.001, 4490))
      FROM generate_series(0, %(columns)s / 25 - 1) d
"""
TOP_PATH: LiteralString = "UPDATE area SET path = ARRAY[id] WHERE depth = 1"
STREETS: LiteralString = """
    INSERT INTO area (level, depth, code, name, parent_id, path, edition_id, valid_from, geom)
    SELECT 'street', 2, code || '001', name || '街道', id, path, edition_id, valid_from, geom FROM area WHERE depth = 1
"""
GRIDS: LiteralString = """
    INSERT INTO area (level, depth, code, name, parent_id, path, edition_id, valid_from, geom, finest, area_class)
    SELECT 'grid', 3, s.code || to_char(x * 1000 + y, 'FM000000'), 'G' || x || '-' || y, s.id, s.path, s.edition_id,
           s.valid_from,
           ST_Multi(ST_MakeEnvelope(114 + x * 0.001, 22.5 + y * 0.001,
                                    114 + (x + 1) * 0.001, 22.5 + (y + 1) * 0.001, 4490)),
           1, 2
      FROM generate_series(0, %(columns)s - 1) x, generate_series(0, %(rows)s - 1) y, area s
     WHERE s.depth = 2 AND s.code = to_char(100000 + x / 25, 'FM000000') || '001'
"""
PATHS: LiteralString = "UPDATE area SET path = path || id WHERE depth = %(depth)s"
ROADS: LiteralString = """
    INSERT INTO road (code, name, name_en, class, edition_id, valid_from, geom)
    SELECT 'H' || x || '-' || y, '横' || y || '路', 'Row ' || y, CASE y %% 4 WHEN 0 THEN 'main' ELSE 'alley' END,
           (SELECT max(id) FROM edition), '2024-01-01',
           ST_SetSRID(ST_MakeLine(ST_MakePoint(114 + x * 0.001, 22.5 + y * 0.001),
                                  ST_MakePoint(114 + (x + 1) * 0.001, 22.5 + y * 0.001)), 4490)
      FROM generate_series(0, %(columns)s - 1) x, generate_series(0, %(rows)s * 2 - 1) y
"""
COMPONENTS: LiteralString = """
    INSERT INTO component (code, category, owner, maintainer, supervisor, edition_id, valid_from, geom)
    SELECT to_char(n, 'FM0000000000000000'), 'C' || n %% 40, 'water', 'crew', 'bureau', (SELECT max(id) FROM edition),
           '2024-01-01',
           ST_SetSRID(ST_MakePoint(114 + %(columns)s * 0.001 * (n * 0.6180339887 - floor(n * 0.6180339887)),
                                   22.5 + %(rows)s * 0.001 * (n * 0.7548776662 - floor(n * 0.7548776662))), 4490)
      FROM generate_series(1, %(components)s) n
"""


def draw(tx: Tx, *, columns: int = 50, rows: int = 4, components: int = 0) -> None:
    """Draw it; `columns` by `rows` unit grids, twice as many road segments."""
    execute(tx, EDITION)
    execute(tx, DISTRICTS, columns=columns, rows=rows)
    execute(tx, TOP_PATH)
    execute(tx, STREETS)
    execute(tx, PATHS, depth=2)
    execute(tx, GRIDS, columns=columns, rows=rows)
    execute(tx, PATHS, depth=3)
    execute(tx, ROADS, columns=columns, rows=rows)
    if components:
        execute(tx, COMPONENTS, columns=columns, rows=rows, components=components)
