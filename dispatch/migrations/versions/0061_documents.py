"""Documents as evidence: a PDF beside the photos of an ask, and of a card that is contested."""

from __future__ import annotations

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE document (
  sha256 text CONSTRAINT pk_document PRIMARY KEY,
  bytes integer NOT NULL,
  pages integer NOT NULL,
  uploaded_at timestamptz NOT NULL);
COMMENT ON COLUMN document.sha256 IS 'of the bytes as they came';
CREATE TABLE document_upload (
  sha256 text NOT NULL CONSTRAINT fk_document_upload_sha256 REFERENCES document,
  person_id bigint NOT NULL,
  name text NOT NULL,
  at timestamptz NOT NULL,
  CONSTRAINT pk_document_upload PRIMARY KEY (sha256, person_id));
COMMENT ON COLUMN document_upload.person_id IS 'who had the bytes';
COMMENT ON COLUMN document_upload.name IS 'what the sender calls it';
CREATE TABLE case_document (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_case_document PRIMARY KEY,
  case_id bigint NOT NULL CONSTRAINT fk_case_document_case_id REFERENCES cases,
  seq integer NOT NULL,
  sha256 text NOT NULL CONSTRAINT fk_case_document_sha256 REFERENCES document,
  name text NOT NULL,
  CONSTRAINT uq_case_document_case_id_seq_sha256 UNIQUE (case_id, seq, sha256));
COMMENT ON COLUMN case_document.seq IS 'the step it came with';
CREATE INDEX case_document_document ON case_document (sha256);
ALTER TABLE card ADD COLUMN documents jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN card.documents IS 'sha256, name, bytes and pages of each';

GRANT UPDATE (documents) ON card TO wangge_app;
GRANT SELECT, INSERT ON document, document_upload, case_document TO wangge_app;
GRANT SELECT ON document, case_document TO wangge_department;
GRANT SELECT (sha256, person_id) ON document_upload TO wangge_department;
ALTER TABLE case_document ENABLE ROW LEVEL SECURITY;
CREATE POLICY staff ON case_document TO wangge_app USING (true) WITH CHECK (true);
CREATE POLICY department ON case_document FOR SELECT TO wangge_department
  USING (EXISTS (SELECT FROM cases c WHERE c.id = case_document.case_id));
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(TABLES)


def downgrade() -> None:
    """Go back."""
    op.execute("ALTER TABLE card DROP COLUMN documents")
    op.execute("DROP TABLE case_document, document_upload, document")
