"""HTTP: photos go up by themselves, before the report that names them by their hash."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from dispatch.config import settings
from dispatch.evidence.photos import LARGEST, Photo, decode, keep, may_see, open_photo
from dispatch.people.may import CENTRE
from dispatch.people.roles import Permission
from dispatch.people.throttle import REPORTS, take
from dispatch.people.who import Me, Signed, Visitor, needs
from gis.db import write
from gis.problems import FormIncomplete, NotFound, TooMany

router = APIRouter(prefix="/api/v1", tags=["photos"])

FRAME = 64 * 1024  # bytes of a multipart form around the file


class PhotoOut(BaseModel):
    """A stored photo: name `sha256` in the report."""

    sha256: str
    width: int
    height: int


def folder() -> Path:
    """Where photos are."""
    return settings().data / "photos"


@router.post("/photos", status_code=201, **needs(Permission.PUBLIC, body=LARGEST + FRAME))
async def post_photo(request: Request, me: Visitor) -> PhotoOut:
    """Upload one photo: the file itself as body, or a multipart form with one file. At most 12 MB, 50 megapixels.

    Public, as citizens report without an account; then counted by address.
    """
    raw = await _received(request)
    address = request.client.host if request.client else ""
    photo = await run_in_threadpool(_store, raw, me, address)
    return PhotoOut(sha256=photo.sha256, width=photo.width, height=photo.height)


async def _received(request: Request) -> bytes:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    async with request.form(max_files=1, max_fields=20) as form:
        files = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
        if len(files) != 1:
            raise FormIncomplete("Send one photo", zh="请上传一张照片", fields={"photo": "needed"})
        return await files[0].read()


def _store(raw: bytes, me: Me | None, address: str) -> Photo:
    if not raw:
        raise FormIncomplete("Send one photo", zh="请上传一张照片", fields={"photo": "needed"})
    if me is None:
        _count(address)
    return store(raw, uploaded_by=me.person_id if me else None)


def store(raw: bytes, *, uploaded_by: int | None) -> Photo:
    """Decode outside any transaction, then write files and row: for every page that takes a photo itself."""
    decoded = decode(raw)
    with write() as tx:
        return keep(tx, raw, decoded, folder=folder(), uploaded_by=uploaded_by)


def _count(address: str) -> None:
    with write() as tx:
        wait = take(tx, f"photo:{address}", REPORTS)
    if wait:
        raise TooMany("Too many photos from this address", zh="该地址上传照片过多，请稍后再试", retry_after=wait)


@router.get("/photos/{sha256}", response_class=Response, **needs(Permission.SIGNED_IN))
def get_photo(sha256: str, me: Signed, small: bool = False) -> Response:
    """The served copy, or with `small=true` the one of 320 px; 404 also if it is not yours to see."""
    with me.read() as tx:
        everything = bool(me.roles & CENTRE)
        if not may_see(tx, sha256, person_id=me.person_id, everything=everything):
            raise NotFound("There is no such photo", zh="照片不存在")
    return photo_answer(sha256, small=small)


def photo_answer(sha256: str, *, small: bool = False) -> Response:
    """A photo as an answer that a browser can only show. The caller has checked the right."""
    name = {"content-disposition": f'inline; filename="{sha256[:16]}.jpg"', "cache-control": "private, max-age=300"}
    return Response(open_photo(folder(), sha256, small=small), media_type="image/jpeg", headers=name)
