"""Documents: a PDF as evidence, kept under its hash as it came, checked to show pages and do nothing else.

    <data>/documents/ab/<sha256>                 0640; handed out as a download only, never shown by the server

All names on the disk are made here, of the hash; the name it came with is a word beside it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from dispatch.evidence import pdf
from dispatch.evidence.disk import write_whole
from dispatch.evidence.photos import SHA256
from dispatch.evidence.turns import Turns, later
from gis.db import ReadTx, Tx, execute, value
from gis.problems import FormIncomplete, NotFound, TooLarge, Unavailable

__all__ = ["LARGEST", "MOST", "Document", "check", "document_path", "keep", "name_for", "open_document", "plain_name"]

LARGEST = 10 * 1024 * 1024  # bytes
MOST = 2  # to one act
LONGEST = 80  # characters of a name
WALL = 20  # seconds for one; it may use half of that of a processor
_checkers = Turns(2, seconds=2)
WORDS = {
    "no_pdf": ("This is no PDF, or something stands before or behind it", "文件不是 PDF，或前后夹带其他内容"),
    "encrypted": ("The PDF is encrypted; save it again without a password", "PDF 已加密，请取消密码后重新保存"),
    "active": (
        "The PDF holds scripts or actions; print it to a new PDF and send that",
        "PDF 含有脚本或动作，请重新打印成 PDF 后再传",
    ),
    "embedded": (
        "The PDF holds or loads other files; print it to a new PDF and send that",
        "PDF 内嵌或引用了其他文件，请重新打印成 PDF 后再传",
    ),
    "pages": (f"The PDF has more than {pdf.PAGES} pages", f"PDF 超过 {pdf.PAGES} 页"),
    "damaged": ("The PDF is damaged, or too tangled to be checked", "PDF 已损坏，或结构过于复杂，无法检查"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A PDF that was checked. `sha256`: of the bytes; `name`: what its sender calls it."""

    sha256: str
    name: str
    bytes: int
    pages: int


def check(raw: bytes, name: str) -> Document:
    """Raises TooLarge, and FormIncomplete for what is no PDF, is locked, acts, holds files or has too many pages.

    Unavailable: too many are being checked, or no process can be had for it.
    """
    if len(raw) > LARGEST:
        raise TooLarge("The PDF is larger than 10 MB", zh="PDF 不得超过 10 MB", limit=LARGEST)
    if not pdf.HEAD.match(raw):  # no process for what is plainly something else
        raise _refused("no_pdf")
    with _checkers.taken():
        said = _asked(raw)
    if "pages" not in said:
        raise _refused(str(said.get("refused")))
    sha256 = hashlib.sha256(raw).hexdigest()
    return Document(sha256=sha256, name=plain_name(name), bytes=len(raw), pages=int(said["pages"]))


def _asked(raw: bytes) -> dict[str, str | int]:
    """What the checker says; nothing if it ran out of memory or time. Raises Unavailable: it could not begin."""
    command = [sys.executable, "-I", pdf.__file__]
    try:
        done = subprocess.run(command, input=raw, capture_output=True, timeout=WALL, check=False, env={})
        said: dict[str, str | int] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return {}
    except OSError as error:  # no memory or no handle for one more process
        raise later() from error
    return said


def plain_name(name: str) -> str:
    """A name without folders, signs that are not seen, and more than 80 characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(sign for sign in last if not unicodedata.category(sign).startswith(("C", "Z")) or sign == " ")
    stem = " ".join(seen.split()).removesuffix(".pdf").removesuffix(".PDF").strip(". ")
    return f"{stem[: LONGEST - 4] or 'document'}.pdf"


def keep(tx: Tx, raw: bytes, document: Document, *, folder: Path, uploaded_by: int) -> None:
    """Store it: the file first, rows after. `folder`: `<data>/documents`. Raises Unavailable: nothing is stored."""
    try:
        write_whole(document_path(folder, document.sha256), raw, mode=0o640)
    except OSError as error:
        raise Unavailable("The document cannot be stored now; try again", zh="材料暂时无法保存，请稍后重试") from error
    execute(
        tx,
        """WITH kept AS (
             INSERT INTO document (sha256, bytes, pages, uploaded_at) VALUES (%(sha256)s, %(bytes)s, %(pages)s, %(now)s)
             ON CONFLICT (sha256) DO NOTHING)
           INSERT INTO document_upload (sha256, person_id, name, at) VALUES (%(sha256)s, %(by)s, %(name)s, %(now)s)
           ON CONFLICT DO NOTHING""",
        sha256=document.sha256,
        bytes=document.bytes,
        pages=document.pages,
        name=document.name,
        by=uploaded_by,
        now=tx.now,
    )


def document_path(folder: Path, sha256: str) -> Path:
    """Where it is. Raises NotFound for what is no hash."""
    if not SHA256.fullmatch(sha256):
        raise _none()
    return folder / sha256[:2] / sha256


def open_document(folder: Path, sha256: str) -> bytes:
    """Its bytes. Raises NotFound."""
    try:
        return document_path(folder, sha256).read_bytes()
    except FileNotFoundError as error:
        raise _none() from error


def name_for(tx: ReadTx, sha256: str, *, person_id: int, everything: bool) -> str:
    """What it is called for this person, in a transaction with that person's rights (`me.read()`).

    `everything`: holds a post of the centre. A department has the documents of the cases that row security lets
    through; others, and everybody besides, what they sent themselves. Raises NotFound.
    """
    asked = """
        SELECT coalesce(
          (SELECT d.name FROM case_document d
            WHERE d.sha256 = %(s)s AND (%(everything)s OR current_user = 'wangge_department') ORDER BY d.id LIMIT 1),
          (SELECT 'document.pdf' FROM document_upload u
            WHERE u.sha256 = %(s)s AND (%(everything)s OR u.person_id = %(me)s) LIMIT 1))
    """
    found = value(tx, asked, s=sha256, me=person_id, everything=everything)
    if found is None:
        raise _none()
    return str(found)


def _refused(code: str) -> FormIncomplete:
    title, zh = WORDS.get(code, WORDS["damaged"])
    return FormIncomplete(title, zh=zh, fields={"documents": title}, document=code)


def _none() -> NotFound:
    return NotFound("There is no such document", zh="材料不存在")
