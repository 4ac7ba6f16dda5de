"""The photos and documents on the disk: each there, of the size and the hash that the database says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

from dispatch.verify.finding import Breach
from gis.db import ReadTx

__all__ = ["file_breaches"]

PHOTOS: LiteralString = """
    SELECT p.sha256, p.served_sha256, p.bytes,
           (SELECT min(c.number) FROM case_photo x JOIN cases c ON c.id = x.case_id WHERE x.sha256 = p.sha256)
      FROM photo p ORDER BY p.sha256
"""
DOCUMENTS: LiteralString = """
    SELECT d.sha256, d.bytes,
           (SELECT min(c.number) FROM case_document x JOIN cases c ON c.id = x.case_id WHERE x.sha256 = d.sha256)
      FROM document d ORDER BY d.sha256
"""


def file_breaches(tx: ReadTx, data: Path) -> Iterator[Breach]:
    """Every photo (original and served copy) and every document that any case names. `data`: the data folder."""
    yield from _photo_breaches(tx, data / "photos")
    for sha256, size, number in tx.connection.execute(DOCUMENTS):
        fault = number and _fault(data / "documents" / sha256[:2] / sha256, sha256, size)
        if fault:
            yield Breach(number, f"document {sha256[:12]}: {fault}")


def _photo_breaches(tx: ReadTx, folder: Path) -> Iterator[Breach]:
    for sha256, served, size, number in tx.connection.execute(PHOTOS):
        if number is None:
            continue
        original = folder / "original" / sha256[:2] / sha256
        copy = folder / "served" / sha256[:2] / f"{sha256}.jpg"
        for path, wanted, length in ((original, sha256, size), (copy, served, None)):
            if fault := _fault(path, wanted, length):
                yield Breach(number, f"photo {sha256[:12]}, {path.parent.parent.name}: {fault}")


def _fault(path: Path, sha256: str, size: int | None) -> str | None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "the file is gone"
    except OSError as error:
        return f"the file cannot be read ({error.strerror})"
    if size is not None and path.stat().st_size != size:
        return f"{path.stat().st_size} bytes instead of {size}"
    return None if found == sha256 else "its bytes are not those that were sent"
