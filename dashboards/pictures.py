"""Photos and documents that came inside a form: kept as if they had been uploaded on their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Form as Posted
from fastapi import UploadFile

from dispatch.evidence import documents, documents_api
from dispatch.evidence.api import store
from dispatch.evidence.documents import Document
from dispatch.evidence.photos import LARGEST, MOST
from gis.problems import FormIncomplete

__all__ = ["BODY", "Documents", "Photos", "filed", "kept", "together"]

# What came with a form that was refused, by name: as many as one act takes. Documents are counted by `together`, where
# one named twice is one.
Photos = Annotated[tuple[str, ...], Posted(max_length=MOST)]
Documents = Annotated[tuple[str, ...], Posted()]
BODY = MOST * LARGEST + documents.MOST * documents.LARGEST + 1024 * 1024


def kept(person_id: int | None, files: Sequence[UploadFile], before: Sequence[str] = ()) -> tuple[str, ...]:
    """The SHA-256 of the pictures that a form named already (`before`) and of each that came with it, once it is safe
    on disk. Empty file fields are passed over.

    Raises FormIncomplete (too many together, not a photo) and TooLarge.
    """
    sent = [file for file in files if file.filename]
    named = dict.fromkeys(before)
    if len(named) + len(sent) > MOST:
        raise FormIncomplete(f"At most {MOST} photos", zh=f"最多 {MOST} 张照片", fields={"photos": "too many"})
    raws = [file.file.read() for file in sent]
    return (*named, *(store(raw, uploaded_by=person_id).sha256 for raw in raws if raw))


def filed(person_id: int, files: Sequence[UploadFile]) -> tuple[Document, ...]:
    """The same of PDFs. Raises FormIncomplete (too many, not taken) and TooLarge."""
    sent = [file for file in files if file.filename]
    if len(sent) > documents.MOST:
        raise _too_many_documents()
    return tuple(documents_api.store(file.file.read(), file.filename or "", uploaded_by=person_id) for file in sent)


def together(before: Sequence[str], came: Sequence[Document]) -> tuple[str, ...]:
    """The documents that a form named already and those that came with it, each once. Raises FormIncomplete."""
    named = tuple(dict.fromkeys((*before, *(one.sha256 for one in came))))
    if len(named) > documents.MOST:
        raise _too_many_documents()
    return named


def _too_many_documents() -> FormIncomplete:
    return FormIncomplete(
        f"At most {documents.MOST} PDFs", zh=f"最多 {documents.MOST} 个 PDF 文件", fields={"documents": "too many"}
    )
