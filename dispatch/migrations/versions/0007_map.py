"""The map: how many components stand in each cell of a coarse map, kept by the table itself; an index of open cases."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPEN = "state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')"
TABLE = """
CREATE TABLE component_cell (
  level smallint NOT NULL,
  x integer NOT NULL,
  y integer NOT NULL,
  class text NOT NULL,
  valid_from date NOT NULL,
  valid_to date NOT NULL,
  n integer NOT NULL,
  CONSTRAINT pk_component_cell PRIMARY KEY (level, x, y, class, valid_from, valid_to)
);
COMMENT ON COLUMN component_cell.level IS 'the zoom whose tiles are the cells';
COMMENT ON COLUMN component_cell.class IS 'class code of the catalogue; empty: not in it';
COMMENT ON COLUMN component_cell.valid_to IS 'infinity: no end';
GRANT SELECT ON component_cell TO wangge_app, wangge_department;
"""
# Not strict: the planner puts a strict function in place only if it can see that its body is strict too.
PLACE = """
CREATE FUNCTION tile_x(geom geometry, zoom integer) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (ST_X(geom) + 180) / 360 * 2.0::float8 ^ zoom;
COMMENT ON FUNCTION tile_x IS 'how many tiles of the zoom a point in degrees lies east of the map''s left edge';
CREATE FUNCTION tile_y(geom geometry, zoom integer) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (1 - ln(tan(pi() / 4 + radians(greatest(least(ST_Y(geom), 85.05), -85.05)) / 2)) / pi()) / 2
         * 2.0::float8 ^ zoom;
COMMENT ON FUNCTION tile_y IS 'how many tiles of the zoom a point in degrees lies south of the map''s upper edge';
"""
# The finest cells (z19: 70 m at the tropic) first, where rows that were only touched cancel out; the coarser from them.
COUNTED = """
WITH class AS (
  SELECT DISTINCT ON (code) code, class_code FROM category WHERE kind = 'component' ORDER BY code, edition_id DESC
),
fine AS (
  SELECT floor(tile_x(geom, 19))::int AS x, floor(tile_y(geom, 19))::int AS y, coalesce(class_code, '') AS class,
         valid_from, coalesce(valid_to, 'infinity') AS valid_to, sum(n)::int AS n
    FROM ({source}) moved LEFT JOIN class ON class.code = moved.category
   GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0
)
INSERT INTO component_cell AS c (level, x, y, class, valid_from, valid_to, n)
SELECT 19 - 2 * up, x >> (2 * up), y >> (2 * up), class, valid_from, valid_to, sum(n)
  FROM fine, generate_series(0, 3) up GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6  -- one order: no deadlock
    ON CONFLICT (level, x, y, class, valid_from, valid_to) DO UPDATE SET n = c.n + excluded.n
"""
ADDED = "SELECT 1 AS n, category, valid_from, valid_to, geom FROM {}"
REMOVED = "SELECT -1 AS n, category, valid_from, valid_to, geom FROM removed"
SOURCES = {
    "insert": (ADDED.format("added"), "NEW TABLE AS added"),
    "update": (f"{ADDED.format('added')} UNION ALL {REMOVED}", "NEW TABLE AS added OLD TABLE AS removed"),
    "delete": (REMOVED, "OLD TABLE AS removed"),
}
# A new catalogue may have put a subclass into another class.
RECOUNT = f"""
CREATE FUNCTION recount_components() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS
$$ BEGIN DELETE FROM component_cell; {COUNTED.format(source=ADDED.format("component"))}; END $$
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(TABLE)
    op.execute(PLACE)
    for event, (source, tables) in SOURCES.items():
        _count(event, source, tables)
    op.execute(RECOUNT)
    op.execute("SELECT recount_components()")
    op.execute(f"CREATE INDEX cases_open_geom ON cases USING gist (geom) WHERE {OPEN}")


def _count(event: str, source: str, tables: str) -> None:
    """As the owner: nobody else may write a count."""
    op.execute(
        f"""CREATE FUNCTION count_component_{event}() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS
            $$ BEGIN {COUNTED.format(source=source)}; RETURN NULL; END $$"""
    )
    op.execute(
        f"""CREATE TRIGGER count_{event} AFTER {event} ON component REFERENCING {tables}
            FOR EACH STATEMENT EXECUTE FUNCTION count_component_{event}()"""
    )


def downgrade() -> None:
    """Go back."""
    op.execute("DROP INDEX cases_open_geom")
    for event in SOURCES:
        op.execute(f"DROP TRIGGER count_{event} ON component")
        op.execute(f"DROP FUNCTION count_component_{event}()")
    op.execute("DROP FUNCTION recount_components()")
    op.execute("DROP TABLE component_cell")
    op.execute("DROP FUNCTION tile_x, tile_y")
