"""That an emergency team is out of service, and back: a ledger to which the application only adds."""

from __future__ import annotations

from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

SHAPE = """
CREATE TABLE team_service (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_team_service PRIMARY KEY,
  team_id text NOT NULL,
  reason text,
  until timestamptz,
  person_id bigint NOT NULL CONSTRAINT fk_team_service_person_id REFERENCES person,
  at timestamptz NOT NULL,
  CONSTRAINT ck_team_service_out CHECK (
    num_nonnulls(reason, until) = 0 OR (reason IS NOT NULL AND until IS NOT NULL AND until > at)));
CREATE INDEX team_service_team ON team_service (team_id, id);
COMMENT ON COLUMN team_service.team_id IS 'of the city''s file, whose rows a load replaces';
COMMENT ON COLUMN team_service.reason IS 'why it is out of service; empty: it is back';
COMMENT ON COLUMN team_service.until IS 'when it is back by itself';
REVOKE ALL ON team_service FROM wangge_app, wangge_department;
GRANT SELECT, INSERT ON team_service TO wangge_app;
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(SHAPE)


def downgrade() -> None:
    """Go back."""
    op.execute("DROP TABLE team_service")
