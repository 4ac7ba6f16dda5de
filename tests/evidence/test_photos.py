"""Photos: what is kept, what is served, and what is sent to do harm."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image, ImageChops

from dispatch.cluster import Urls
from dispatch.evidence import api as photo_api
from dispatch.evidence import photos
from dispatch.evidence.photos import LARGEST, decode, keep, missing, open_photo, original_path, served_path
from dispatch.http import install
from dispatch.people import api
from dispatch.people.roles import Role
from gis.db import Tx, read, value
from gis.problems import FormIncomplete, NotFound, TooLarge, Unavailable
from tests.http.serving import served
from tests.people.made import PASSWORD, make_person

DATA = Path(__file__).parent / "data"
WITH_GPS = (DATA / "DSCN0010.jpg").read_bytes()
TURNED = (DATA / "orientation_6.jpg").read_bytes()
PLAIN = (DATA / "no_gps_Canon_40D.jpg").read_bytes()
CANARY = b"CANARY-31.2304N-121.4737E"


def picture(kind: str, size: tuple[int, int] = (60, 40), **more: object) -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert("RGB").save(out, kind, **more)
    return out.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, body: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def one_colour(side: int) -> bytes:
    out = io.BytesIO()
    Image.new("1", (side, side)).save(out, "PNG")
    return out.getvalue()


def animated(kind: str) -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


def test_a_real_photo_gives_up_its_time_and_keeps_its_position_to_itself() -> None:
    decoded = decode(WITH_GPS, zone="Asia/Shanghai")
    assert decoded.sha256 == hashlib.sha256(WITH_GPS).hexdigest()
    assert (decoded.width, decoded.height) == (640, 480)
    assert decoded.taken_at is not None
    assert decoded.taken_at.isoformat() == "2008-10-22T08:28:39+00:00"  # 16:28:39 on the camera
    assert decoded.claims == {"time": True, "position": True}
    assert decode(PLAIN).claims == {"time": True, "position": False}


@pytest.mark.parametrize("raw", [WITH_GPS, TURNED, PLAIN], ids=["gps", "turned", "plain"])
def test_no_word_of_the_camera_is_in_what_is_served(raw: bytes) -> None:
    for copy in (decode(raw).served, decode(raw).small):
        again = Image.open(io.BytesIO(copy))
        assert not again.getexif()
        assert set(again.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progression"}
        assert not any(
            word in copy for word in (b"Exif", b"GPS", b"Nikon", b"NIKON", b"Canon", b"http://ns.adobe", b"ICC")
        )


@pytest.mark.parametrize("place", ["exif", "xmp", "icc", "comment", "text", "after the end"])
def test_metadata_of_every_kind_is_gone(place: str) -> None:
    raw = {
        "exif": lambda: picture("JPEG", exif=_exif()),
        "xmp": lambda: picture("WEBP", xmp=CANARY),
        "icc": lambda: picture("JPEG", icc_profile=CANARY),
        "comment": lambda: picture("JPEG", comment=CANARY),
        "text": lambda: png(2, 1, zlib.compress(b"\0" + b"abcdef")).replace(
            chunk(b"IEND", b""), chunk(b"tEXt", b"Comment\0" + CANARY) + chunk(b"IEND", b"")
        ),
        "after the end": lambda: picture("JPEG") + CANARY,
    }[place]()
    assert CANARY in raw
    decoded = decode(raw)
    assert CANARY not in decoded.served + decoded.small


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()
    return exif.tobytes()


def test_a_turned_photo_is_served_upright() -> None:
    raw = Image.open(io.BytesIO(TURNED))
    upright = Image.open(io.BytesIO(decode(TURNED).served))
    assert upright.size == raw.size[::-1]
    wanted = raw.transpose(Image.Transpose.ROTATE_270).convert("RGB")
    assert ImageChops.difference(upright, wanted).convert("L").reduce(16).getextrema()[1] < 20


def test_a_large_photo_is_made_smaller_and_a_small_one_stays() -> None:
    large = decode(picture("JPEG", (4000, 3000)))
    assert (large.width, large.height) == (4000, 3000)
    assert max(Image.open(io.BytesIO(large.served)).size) == 2048
    assert max(Image.open(io.BytesIO(large.small)).size) == 320
    assert Image.open(io.BytesIO(decode(picture("PNG", (50, 30))).served)).size == (50, 30)


def test_the_same_picture_sent_again_by_another_camera_is_known_by_its_looks() -> None:
    again = decode(picture("JPEG", (600, 400), quality=40)).dhash
    first = decode(picture("PNG", (900, 600))).dhash
    assert (first ^ again).bit_count() <= 4
    assert (first ^ decode(WITH_GPS).dhash).bit_count() > 12


HOSTILE = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<html><script>alert(1)</script></html>",
    "gif": picture("GIF"),
    "bmp": picture("BMP"),
    "tiff": picture("TIFF"),
    "pdf": picture("PDF"),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nquit\n",
    "empty": b"",
    "nul": b"\0" * 1000,
    "jpeg head only": WITH_GPS[:2],
    "truncated jpeg": WITH_GPS[: len(WITH_GPS) // 2],
    "truncated png": picture("PNG")[:-30],
    "truncated webp": picture("WEBP")[:-40],
    "png with a broken checksum": picture("PNG").replace(b"IDAT", b"IDAX", 1),
    "png with too little in it": png(3000, 3000, zlib.compress(b"\0" * 10)),
    "bomb png": png(50_000, 50_000, zlib.compress(b"\0" * 30_000_000)),
    "a whole picture just over the bound": one_colour(7_072),
    "endless text": b"\x89PNG\r\n\x1a\n"
    + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 80_000_000))
    + picture("PNG")[8:],
    "animated png": animated("PNG"),
    "animated webp": animated("WEBP"),
    "too large": b"\xff\xd8" + b"\0" * LARGEST,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_honest_photo_is_refused_quickly_and_cheaply(name: str) -> None:
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    with pytest.raises((FormIncomplete, TooLarge)):
        decode(HOSTILE[name])
    assert time.perf_counter() - begun < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256 * 1024


def test_a_file_that_is_two_things_is_served_as_the_one() -> None:
    script = b"<script>alert(1)</script>"
    head = picture("JPEG", comment=b"--><html>" + script)
    for copy in (decode(head + script).served, decode(head + script).small):
        assert copy.startswith(b"\xff\xd8\xff")
        assert b"script" not in copy


@pytest.mark.parametrize("exif", [b"Exif\0\0" + os.urandom(200), b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0"])
def test_damaged_metadata_costs_the_claims_and_not_the_photo(exif: bytes) -> None:
    decoded = decode(picture("JPEG", exif=exif))
    assert decoded.taken_at is None
    assert decoded.claims["position"] is False


def test_it_is_on_the_disk_sealed_before_the_row_is(tx: Tx, tmp_path: Path) -> None:
    decoded = decode(WITH_GPS)
    photo = keep(tx, WITH_GPS, decoded, folder=tmp_path, uploaded_by=None)
    original = original_path(tmp_path, photo.sha256)
    assert original.read_bytes() == WITH_GPS
    assert original.stat().st_mode & 0o777 == 0o600
    assert open_photo(tmp_path, photo.sha256) == decoded.served
    assert open_photo(tmp_path, photo.sha256, small=True) == decoded.small
    assert not list(tmp_path.rglob(".new-*"))
    assert "GPS" not in str(value(tx, "SELECT claims::text FROM photo"))


def test_the_same_bytes_are_the_same_photo(tx: Tx, tmp_path: Path) -> None:
    decoded = decode(PLAIN)
    first = keep(tx, PLAIN, decoded, folder=tmp_path, uploaded_by=None)
    assert keep(tx, PLAIN, decoded, folder=tmp_path, uploaded_by=7) == first
    assert value(tx, "SELECT count(*) FROM photo") == 1
    assert missing(tx, (first.sha256, "0" * 64)) == ("0" * 64,)


def test_files_and_folders_are_synced_before_the_row(tx: Tx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def note(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        real(handle)

    monkeypatch.setattr(os, "fsync", note)
    photo = keep(tx, PLAIN, decode(PLAIN), folder=tmp_path / "photos", uploaded_by=None)
    for path in (original_path(tmp_path / "photos", photo.sha256), served_path(tmp_path / "photos", photo.sha256)):
        assert any(name.startswith(f"{path.parent}/.new-") for name in synced)
        assert str(path.parent) in synced
        assert str(path.parent.parent) in synced
    assert str(tmp_path) in synced


def test_a_disk_that_takes_nothing_leaves_no_row(tx: Tx, tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("a file where the folder should be")
    with pytest.raises(Unavailable):
        keep(tx, PLAIN, decode(PLAIN), folder=tmp_path / "photos", uploaded_by=None)
    assert value(tx, "SELECT count(*) FROM photo") == 0


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\0", "１" * 64, "", "a" * 65, "a" * 64 + "\n"]
)
def test_a_name_that_is_no_hash_is_no_photo(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound):
        open_photo(tmp_path, name)


# ── over a real server ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def address(fresh_database: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(photo_api, "folder", lambda: tmp_path)
    app = FastAPI(openapi_url=None)
    app.include_router(api.router)
    app.include_router(photo_api.router)
    install(app)
    with served(app) as address:
        yield address


def log_in(address: str, login: str) -> dict[str, str]:
    answer = httpx.post(f"{address}/api/v1/session", json={"login": login, "password": PASSWORD})
    return {"cookie": f"wangge={answer.cookies['wangge']}", "x-csrf": answer.json()["csrf"]}


def test_up_as_a_body_or_as_a_form_and_down_again_without_its_metadata(address: str) -> None:
    make_person("chen", Role.INSPECTOR)
    chen = log_in(address, "chen")
    up = httpx.post(f"{address}/api/v1/photos", content=WITH_GPS, headers={**chen, "content-type": "image/png"})
    assert up.status_code == 201
    sha = up.json()["sha256"]
    form = httpx.post(
        f"{address}/api/v1/photos", files={"photo": ("../../x\r\n.svg", WITH_GPS, "text/html")}, headers=chen
    )
    assert form.json() == up.json()
    down = httpx.get(f"{address}/api/v1/photos/{sha}", headers=chen)
    assert down.headers["content-type"] == "image/jpeg"
    assert down.headers["x-content-type-options"] == "nosniff"
    assert b"Exif" not in down.content
    assert len(httpx.get(f"{address}/api/v1/photos/{sha}?small=true", headers=chen).content) < len(down.content)


def test_a_photo_is_seen_by_the_centre_and_its_uploader_and_nobody_else(address: str) -> None:
    for login, role in (
        ("chen", Role.INSPECTOR),
        ("zhou", Role.INSPECTOR),
        ("li", Role.LEADER),
        ("adm", Role.SYSTEM_ADMIN),
    ):
        make_person(login, role)
    sha = httpx.post(f"{address}/api/v1/photos", content=PLAIN, headers=log_in(address, "chen")).json()["sha256"]
    seen = {
        who: httpx.get(f"{address}/api/v1/photos/{sha}", headers=log_in(address, who)).status_code
        for who in ("chen", "li", "zhou", "adm")
    }
    assert seen == {"chen": 200, "li": 200, "zhou": 404, "adm": 404}
    assert httpx.get(f"{address}/api/v1/photos/{sha}").status_code == 401


def test_a_citizen_uploads_without_an_account_and_is_counted(address: str) -> None:
    assert httpx.post(f"{address}/api/v1/photos", content=PLAIN).status_code == 201
    with read() as tx:
        assert value(tx, "SELECT count FROM throttle WHERE key = 'photo:127.0.0.1'") == 1
        assert value(tx, "SELECT uploaded_by FROM photo") is None


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 422), (HOSTILE["svg"], 422), (b"\0" * (LARGEST + 100_000), 413), (HOSTILE["bomb png"], 413)],
)
def test_refusals_are_problems_and_leave_nothing(address: str, tmp_path: Path, content: bytes, status: int) -> None:
    answer = httpx.post(f"{address}/api/v1/photos", content=content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_form_of_ten_thousand_parts_is_refused(address: str) -> None:
    files = [("photo", (f"{n}.jpg", b"x", "image/jpeg")) for n in range(10_000)]
    assert httpx.post(f"{address}/api/v1/photos", files=files).status_code in (400, 413, 422)


def test_whoever_finds_no_turn_to_be_decoded_is_told_to_come_again() -> None:
    with ExitStack() as busy:
        for _ in range(2):
            busy.enter_context(photos._decoders.taken())
        with pytest.raises(Unavailable, match="nothing is lost"):
            decode(PLAIN)
    assert decode(PLAIN).width
