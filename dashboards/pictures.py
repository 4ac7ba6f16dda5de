"""Photos that came inside a form, from a page without scripts: kept as if they had been uploaded on their own."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import UploadFile

from dispatch.evidence.api import store
from dispatch.evidence.photos import LARGEST
from gis.problems import FormIncomplete

__all__ = ["BODY", "MOST", "kept"]

MOST = 4
BODY = MOST * LARGEST + 1024 * 1024


def kept(person_id: int | None, files: Sequence[UploadFile]) -> tuple[str, ...]:
    """The SHA-256 of each picture, once it is safe on disk. Empty file fields are passed over.

    Raises FormIncomplete (too many, not a photo) and TooLarge.
    """
    sent = [file for file in files if file.filename]
    if len(sent) > MOST:
        raise FormIncomplete(f"At most {MOST} photos", zh=f"最多 {MOST} 张照片", fields={"photos": "too many"})
    raws = [file.file.read() for file in sent]
    return tuple(store(raw, uploaded_by=person_id).sha256 for raw in raws if raw)
