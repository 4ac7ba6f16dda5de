"""A change set's rows → the layer's table: rows that change are ended by date and written anew, never altered."""

from __future__ import annotations

from typing import LiteralString

from gis.changes.duty import keep_what_was, write_members
from gis.changes.layer import Layer
from gis.changes.sets import ChangeSet
from gis.db import Tx, execute, value

__all__ = ["write_rows"]

# By table, because a name of a table is no parameter.
FIND: dict[str, LiteralString] = {
    "areas": """UPDATE change c SET old_id = t.id FROM area t
                 WHERE c.set_id = %(set)s AND c.op <> 'add' AND t.code = c.code AND t.level = %(level)s
                   AND t.valid_to IS NULL""",
    "roads": """UPDATE change c SET old_id = t.id FROM road t
                 WHERE c.set_id = %(set)s AND c.op <> 'add' AND t.code = c.code AND t.valid_to IS NULL""",
    "components": """UPDATE change c SET old_id = t.id FROM component t
                      WHERE c.set_id = %(set)s AND c.op <> 'add' AND t.code = c.code AND t.valid_to IS NULL""",
    "duty_grids": """UPDATE change c SET old_id = t.id FROM duty_grid_entry t
                      WHERE c.set_id = %(set)s AND c.op <> 'add' AND t.duty_grid = c.code AND t.valid_to IS NULL""",
}
END: dict[str, LiteralString] = {
    "areas": "UPDATE area SET valid_to = %(day)s WHERE id IN (SELECT old_id FROM change WHERE set_id = %(set)s)",
    "roads": "UPDATE road SET valid_to = %(day)s WHERE id IN (SELECT old_id FROM change WHERE set_id = %(set)s)",
    "components": """UPDATE component SET valid_to = %(day)s
                      WHERE id IN (SELECT old_id FROM change WHERE set_id = %(set)s)""",
    "duty_grids": """UPDATE duty_grid_entry SET valid_to = %(day)s
                      WHERE id IN (SELECT old_id FROM change WHERE set_id = %(set)s)""",
}
NUMBER: dict[str, LiteralString] = {
    "areas": """UPDATE change SET new_id = nextval(pg_get_serial_sequence('area', 'id'))
                 WHERE set_id = %(set)s AND op <> 'end'""",
    "roads": """UPDATE change SET new_id = nextval(pg_get_serial_sequence('road', 'id'))
                 WHERE set_id = %(set)s AND op <> 'end'""",
    "components": """UPDATE change SET new_id = nextval(pg_get_serial_sequence('component', 'id'))
                      WHERE set_id = %(set)s AND op <> 'end'""",
    "duty_grids": """UPDATE change SET new_id = nextval(pg_get_serial_sequence('duty_grid_entry', 'id'))
                      WHERE set_id = %(set)s AND op <> 'end'""",
}
INSERT: dict[str, LiteralString] = {
    "areas": """
        INSERT INTO area (id, level, depth, code, name, name_en, parent_id, path, area_class, land_use, is_local,
                          area_m2, finest, edition_id, valid_from, geom)
        OVERRIDING SYSTEM VALUE
        SELECT c.new_id, %(level)s, %(depth)s, c.code, c.said ->> 'name', c.said ->> 'name_en', p.id,
               coalesce(p.path, '{}') || c.new_id, (c.said ->> 'area_class')::smallint, c.said ->> 'land_use',
               (c.said ->> 'is_local')::boolean::int, least(2147483647, round(ST_Area(c.geom::geography)))::bigint,
               %(finest)s, %(edition)s, %(day)s, ST_Multi(c.geom)
          FROM change c
          LEFT JOIN area p ON p.level = %(above)s AND p.code = c.said ->> 'parent' AND p.valid_to IS NULL
         WHERE c.set_id = %(set)s AND c.op <> 'end'
    """,
    "roads": """
        INSERT INTO road (id, code, name, name_en, class, trims, edition_id, valid_from, geom)
        OVERRIDING SYSTEM VALUE
        SELECT new_id, code, said ->> 'name', said ->> 'name_en', said ->> 'class',
               nullif(said -> 'trims', 'null'), %(edition)s, %(day)s, geom
          FROM change WHERE set_id = %(set)s AND op <> 'end'
    """,
    # 1e-6 degrees, a tenth of a metre, closes slivers between grids; on a common edge the lowest code decides.
    "components": """
        INSERT INTO component (id, code, category, name, area_id, supervisor, owner, maintainer, state, accuracy,
                               edition_id, valid_from, geom)
        OVERRIDING SYSTEM VALUE
        SELECT c.new_id, c.code, c.said ->> 'category', c.said ->> 'name',
               (SELECT a.id FROM area a
                 WHERE a.finest = 1 AND a.valid_to IS NULL AND ST_DWithin(a.geom, c.geom, 1e-6)
                 ORDER BY greatest(ST_Distance(a.geom, c.geom), 1e-8), a.code LIMIT 1),
               nullif(c.said ->> 'supervisor', ''), nullif(c.said ->> 'owner', ''), nullif(c.said ->> 'maintainer', ''),
               c.said ->> 'state', c.said ->> 'accuracy', %(edition)s, %(day)s, c.geom
          FROM change c WHERE c.set_id = %(set)s AND c.op <> 'end'
    """,
    "duty_grids": """
        WITH known AS (
          INSERT INTO duty_grid SELECT code FROM change WHERE set_id = %(set)s AND op = 'add' ON CONFLICT DO NOTHING
        )
        INSERT INTO duty_grid_entry (id, duty_grid, name, edition_id, valid_from)
        OVERRIDING SYSTEM VALUE
        SELECT new_id, code, said ->> 'name', %(edition)s, %(day)s FROM change WHERE set_id = %(set)s AND op <> 'end'
    """,
}
# A path is made of ids: what lies under an area that was written anew is written anew too, level by level.
STALE: LiteralString = """
    SELECT array_agg(o.id) FROM area o JOIN area p ON p.id = o.parent_id
     WHERE o.depth = %(depth)s AND o.valid_to IS NULL AND p.valid_to IS NOT NULL
"""
RENEW: LiteralString = """
    INSERT INTO area (id, level, depth, code, name, name_en, parent_id, path, area_class, land_use, is_local, area_m2,
                      finest, edition_id, valid_from, geom)
    OVERRIDING SYSTEM VALUE
    SELECT n.id, o.level, o.depth, o.code, o.name, o.name_en, p.id, p.path || n.id, o.area_class, o.land_use,
           o.is_local, o.area_m2, o.finest, %(edition)s, %(day)s, o.geom
      FROM area o
      JOIN area q ON q.id = o.parent_id
      JOIN area p ON p.level = q.level AND p.code = q.code AND p.valid_to IS NULL,
           LATERAL (SELECT nextval(pg_get_serial_sequence('area', 'id')) AS id WHERE o.id IS NOT NULL OFFSET 0) n
     WHERE o.id = ANY (%(ids)s)
"""
# What stood on a grid that is no more stands on the one drawn over it, from the same day. A grid that kept its code
# keeps its tour, a new one gets that of the ground it was cut from. A row that begins that day has no past to keep.
TOURS: LiteralString = """
    INSERT INTO duty_grid_area (grid, duty_grid, edition_id, valid_from)
    SELECT n.code, min(d.duty_grid), %(edition)s, %(day)s
      FROM area o
      JOIN duty_grid_area d ON d.grid = o.code AND d.valid_to IS NULL
      JOIN area n ON n.finest = 1 AND n.valid_to IS NULL AND n.edition_id = %(edition)s
                 AND ST_Covers(o.geom, ST_PointOnSurface(n.geom))
     WHERE o.finest = 1 AND o.valid_to = %(day)s
       AND NOT EXISTS (SELECT FROM duty_grid_area h WHERE h.grid = n.code AND h.valid_to IS NULL)
     GROUP BY n.code
"""
NO_TOURS: LiteralString = """
    UPDATE duty_grid_area d SET valid_to = %(day)s
     WHERE d.valid_to IS NULL AND NOT EXISTS (
             SELECT FROM area a WHERE a.code = d.grid AND a.finest = 1 AND a.valid_to IS NULL)
"""
MOVED: LiteralString = """
    WITH touched AS (
      SELECT c.id FROM area o JOIN component c ON c.area_id = o.id
       WHERE o.finest = 1 AND o.valid_to IS NOT NULL AND c.valid_to IS NULL
      UNION
      SELECT c.id FROM area n JOIN component c ON ST_DWithin(n.geom, c.geom, 1e-6)
       WHERE n.edition_id = %(edition)s AND n.finest = 1 AND n.valid_to IS NULL AND c.valid_to IS NULL
    ),
    moved AS (
      SELECT c.id, (SELECT a.id FROM area a
                     WHERE a.finest = 1 AND a.valid_to IS NULL AND ST_DWithin(a.geom, c.geom, 1e-6)
                     ORDER BY greatest(ST_Distance(a.geom, c.geom), 1e-8), a.code LIMIT 1) AS grid
        FROM touched JOIN component c USING (id)
    ),
    stayed AS (
      UPDATE component c SET area_id = m.grid FROM moved m
       WHERE m.id = c.id AND c.valid_from >= %(day)s AND m.grid IS DISTINCT FROM c.area_id
    ),
    ended AS (
      UPDATE component c SET valid_to = %(day)s FROM moved m
       WHERE m.id = c.id AND c.valid_from < %(day)s AND m.grid IS DISTINCT FROM c.area_id
      RETURNING c.*, m.grid
    )
    INSERT INTO component (code, category, name, area_id, supervisor, owner, maintainer, state, accuracy, edition_id,
                           valid_from, geom)
    SELECT code, category, name, grid, supervisor, owner, maintainer, state, accuracy, edition_id, %(day)s, geom
      FROM ended
"""


def write_rows(tx: Tx, layer: Layer, one: ChangeSet, edition_id: int, *, levels: int) -> None:
    """End and write what the set says on its day of force. The set was checked and is locked.

    `levels`: how many levels of area the city has. Units and tours name their areas by code.
    """
    given = {"set": one.id, "day": one.in_force, "edition": edition_id, "level": layer.key}
    given |= {"depth": layer.depth, "above": layer.above, "finest": int(layer.is_finest)}
    if layer.kind == "duty_grids":
        keep_what_was(tx, one)
    for statement in (FIND, END, NUMBER, INSERT):
        execute(tx, statement[layer.kind], **given)
    if layer.kind == "duty_grids":
        write_members(tx, one, edition_id)
    if not layer.is_area:
        return
    for depth in range(layer.depth + 1, levels + 1):
        stale = value(tx, STALE, depth=depth)
        if stale:
            execute(tx, "UPDATE area SET valid_to = %(day)s WHERE id = ANY (%(ids)s)", day=one.in_force, ids=stale)
            execute(tx, RENEW, ids=stale, edition=edition_id, day=one.in_force)
    for follow in (TOURS, NO_TOURS, MOVED):
        execute(tx, follow, edition=edition_id, day=one.in_force)
