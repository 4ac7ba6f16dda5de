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
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

PAGES = 200
OBJECTS = 200_000
MEMORY, SECONDS = 1 << 30, 10
REFUSALS = ("no_pdf", "encrypted", "active", "embedded", "pages", "damaged")
HEAD = re.compile(rb"%PDF-[12]\.\d")
BLANK = b"\0\t\n\f\r "
# A viewer that mends a file may find objects that its own table does not name: these words may stand nowhere in clear.
NAKED = re.compile(rb"/(JavaScript|Launch|ImportData|SubmitForm|EmbeddedFiles?|RichMedia)(?![A-Za-z0-9])")
OBJECT_STREAM = re.compile(rb"/ObjStm(?![A-Za-z0-9])")
HEADER = re.compile(rb"\s*\d+\s+\d+\s+obj")
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
ACTIVE = frozenset({"/AA", "/JS", "/JavaScript", "/XFA", "/RichMedia", "/RichMediaContent", "/Launch"})
ACTING = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition", "/Movie", "/Sound"}
    | {"/RichMediaExecute", "/RichMedia", "/Screen", "/3D"}
)
EMBEDDED = frozenset({"/EF", "/EmbeddedFile", "/EmbeddedFiles", "/FileAttachment"})
OUTSIDE = frozenset({"/F", "/Ref"})  # of a stream: its bytes, or the page it shows, lie in another file


class Refused(Exception):
    """Why it is not taken: one of `REFUSALS`."""


def look(raw: bytes) -> int:
    """How many pages it has. Raises Refused, and whatever a broken file makes of a reader."""
    if not HEAD.match(raw) or not raw.rstrip(BLANK).endswith(b"%%EOF"):
        raise Refused("no_pdf")  # something before or behind it: another kind of file at the same time
    plain = _plain(raw)
    reader = PdfReader(io.BytesIO(raw), strict=False)
    if reader.is_encrypted or "/Encrypt" in reader.trailer:
        raise Refused("encrypted")
    pages = _pages(reader)
    if len(OBJECT_STREAM.findall(plain)) > len(_search(reader, raw)):
        raise Refused("damaged")  # one that no table names: never unpacked here, but by a viewer that mends the file
    return pages


def _plain(raw: bytes) -> bytes:
    """The bytes with the escapes of names undone. Raises Refused for a word that acts."""
    plain = ESCAPED.sub(lambda hit: bytes([int(hit[1], 16)]), raw)
    if found := NAKED.search(plain):
        raise Refused("embedded" if found[1].startswith(b"Embedded") else "active")
    return plain


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


def _search(reader: PdfReader, raw: bytes) -> set[int]:
    """Every object, reached from the root or only named by the table: none may act, none may hold a file.

    Where in `raw` the object streams begin that were unpacked.
    """
    todo: list[Any] = [reader.trailer, *(IndirectObject(number, 0, reader) for number in reader.xref_objStm)]
    todo += [IndirectObject(number, at, reader) for at, table in reader.xref.items() for number in table]
    seen: set[int] = set()
    unpacked: set[int] = set()
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
                if _is_object_stream(todo[-1]):
                    unpacked.add(_place(reader, raw, one.idnum))
        elif isinstance(one, DictionaryObject):
            _check(one)
            todo.extend(one.values())
        elif isinstance(one, ArrayObject):
            todo.extend(one)
    return unpacked


def _is_object_stream(one: object) -> bool:
    """Whether it is one; its inside is looked through, also where no table names what lies there."""
    if not isinstance(one, StreamObject) or one.get("/Type") != "/ObjStm":
        return False
    _plain(one.get_data())
    return True


def _place(reader: PdfReader, raw: bytes, number: int) -> int:
    """Behind the words that begin this object: the same for all that name it. Raises Refused, KeyError."""
    found = HEADER.match(raw, reader.xref[0][number])
    if found is None:
        raise Refused("damaged")
    return found.end()


def _check(one: DictionaryObject) -> None:
    said = {str(one[name]) for name in ("/S", "/Type", "/Subtype") if name in one}
    outside = isinstance(one, StreamObject) and one.keys() & OUTSIDE
    if one.keys() & EMBEDDED or said & EMBEDDED or outside:
        raise Refused("embedded")
    if one.keys() & ACTIVE or said & ACTING or ("/OpenAction" in one and not _shows(one["/OpenAction"])):
        raise Refused("active")


def _shows(opens: object) -> bool:
    """Whether what happens when it is opened is a place in the document that is shown, and nothing after that."""
    if isinstance(opens, DictionaryObject):
        return opens.get("/S") == "/GoTo" and "/Next" not in opens
    return isinstance(opens, ArrayObject)


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
