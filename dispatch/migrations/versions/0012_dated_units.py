"""Units and duty grids become identities with dated rows; the city's settings an edition of their own."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

DATED = "edition_id integer NOT NULL, valid_from date NOT NULL, valid_to date"
DAYS = "first day on which it is no more"

UNITS = f"""
CREATE TABLE unit_entry (
  unit_id text NOT NULL CONSTRAINT fk_unit_entry_unit_id REFERENCES unit,
  name text NOT NULL, name_en text NOT NULL, tier smallint NOT NULL,
  parent_id text CONSTRAINT fk_unit_entry_parent_id REFERENCES unit,
  types text[] NOT NULL, area text, ranking_group text, terminal boolean NOT NULL, platform boolean NOT NULL, {DATED},
  CONSTRAINT fk_unit_entry_edition_id FOREIGN KEY (edition_id) REFERENCES edition,
  CONSTRAINT pk_unit_entry PRIMARY KEY (unit_id, valid_from)
);
COMMENT ON COLUMN unit_entry.tier IS '1 city, 2 district, 3 street or crew';
COMMENT ON COLUMN unit_entry.types IS 'responsible types it answers for';
COMMENT ON COLUMN unit_entry.area IS 'its territory as level:code; empty: the whole city';
COMMENT ON COLUMN unit_entry.terminal IS 'false: served by printed sheet and a named proxy';
COMMENT ON COLUMN unit_entry.platform IS 'second-level platform: passes on to its sub-units';
COMMENT ON COLUMN unit_entry.valid_to IS '{DAYS}';
INSERT INTO unit_entry SELECT u.id, u.name, u.name_en, u.tier, u.parent_id, u.types, a.level || ':' || a.code,
       u.ranking_group, u.terminal, u.platform, u.edition_id, u.valid_from, u.valid_to
  FROM unit u LEFT JOIN area a ON a.id = u.area_id;
DROP INDEX unit_parent;
ALTER TABLE unit DROP COLUMN name, DROP COLUMN name_en, DROP COLUMN tier, DROP COLUMN parent_id, DROP COLUMN types,
  DROP COLUMN area_id, DROP COLUMN ranking_group, DROP COLUMN terminal, DROP COLUMN platform, DROP COLUMN edition_id,
  DROP COLUMN valid_from, DROP COLUMN valid_to;
"""

DUTY_GRIDS = f"""
INSERT INTO edition (kind, name, in_force, source, content_hash)
  SELECT 'duty_grids', 'duty_grids-1', min(in_force), 'duty_grids.csv', 'as loaded before editions of duty grids'
    FROM edition WHERE kind <> 'city' HAVING count(*) > 0;
CREATE TABLE duty_grid_entry (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_duty_grid_entry PRIMARY KEY,
  duty_grid text NOT NULL CONSTRAINT fk_duty_grid_entry_duty_grid REFERENCES duty_grid, name text NOT NULL, {DATED},
  CONSTRAINT fk_duty_grid_entry_edition_id FOREIGN KEY (edition_id) REFERENCES edition
);
INSERT INTO duty_grid_entry (duty_grid, name, edition_id, valid_from)
  SELECT d.code, d.name, e.id, e.in_force FROM duty_grid d, edition e WHERE e.kind = 'duty_grids';
ALTER TABLE duty_grid DROP COLUMN name;
ALTER TABLE duty_grid_area RENAME TO duty_grid_area_before;
CREATE TABLE duty_grid_area (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_duty_grid_area_dated PRIMARY KEY,
  grid text NOT NULL, duty_grid text NOT NULL, {DATED},
  CONSTRAINT fk_duty_grid_area_edition_id FOREIGN KEY (edition_id) REFERENCES edition
);
INSERT INTO duty_grid_area (grid, duty_grid, edition_id, valid_from)
  SELECT a.code, d.duty_grid, e.id, e.in_force
    FROM duty_grid_area_before d JOIN area a ON a.id = d.area_id, edition e WHERE e.kind = 'duty_grids';
DROP TABLE duty_grid_area_before;
ALTER TABLE duty_grid_area RENAME CONSTRAINT pk_duty_grid_area_dated TO pk_duty_grid_area;
ALTER TABLE duty_grid_area ADD CONSTRAINT fk_duty_grid_area_duty_grid FOREIGN KEY (duty_grid) REFERENCES duty_grid;
ALTER TABLE person_duty_grid RENAME TO person_duty_grid_before;
CREATE TABLE person_duty_grid (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_person_duty_grid_dated PRIMARY KEY,
  person_id bigint NOT NULL, duty_grid text NOT NULL, {DATED},
  CONSTRAINT fk_person_duty_grid_edition_id FOREIGN KEY (edition_id) REFERENCES edition
);
INSERT INTO person_duty_grid (person_id, duty_grid, edition_id, valid_from)
  SELECT g.person_id, g.duty_grid, e.id, e.in_force FROM person_duty_grid_before g, edition e
   WHERE e.kind = 'duty_grids';
