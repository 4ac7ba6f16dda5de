"""Cards of electronic supervision, given by rule from lapses and failed checks."""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

SHAPE = """
CREATE INDEX step_lapses ON step (at) WHERE action IN ('lapse', 'check_fail');
CREATE TABLE card (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_card PRIMARY KEY,
  case_id bigint NOT NULL CONSTRAINT fk_card_case_id REFERENCES cases,
  seq integer NOT NULL,
  unit_id text NOT NULL CONSTRAINT fk_card_unit_id REFERENCES unit,
  cause text NOT NULL,
  colour text NOT NULL,
  nth integer NOT NULL,
  rule jsonb NOT NULL,
  at timestamptz NOT NULL,
  given_at timestamptz NOT NULL,
  contested_at timestamptz,
  contested_by bigint CONSTRAINT fk_card_contested_by REFERENCES person,
  reason text,
  words text NOT NULL DEFAULT '',
  photos text[] NOT NULL DEFAULT '{}',
  ruled_at timestamptz,
  ruled_by bigint CONSTRAINT fk_card_ruled_by REFERENCES person,
  ruling text,
  CONSTRAINT uq_card_case_id_seq UNIQUE (case_id, seq),
  CONSTRAINT ck_card_two_persons CHECK (ruled_by <> contested_by),
  CONSTRAINT ck_card_ruled CHECK (ruled_at IS NULL OR (contested_at IS NOT NULL AND ruling IS NOT NULL)));
COMMENT ON COLUMN card.seq IS 'the step it rests on: a lapse, or a check that failed';
COMMENT ON COLUMN card.cause IS 'late_work, late_click, wrong_data';
COMMENT ON COLUMN card.colour IS 'yellow, red';
COMMENT ON COLUMN card.nth IS 'the how-many-th of this cause and unit within the rule''s days';
COMMENT ON COLUMN card.rule IS 'the city''s rule of then: yellow, red, days';
COMMENT ON COLUMN card.at IS 'when the step took effect';
COMMENT ON COLUMN card.reason IS 'the code word the unit chose';
COMMENT ON COLUMN card.words IS 'the unit''s own; may be emptied';
COMMENT ON COLUMN card.ruling IS 'stands or wrong';
CREATE INDEX card_unit ON card (unit_id, at);
CREATE INDEX card_at ON card (at);
CREATE INDEX card_contested ON card (contested_at) WHERE contested_at IS NOT NULL AND ruled_at IS NULL;
REVOKE ALL ON card FROM wangge_app, wangge_department;
GRANT SELECT, INSERT ON card TO wangge_app;
GRANT UPDATE (contested_at, contested_by, reason, words, photos, ruled_at, ruled_by, ruling) ON card TO wangge_app;
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(SHAPE)


def downgrade() -> None:
    """Go back."""
    op.execute("DROP TABLE card")
    op.execute("DROP INDEX step_lapses")
