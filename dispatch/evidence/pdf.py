"""Is it a PDF that does nothing but show pages? Asked in a process of its own, with little memory and time.

Run as a program (`python pdf.py` with the bytes on its standard input) it answers in one line of JSON: how many pages,
or which of `REFUSALS` it is. It imports nothing of the product, so it starts fast and holds no connection and no key.
"""

from __future__ import annotations

import io
import json
import logging
import re
import resource
import sys
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

PAGES = 200
OBJECTS = 200_000
MEMORY, SECONDS = 1 << 30, 10
REFUSALS = ("no_pdf", "encrypted", "active", "embedded", "pages", "damaged")
HEAD = re.compile(rb"%PDF-[12]\.\d")
BLANK = b"\0\t\n\f\r "
# A viewer that mends a file may find objects that its own table does not name: these words may stand nowhere in clear.
NAKED = re.compile(rb"/(JavaScript|Launch|ImportData|SubmitForm|EmbeddedFiles?|RichMedia)(?![A-Za-z0-9])")
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
ACTIVE = frozenset({"/JS", "/JavaScript", "/XFA", "/RichMedia", "/RichMediaContent", "/Launch"})
ACTING = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition", "/Movie", "/Sound"}
    | {"/RichMediaExecute", "/RichMedia", "/Screen", "/3D"}
)
EMBEDDED = frozenset({"/EF", "/EmbeddedFile", "/EmbeddedFiles", "/FileAttachment"})


class Refused(Exception):
    """Why it is not taken: one of `REFUSALS`."""


def look(raw: bytes) -> int:
    """How many pages it has. Raises Refused, and whatever a broken file makes of a reader."""
    if not HEAD.match(raw) or not raw.rstrip(BLANK).endswith(b"%%EOF"):
        raise Refused("no_pdf")  # something before or behind it: another kind of file at the same time
    if found := NAKED.search(ESCAPED.sub(lambda hit: bytes([int(hit[1], 16)]), raw)):
        raise Refused("embedded" if found[1].startswith(b"Embedded") else "active")
    reader = PdfReader(io.BytesIO(raw), strict=False)
    if reader.is_encrypted or "/Encrypt" in reader.trailer:
        raise Refused("encrypted")
    pages = _pages(reader)
    _search(reader)
    return pages


def _pages(reader: PdfReader) -> int:
    """Leaves of the tree of pages, counted: what the file says of itself is not asked."""
    todo, seen, pages = [reader.root_object.raw_get("/Pages")], set(), 0
    while todo:
        node = todo.pop()
        if isinstance(node, IndirectObject):
            if node.idnum in seen:
                raise Refused("damaged")  # a page twice, or a tree in a circle
            seen.add(node.idnum)
        found = node.get_object()
        if "/Kids" in found:
            todo.extend(found["/Kids"])
        else:
            pages += 1
        if pages > PAGES or len(seen) > OBJECTS:
            raise Refused("pages")
    if not pages:
        raise Refused("damaged")
    return pages


def _search(reader: PdfReader) -> None:
    """Every object, reached from the root or only named by the table: none may act, none may hold a file."""
    todo: list[Any] = [reader.trailer, *(IndirectObject(number, 0, reader) for number in reader.xref_objStm)]
    todo += [IndirectObject(number, at, reader) for at, table in reader.xref.items() for number in table]
    seen: set[int] = set()
    looked = 0
    while todo:
        one = todo.pop()
        looked += 1
        if looked > 10 * OBJECTS or len(seen) > OBJECTS:
            raise Refused("damaged")
        if isinstance(one, IndirectObject):
            if one.idnum not in seen:
                seen.add(one.idnum)
                todo.append(one.get_object())
        elif isinstance(one, DictionaryObject):
            _check(one)
            todo.extend(one.values())
        elif isinstance(one, ArrayObject):
            todo.extend(one)


def _check(one: DictionaryObject) -> None:
    said = {str(one.raw_get(name)) for name in ("/S", "/Type", "/Subtype") if name in one}
    if one.keys() & EMBEDDED or said & EMBEDDED:
        raise Refused("embedded")
    if one.keys() & ACTIVE or said & ACTING:
        raise Refused("active")


def main() -> None:
    """The program."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable()
    try:
        said: dict[str, object] = {"pages": look(sys.stdin.buffer.read())}
    except Refused as refused:
        said = {"refused": str(refused)}
    except Exception:  # whatever a hostile file makes of a reader, it is not taken
        said = {"refused": "damaged"}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
