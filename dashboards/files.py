"""Files on their way out: made whole, on record, then sent; those that take long say how far they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from queue import Empty, SimpleQueue
from tempfile import TemporaryFile
from typing import IO, Any, TypeAlias
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from dashboards.spreadsheet import FORMS, Cell
from dispatch.audit.trail import Kind, record
from dispatch.http import whence
from dispatch.people.who import Me
from gis.db import write
from gis.problems import FormIncomplete, Problem

__all__ = ["MOST", "Tick", "bounded", "delivered", "made_file", "recorded", "sent", "too_many"]

OTHERS = {"zip": "application/zip", "pdf": "application/pdf"}
MOST = 100_000  # rows of one file
CHUNK = 1 << 16
EVERY = 1_000  # rows between two words of how far it is
PATIENCE = 1.0  # seconds until the same is said again, so that nobody takes the line for dead
Tick: TypeAlias = Callable[[int], None]
Make: TypeAlias = Callable[[IO[bytes], Tick], str]
# Two long files at once in one process; a third waits. Pages have their own threads.
LONG = ThreadPoolExecutor(max_workers=2, thread_name_prefix="file")


def delivered(request: Request, form: str, make: Make) -> Response:
    """The file that `make` writes and names, after it was put on record.

    With `progress` in the address the answer is lines of JSON, `{"rows": 12000}` while it is made, then `{"name": …,
    "bytes": …}` and the bytes, or `{"problem": …}`: for `static/files.js`. Raises FormIncomplete for an unknown form.
    """
    if form not in FORMS:
        raise _unknown()
    if "progress" in request.query_params:
        return StreamingResponse(_along(form, make), media_type="application/x-ndjson")
    with made_file(form) as file:
        name = make(file, lambda rows: None)
    return sent(file, name, form)


def _along(form: str, make: Make) -> Iterator[bytes]:
    told: SimpleQueue[int] = SimpleQueue()
    work = LONG.submit(_worked, form, make, told.put)
    work.add_done_callback(lambda _: told.put(0))  # or the end would be waited for
    rows = 0
    try:
        while not work.done():
            with suppress(Empty):
                rows = told.get(timeout=PATIENCE) or rows
            yield _line({"rows": rows})
        try:
            file, name = work.result()
        except Problem as problem:
            yield _line({"problem": {"zh": problem.zh, "en": problem.title}})
            return
        yield _line({"name": f"{_plain(name)}.{form}", "bytes": file.seek(0, 2)})
        file.seek(0)
        yield from _chunks(file)
    finally:
        work.add_done_callback(_put_away)


def _worked(form: str, make: Make, tick: Tick) -> tuple[IO[bytes], str]:
    with made_file(form) as file:
        name = make(file, tick)
    return file, name


def _put_away(work: Future[tuple[IO[bytes], str]]) -> None:
    """Nobody waits for it any more."""
    if not work.cancelled() and work.exception() is None:
        work.result()[0].close()


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def bounded(rows: Iterable[Sequence[Cell]], tick: Tick) -> Iterator[Sequence[Cell]]:
    """The rows, told along. Raises FormIncomplete where there are more than a file holds."""
    rows = iter(rows)
    for count, row in enumerate(islice(rows, MOST), start=1):
        if count % EVERY == 0:
            tick(count)
        yield row
    if next(rows, None) is not None:
        raise too_many()


def too_many() -> FormIncomplete:
    """What to do where a file would be too long."""
    return FormIncomplete(
        f"More than {MOST:,} cases match, more than one file holds; nothing was exported. Narrow the period, the unit"
        " or the category",
        zh=f"符合条件的案件超过 {MOST} 件，超出一个文件的上限，未导出。请缩小时段、单位或类别",
        fields={"since": "too many"},
    )


def recorded(request: Request, me: Me, what: str, detail: dict[str, Any]) -> None:
    """Who took what away, when, whence. It is on record before a byte is sent: else nothing is sent."""
    with write() as tx:
        record(tx, Kind.EXPORT, person_id=me.person_id, whence=whence(request), object=what, detail=detail)


@contextmanager
def made_file(form: str, *, among: Sequence[str] = ()) -> Iterator[IO[bytes]]:
    """Where a file is made: gone when it has been sent, or at once if it could not be made.

    `among`: forms besides the tables'. Raises FormIncomplete for a form that is none.
    """
    if form not in (*FORMS, *among):
        raise _unknown()
    file = TemporaryFile()  # noqa: SIM115  (it outlives this block, to be sent)
    try:
        yield file
    except BaseException:
        file.close()
        raise


def _unknown() -> FormIncomplete:
    return FormIncomplete("Choose csv or xlsx", zh="请选择 csv 或 xlsx", fields={"form": "unknown"})


def sent(file: IO[bytes], name: str, form: str) -> Response:
    """The file as a download; it is closed when it is through."""
    length = file.seek(0, 2)
    file.seek(0)
    headers = {
        "content-length": str(length),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(_plain(name))}.{form}",
        "cache-control": "no-store",
    }
    return StreamingResponse(_chunks(file), media_type=(FORMS | OTHERS)[form], headers=headers)


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
