"""PDFs of every kind, made for the tests."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
    read_object,
)


def paper(pages: int = 1, dress: Callable[[PdfWriter], None] | None = None) -> bytes:
    """A PDF of blank pages. `dress` puts something into it."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=200, height=200)
    if dress:
        dress(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def script(writer: PdfWriter) -> None:
    """A script that runs when it is opened."""
    action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(DictionaryObject(action))


def launch(writer: PdfWriter) -> None:
    """A program that starts when it is opened."""
    action = DictionaryObject({NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject("cmd.exe")})
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(action)


def opening(action: bytes) -> Callable[[PdfWriter], None]:
    """What happens when it is opened."""

    def dress(writer: PdfWriter) -> None:
        writer.root_object[NameObject("/OpenAction")] = read_object(io.BytesIO(action), writer)

    return dress


def asks_when_shown(writer: PdfWriter) -> None:
    """It asks for an address of the web when its page is shown."""
    uri = DictionaryObject({NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject("x")})
    writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): uri})


def bytes_elsewhere(writer: PdfWriter) -> None:
    """What its page shows lies in another file."""
    stream = DecodedStreamObject()
    stream[NameObject("/F")] = TextStringObject("other.bin")
    writer.pages[0][NameObject("/Contents")] = writer._add_object(stream)


def attached(writer: PdfWriter) -> None:
    """A file inside."""
    writer.add_attachment("invoice.exe", b"MZ")


def form_that_sends(writer: PdfWriter) -> None:
    """What sends something away when its page is shown."""
    sends = DictionaryObject({NameObject("/S"): NameObject("/SubmitForm"), NameObject("/F"): TextStringObject("x")})
    writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): sends})


def link(writer: PdfWriter) -> None:
    """An ordinary link to a page of the web: nothing happens by itself."""
    uri = DictionaryObject({NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject("x")})
    note = DictionaryObject({NameObject("/Subtype"): NameObject("/Link"), NameObject("/A"): uri})
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])


def locked(writer: PdfWriter) -> None:
    """It wants a password."""
    writer.encrypt("secret")


def circle(writer: PdfWriter) -> None:
    """A tree of pages that holds itself."""
    tree = writer.root_object.raw_get("/Pages")
    tree.get_object()["/Kids"].append(tree)


def boast(writer: PdfWriter) -> None:
    """It says of itself that it has a thousand million pages."""
    writer.root_object["/Pages"][NameObject("/Count")] = NumberObject(1_000_000_000)


def numbered(number: int, body: bytes) -> bytes:
    """An object as it stands in a file."""
    return b"%d 0 obj\n" % number + body + b"\nendobj\n"


def object_stream(objects: dict[int, bytes], *, padding: int = 0) -> bytes:
    """Objects in a compressed stream."""
    head, body = b"", b""
    for number, words in objects.items():
        head, body = head + b"%d %d " % (number, len(body)), body + words + b" "
    stream = zlib.compress(head + body + b" " * padding, 9)
    said = b"<< /Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d >>\nstream\n"
    return said % (len(objects), len(head), len(stream)) + stream + b"\nendstream"


def compressed(objects: dict[int, bytes], root: int, *, padding: int = 0, behind: bytes = b"") -> bytes:
    """A PDF whose `objects` lie in a compressed stream, out of sight of whoever only reads the bytes.

    `padding`: so many blanks lie in the stream besides; `behind`: bytes that the table does not name. Numbers 2, 3, 6
    and 7 are taken, and of those over 8 the table says nothing.
    """
    out, at = bytearray(b"%PDF-1.5\n"), {}

    def put(number: int, body: bytes) -> None:
        at[number] = len(out)
        out.extend(numbered(number, body))

    put(2, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
    put(3, b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>")
    put(6, object_stream(objects, padding=padding))
    out.extend(behind)
    start, inside = len(out), list(objects)
    table = b"".join(_row(number, at | {7: start}, inside) for number in range(9))
    said = b"7 0 obj\n<< /Type /XRef /Size 9 /W [1 4 1] /Root %d 0 R /Length %d >>\nstream\n"
    out.extend(said % (root, len(table)) + table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start)
    return bytes(out)


def _row(number: int, at: dict[int, int], inside: list[int]) -> bytes:
    if number in at:
        return b"\1" + at[number].to_bytes(4, "big") + b"\0"
    return b"\2\0\0\0\6" + bytes([inside.index(number)]) if number in inside else bytes(6)