DROP TABLE person_duty_grid_before;
ALTER TABLE person_duty_grid RENAME CONSTRAINT pk_person_duty_grid_dated TO pk_person_duty_grid;
ALTER TABLE person_duty_grid ADD CONSTRAINT fk_person_duty_grid_person_id FOREIGN KEY (person_id) REFERENCES person,
  ADD CONSTRAINT fk_person_duty_grid_duty_grid FOREIGN KEY (duty_grid) REFERENCES duty_grid;
CREATE UNIQUE INDEX duty_grid_entry_open ON duty_grid_entry (duty_grid) WHERE valid_to IS NULL;
CREATE INDEX duty_grid_area_unit_grid ON duty_grid_area (grid);
CREATE UNIQUE INDEX duty_grid_area_open ON duty_grid_area (grid) WHERE valid_to IS NULL;
CREATE INDEX person_duty_grid_grid ON person_duty_grid (duty_grid);
CREATE UNIQUE INDEX person_duty_grid_open ON person_duty_grid (person_id, duty_grid) WHERE valid_to IS NULL;
COMMENT ON COLUMN duty_grid_area.grid IS 'code of the unit grid, which outlives its rows';
COMMENT ON COLUMN duty_grid_entry.valid_to IS '{DAYS}';
COMMENT ON COLUMN duty_grid_area.valid_to IS '{DAYS}';
COMMENT ON COLUMN person_duty_grid.valid_to IS '{DAYS}';
"""

# What a city that is in already was decided by until now: in force from its first day, as its other editions.
SETTINGS = """
INSERT INTO edition (kind, name, in_force, source, content_hash, content)
  SELECT 'settings', 'settings-1', (SELECT min(in_force) FROM edition WHERE kind NOT IN ('city', 'duty_grids')),
         'city.toml', md5(said.content::text), said.content
    FROM city, LATERAL (
      SELECT jsonb_object_agg(key, value) AS content FROM jsonb_each(city.document)
       WHERE key IN ('levels', 'component_code', 'case_number', 'road_classes', 'time_classes', 'reach', 'policy',
                     'ranking')) said;
COMMENT ON COLUMN edition.kind IS
  'areas, roads, components, units, duty_grids, calendar, catalogue, rules, stages, settings, city';
COMMENT ON COLUMN edition.content IS
  'the whole edition where it is a document: rules, calendar, stages, settings, city';
"""

FUNCTIONS = """
CREATE FUNCTION city_day(at timestamptz) RETURNS date LANGUAGE sql STABLE
  RETURN (at AT TIME ZONE coalesce((SELECT document ->> 'time_zone' FROM city), 'UTC'))::date;
COMMENT ON FUNCTION city_day IS 'the day it is in the city at an instant; at Greenwich where no city is loaded';
CREATE FUNCTION units_on(day date) RETURNS SETOF unit_entry LANGUAGE sql STABLE
  BEGIN ATOMIC
    SELECT DISTINCT ON (unit_id) * FROM unit_entry WHERE valid_from <= day ORDER BY unit_id, valid_from DESC;
  END;
COMMENT ON FUNCTION units_on IS
  'what the directory said of each unit on a day; of one that had ended (valid_to <= day), what it said last';
"""

GRANTS = """
GRANT SELECT, INSERT ON unit_entry, duty_grid_entry, duty_grid_area, person_duty_grid TO wangge_app;
GRANT UPDATE (valid_to) ON unit_entry, duty_grid_entry, duty_grid_area, person_duty_grid TO wangge_app;
REVOKE UPDATE ON unit, duty_grid FROM wangge_app;
REVOKE DELETE ON duty_grid FROM wangge_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO wangge_app;
GRANT SELECT ON unit_entry, duty_grid_entry, duty_grid_area, person_duty_grid TO wangge_department;
"""

# Of several days only the last one is kept: that is what the tables before could hold.
BACK = """
ALTER TABLE unit ADD name text, ADD name_en text, ADD tier smallint,
  ADD parent_id text CONSTRAINT fk_unit_parent_id REFERENCES unit, ADD types text[],
  ADD area_id bigint CONSTRAINT fk_unit_area_id REFERENCES area, ADD ranking_group text, ADD terminal boolean,
  ADD platform boolean, ADD edition_id integer CONSTRAINT fk_unit_edition_id REFERENCES edition, ADD valid_from date,
  ADD valid_to date;
