"""Everybody who sent a photo's bytes: nobody else may put the picture to a case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "photo_upload",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger(), nullable=True, comment="who had the bytes; empty: somebody without an account"
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["photo.sha256"], name=op.f("fk_photo_upload_sha256")),
    )
    op.create_index("photo_upload_once", "photo_upload", ["sha256", sa.text("coalesce(person_id, 0)")], unique=True)
    op.execute("INSERT INTO photo_upload (sha256, person_id, at) SELECT sha256, uploaded_by, uploaded_at FROM photo")
    op.alter_column("photo", "uploaded_by", comment="whoever sent it first")
    op.execute("GRANT SELECT, INSERT ON photo_upload TO wangge_app")
    op.execute("GRANT SELECT ON photo_upload TO wangge_department")


def downgrade() -> None:
    """Go back."""
    op.alter_column("photo", "uploaded_by", comment=None)
    op.drop_table("photo_upload")
