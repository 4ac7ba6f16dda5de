"""Emergency teams, and the ledger of spare parts, to which the application only adds."""

from __future__ import annotations

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

SHAPE = """
CREATE TABLE team (
  id text CONSTRAINT pk_team PRIMARY KEY,
  unit_id text NOT NULL CONSTRAINT fk_team_unit_id REFERENCES unit,
  name text NOT NULL,
  name_en text NOT NULL,
  members integer NOT NULL,
  skills text NOT NULL,
  skills_en text NOT NULL,
  classes text[] NOT NULL,
  geom geometry(Point, 4490) NOT NULL,
  days text NOT NULL,
  starts time NOT NULL,
  ends time NOT NULL,
  key bytea NOT NULL,
  phone bytea NOT NULL);
COMMENT ON COLUMN team.classes IS 'kind:class of the catalogue that it answers';
COMMENT ON COLUMN team.days IS 'all, work, off, or ISO weekdays: on which its shift begins';
COMMENT ON COLUMN team.starts IS 'wall time of the city';
COMMENT ON COLUMN team.ends IS 'not after starts: the next day';
COMMENT ON COLUMN team.key IS 'its own; without it the telephone is noise';
COMMENT ON COLUMN team.phone IS 'concealed';
CREATE TABLE spare (
  id text CONSTRAINT pk_spare PRIMARY KEY,
  unit_id text NOT NULL CONSTRAINT fk_spare_unit_id REFERENCES unit,
  category text NOT NULL,
  name text NOT NULL,
  name_en text NOT NULL,
  depot text NOT NULL,
  depot_en text NOT NULL,
  low integer NOT NULL,
  listed boolean NOT NULL DEFAULT true,
  CONSTRAINT ck_spare_low CHECK (low >= 0));
CREATE INDEX spare_category ON spare (category);
COMMENT ON COLUMN spare.category IS 'the component''s subclass it is a part of';
COMMENT ON COLUMN spare.low IS 'fewer than so many are few';
COMMENT ON COLUMN spare.listed IS 'false: the city''s file has it no more';
CREATE TABLE stock_count (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_stock_count PRIMARY KEY,
  spare_id text NOT NULL CONSTRAINT fk_stock_count_spare_id REFERENCES spare,
  counted integer NOT NULL,
  quantity integer NOT NULL,
  reason text NOT NULL,
  asked_by bigint NOT NULL CONSTRAINT fk_stock_count_asked_by REFERENCES person,
  asked_at timestamptz NOT NULL,
  answer text,
  answered_by bigint CONSTRAINT fk_stock_count_answered_by REFERENCES person,
  answered_at timestamptz,
  CONSTRAINT ck_stock_count_counted CHECK (counted >= 0 AND quantity <> 0),
  CONSTRAINT ck_stock_count_two_persons CHECK (
    num_nonnulls(answer, answered_by, answered_at) IN (0, 3) AND answer IN ('agreed', 'refused', 'withdrawn')
    AND (answered_by = asked_by) = (answer = 'withdrawn')));
CREATE UNIQUE INDEX stock_count_open ON stock_count (spare_id) WHERE answer IS NULL;
COMMENT ON COLUMN stock_count.quantity IS 'what was counted less what the ledger said then';
COMMENT ON COLUMN stock_count.answer IS 'agreed, refused, or withdrawn by who asked';
CREATE TABLE stock_movement (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_stock_movement PRIMARY KEY,
  spare_id text NOT NULL CONSTRAINT fk_stock_movement_spare_id REFERENCES spare,
  kind text NOT NULL,
  quantity integer NOT NULL,
  case_id bigint,
  seq integer,
  count_id bigint CONSTRAINT fk_stock_movement_count_id REFERENCES stock_count,
  key uuid,
  person_id bigint CONSTRAINT fk_stock_movement_person_id REFERENCES person,
  at timestamptz NOT NULL,
  CONSTRAINT fk_stock_movement_case_id FOREIGN KEY (case_id, seq) REFERENCES step (case_id, seq),
  CONSTRAINT uq_stock_movement_count_id UNIQUE (count_id),
  CONSTRAINT uq_stock_movement_key UNIQUE (key),
  CONSTRAINT uq_stock_movement_case_id_seq_spare_id UNIQUE (case_id, seq, spare_id),
  CONSTRAINT ck_stock_movement_kind CHECK (kind IN ('received', 'used', 'corrected')),
  CONSTRAINT ck_stock_movement_sign CHECK (
    quantity <> 0 AND (kind = 'received') <= (quantity > 0) AND (kind = 'used') <= (quantity < 0)),
  CONSTRAINT ck_stock_movement_reply CHECK (num_nonnulls(case_id, seq) = CASE WHEN kind = 'used' THEN 2 ELSE 0 END),
  CONSTRAINT ck_stock_movement_count CHECK ((count_id IS NOT NULL) = (kind = 'corrected')));
CREATE INDEX stock_movement_spare ON stock_movement (spare_id, id) INCLUDE (quantity);
COMMENT ON COLUMN stock_movement.kind IS 'received; used by the reply of a case; corrected after a count';
COMMENT ON COLUMN stock_movement.quantity IS 'the stock is their sum';
COMMENT ON COLUMN stock_movement.seq IS 'the reply';
COMMENT ON COLUMN stock_movement.key IS 'of a receipt: sent twice it is one';
COMMENT ON COLUMN stock_movement.person_id IS 'empty: the city''s file, when it was loaded';
COMMENT ON COLUMN alarm.event IS 'start, warn, lapse, or danger: it was found to be dangerous';
REVOKE ALL ON team, spare, stock_count, stock_movement FROM wangge_app, wangge_department;
GRANT SELECT, INSERT, DELETE ON team TO wangge_app;
GRANT SELECT, INSERT, UPDATE ON spare TO wangge_app;
GRANT SELECT, INSERT ON stock_count, stock_movement TO wangge_app;
GRANT UPDATE (answer, answered_by, answered_at) ON stock_count TO wangge_app;
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(SHAPE)


def downgrade() -> None:
    """Go back."""
    op.execute("DROP TABLE stock_movement, stock_count, spare, team")
    op.execute("COMMENT ON COLUMN alarm.event IS 'start, warn or lapse'")
