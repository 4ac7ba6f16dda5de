"""HTTP: documents go up by themselves, before the act that names them by their hash; they come back as downloads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, Response, UploadFile
from pydantic import BaseModel

from dispatch.config import settings
from dispatch.evidence.documents import LARGEST, Document, check, keep, name_for, open_document
from dispatch.people.may import CENTRE
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from gis.db import write

router = APIRouter(prefix="/api/v1", tags=["documents"])
FRAME = 64 * 1024  # bytes of a multipart form around the file
# Whatever a viewer makes of it, it has no origin, no scripts and nothing to load.
ALONE = "sandbox; default-src 'none'; frame-ancestors 'none'"


class DocumentOut(BaseModel):
    """A stored document: name `sha256` in the act."""

    sha256: str
    name: str
    bytes: int
    pages: int


def folder() -> Path:
    """Where documents are."""
    return settings().data / "documents"


@router.post("/documents", status_code=201, **needs(Permission.ACT, body=LARGEST + FRAME))
def post_document(me: Signed, document: Annotated[UploadFile, File()]) -> DocumentOut:
    """Upload one PDF, the form's file `document`: at most 10 MB, 200 pages; no password, scripts or files inside."""
    stored = store(document.file.read(), document.filename or "", uploaded_by=me.person_id)
    return DocumentOut(sha256=stored.sha256, name=stored.name, bytes=stored.bytes, pages=stored.pages)


def store(raw: bytes, name: str, *, uploaded_by: int) -> Document:
    """Check it outside any transaction, then write file and rows: for every page that takes one itself."""
    document = check(raw, name)
    with write() as tx:
        keep(tx, raw, document, folder=folder(), uploaded_by=uploaded_by)
    return document


@router.get("/documents/{sha256}", response_class=Response, **needs(Permission.SIGNED_IN))
def get_document(sha256: str, me: Signed) -> Response:
    """The document, to be saved and not shown; 404 also if it is not yours to see."""
    with me.read() as tx:
        name = name_for(tx, sha256, person_id=me.person_id, everything=bool(me.roles & CENTRE))
    headers = {
        "content-disposition": f"attachment; filename=\"{sha256[:16]}.pdf\"; filename*=UTF-8''{quote(name, safe='')}",
        "content-security-policy": ALONE,
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
    }
    return Response(open_document(folder(), sha256), media_type="application/pdf", headers=headers)