UPDATE unit SET name = e.name, name_en = e.name_en, tier = e.tier, parent_id = e.parent_id, types = e.types,
       ranking_group = e.ranking_group, terminal = e.terminal, platform = e.platform, edition_id = e.edition_id,
       valid_from = e.valid_from, valid_to = e.valid_to,
       area_id = (SELECT a.id FROM area a WHERE a.level || ':' || a.code = e.area ORDER BY a.valid_from DESC LIMIT 1)
  FROM units_on('infinity') e WHERE e.unit_id = unit.id;
ALTER TABLE unit ALTER name SET NOT NULL, ALTER name_en SET NOT NULL, ALTER tier SET NOT NULL,
  ALTER types SET NOT NULL, ALTER terminal SET NOT NULL, ALTER platform SET NOT NULL, ALTER edition_id SET NOT NULL,
  ALTER valid_from SET NOT NULL;
COMMENT ON COLUMN unit.tier IS '1 city, 2 district, 3 street or crew';
COMMENT ON COLUMN unit.types IS 'responsible types it answers for';
COMMENT ON COLUMN unit.area_id IS 'its territory; empty: the whole city';
COMMENT ON COLUMN unit.terminal IS 'false: served by printed sheet and a named proxy';
COMMENT ON COLUMN unit.platform IS 'second-level platform: passes on to its sub-units';
CREATE INDEX unit_parent ON unit (parent_id);
DROP FUNCTION units_on;
DROP FUNCTION city_day;
DROP TABLE unit_entry;

ALTER TABLE duty_grid ADD name text;
UPDATE duty_grid SET name = coalesce(
  (SELECT e.name FROM duty_grid_entry e WHERE e.duty_grid = duty_grid.code ORDER BY e.id DESC LIMIT 1), code);
ALTER TABLE duty_grid ALTER name SET NOT NULL;
DROP TABLE duty_grid_entry;
ALTER TABLE duty_grid_area RENAME TO duty_grid_area_dated;
ALTER TABLE duty_grid_area_dated RENAME CONSTRAINT pk_duty_grid_area TO pk_duty_grid_area_dated;
CREATE TABLE duty_grid_area (
  area_id bigint NOT NULL CONSTRAINT fk_duty_grid_area_area_id REFERENCES area, duty_grid text NOT NULL,
  CONSTRAINT pk_duty_grid_area PRIMARY KEY (area_id)
);
INSERT INTO duty_grid_area SELECT a.id, d.duty_grid FROM duty_grid_area_dated d
  JOIN area a ON a.code = d.grid AND a.finest = 1 AND a.valid_to IS NULL WHERE d.valid_to IS NULL;
DROP TABLE duty_grid_area_dated;
ALTER TABLE duty_grid_area ADD CONSTRAINT fk_duty_grid_area_duty_grid FOREIGN KEY (duty_grid) REFERENCES duty_grid;
CREATE INDEX duty_grid_area_grid ON duty_grid_area (duty_grid);
ALTER TABLE person_duty_grid RENAME TO person_duty_grid_dated;
ALTER TABLE person_duty_grid_dated RENAME CONSTRAINT pk_person_duty_grid TO pk_person_duty_grid_dated;
CREATE TABLE person_duty_grid (
  person_id bigint NOT NULL, duty_grid text NOT NULL, CONSTRAINT pk_person_duty_grid PRIMARY KEY (person_id, duty_grid)
);
INSERT INTO person_duty_grid SELECT person_id, duty_grid FROM person_duty_grid_dated WHERE valid_to IS NULL;
DROP TABLE person_duty_grid_dated;
ALTER TABLE person_duty_grid ADD CONSTRAINT fk_person_duty_grid_person_id FOREIGN KEY (person_id) REFERENCES person,
  ADD CONSTRAINT fk_person_duty_grid_duty_grid FOREIGN KEY (duty_grid) REFERENCES duty_grid;
CREATE INDEX person_duty_grid_grid ON person_duty_grid (duty_grid);
DELETE FROM edition WHERE kind IN ('settings', 'duty_grids');
COMMENT ON COLUMN edition.kind IS 'areas, roads, components, units, calendar, catalogue, rules, stages, city';
COMMENT ON COLUMN edition.content IS 'the whole edition where it is a document: rules, calendar, stages, city';
"""

GRANTS_BACK = """
GRANT SELECT, INSERT, DELETE ON duty_grid_area, person_duty_grid TO wangge_app;
GRANT UPDATE ON unit, duty_grid TO wangge_app;
GRANT DELETE ON duty_grid TO wangge_app;
GRANT SELECT ON duty_grid_area, person_duty_grid TO wangge_department;
"""


def upgrade() -> None:
    """Go forward."""
    for part in (UNITS, DUTY_GRIDS, SETTINGS, FUNCTIONS, GRANTS):
        op.execute(part)


def downgrade() -> None:
    """Go back: each unit and duty grid as it was last."""
    for part in (BACK, GRANTS_BACK):
        op.execute(part)
