"""What an emergency team drives, and when it last drilled: who says so stays written."""

from __future__ import annotations

from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

SHAPE = """
ALTER TABLE team ADD COLUMN vehicles text NOT NULL DEFAULT '', ADD COLUMN vehicles_en text NOT NULL DEFAULT '';
CREATE TABLE team_drill (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_team_drill PRIMARY KEY,
  team_id text NOT NULL,
  day date NOT NULL,
  words text NOT NULL,
  person_id bigint NOT NULL CONSTRAINT fk_team_drill_person_id REFERENCES person,
  at timestamptz NOT NULL);
CREATE INDEX team_drill_team ON team_drill (team_id, day, id);
COMMENT ON COLUMN team_drill.team_id IS 'of the city''s file, whose rows a load replaces';
COMMENT ON COLUMN team_drill.words IS 'what was drilled';
REVOKE ALL ON team_drill FROM wangge_app, wangge_department;
GRANT SELECT, INSERT ON team_drill TO wangge_app;
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(SHAPE)


def downgrade() -> None:
    """Go back."""
    op.execute("DROP TABLE team_drill")
    op.execute("ALTER TABLE team DROP COLUMN vehicles, DROP COLUMN vehicles_en")
