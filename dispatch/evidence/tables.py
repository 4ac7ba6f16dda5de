"""Photos: the original is kept sealed under its hash, the served copy is re-encoded. Documents: kept as they came."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from gis.tables import instant, metadata

photo = Table(
    "photo",
    metadata,
    Column("sha256", Text, primary_key=True, comment="of the bytes as they came"),
    Column("served_sha256", Text, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("dhash", BigInteger, nullable=False, comment="difference hash, 64 bits: finds the same picture used twice"),
    instant("taken_at", comment="the camera's claim"),
    Column("claims", JSONB, nullable=False, server_default="{}", comment="checks of the camera's claims, no position"),
    Column("uploaded_by", BigInteger, comment="whoever sent it first"),
    instant("uploaded_at", nullable=False),
)

photo_upload = Table(
    "photo_upload",
    metadata,
    Column("sha256", Text, ForeignKey("photo.sha256"), nullable=False),
    Column("person_id", BigInteger, comment="who had the bytes; empty: somebody without an account"),
    instant("at", nullable=False),
    Index("photo_upload_once", "sha256", text("coalesce(person_id, 0)"), unique=True),
)

case_photo = Table(
    "case_photo",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False),
    Column("seq", Integer, nullable=False, comment="the step it came with"),
    Column("sha256", Text, ForeignKey("photo.sha256"), nullable=False),
    Column("kind", Text, nullable=False, comment="before, after, verify, check, cordon"),
    UniqueConstraint("case_id", "seq", "sha256"),
    Index("case_photo_photo", "sha256"),
)

document = Table(
    "document",
    metadata,
    Column("sha256", Text, primary_key=True, comment="of the bytes as they came"),
    Column("bytes", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    instant("uploaded_at", nullable=False),
)

document_upload = Table(
    "document_upload",
    metadata,
    Column("sha256", Text, ForeignKey("document.sha256"), primary_key=True),
    Column("person_id", BigInteger, primary_key=True, autoincrement=False, comment="who had the bytes"),
    Column("name", Text, nullable=False, comment="what the sender calls it"),
    instant("at", nullable=False),
)

case_document = Table(
    "case_document",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False),
    Column("seq", Integer, nullable=False, comment="the step it came with"),
    Column("sha256", Text, ForeignKey("document.sha256"), nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("case_id", "seq", "sha256"),
    Index("case_document_document", "sha256"),
)
