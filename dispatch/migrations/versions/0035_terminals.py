"""Terminals of units: which there are, when they were seen, when our server was up, when one fell silent."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

SHAPE = """
CREATE TABLE terminal (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_terminal PRIMARY KEY,
  unit_id text NOT NULL CONSTRAINT fk_terminal_unit_id REFERENCES unit,
  address inet NOT NULL,
  first_at timestamptz NOT NULL,
  CONSTRAINT uq_terminal_unit_id_address UNIQUE (unit_id, address));
COMMENT ON COLUMN terminal.address IS 'where its people logged in from';
CREATE TABLE presence (
  terminal_id bigint NOT NULL CONSTRAINT fk_presence_terminal_id REFERENCES terminal,
  since timestamptz NOT NULL,
  until timestamptz NOT NULL,
  CONSTRAINT pk_presence PRIMARY KEY (terminal_id, since),
  CONSTRAINT ck_presence_forward CHECK (since <= until)) WITH (fillfactor = 70);
CREATE INDEX presence_since ON presence (since);
CREATE TABLE uptime (
  since timestamptz NOT NULL CONSTRAINT pk_uptime PRIMARY KEY,
  until timestamptz NOT NULL,
  CONSTRAINT ck_uptime_forward CHECK (since <= until));
COMMENT ON COLUMN uptime.since IS 'our own server was up: only then can a terminal be seen';
CREATE TABLE silence (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_silence PRIMARY KEY,
  unit_id text NOT NULL CONSTRAINT fk_silence_unit_id REFERENCES unit,
  since timestamptz,
  noticed_at timestamptz NOT NULL,
  ended_at timestamptz);
COMMENT ON COLUMN silence.since IS 'when it was last seen; empty: never before';
COMMENT ON COLUMN silence.noticed_at IS 'when the centre was told';
COMMENT ON COLUMN silence.ended_at IS 'when it was seen again';
CREATE UNIQUE INDEX silence_open ON silence (unit_id) WHERE ended_at IS NULL;
CREATE INDEX silence_unit ON silence (unit_id, noticed_at);
CREATE TABLE connection (
  unit_id text NOT NULL CONSTRAINT pk_connection PRIMARY KEY CONSTRAINT fk_connection_unit_id REFERENCES unit,
  networks text[] NOT NULL,
  connect_by date,
  proxy text NOT NULL);
COMMENT ON COLUMN connection.networks IS 'CIDR; empty: from anywhere';
COMMENT ON COLUMN connection.connect_by IS 'of a unit without a terminal: by when it is to have one';
COMMENT ON COLUMN connection.proxy IS 'who receives for it until then';
ALTER TABLE session ADD COLUMN terminal_id bigint CONSTRAINT fk_session_terminal_id REFERENCES terminal;
COMMENT ON COLUMN session.terminal_id IS 'of somebody who answers for a unit: where';
CREATE FUNCTION seconds_of(spans tstzmultirange) RETURNS numeric LANGUAGE sql IMMUTABLE
  RETURN (SELECT coalesce(sum(extract(epoch FROM upper(s) - lower(s))), 0) FROM unnest(spans) AS s);
"""
# Departments see none of it: their own record is read for them by the centre's eyes.
GRANTS = """
REVOKE ALL ON terminal, presence, uptime, silence, connection FROM wangge_department;
GRANT SELECT, INSERT, UPDATE ON terminal, presence, uptime, silence TO wangge_app;
GRANT SELECT, INSERT, DELETE ON connection TO wangge_app;
GRANT EXECUTE ON FUNCTION seconds_of TO wangge_app;
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(SHAPE)
    op.execute(GRANTS)


def downgrade() -> None:
    """Go back."""
    op.execute("DROP FUNCTION seconds_of")
    op.execute("ALTER TABLE session DROP COLUMN terminal_id")
    op.execute("DROP TABLE connection, silence, uptime, presence, terminal")
