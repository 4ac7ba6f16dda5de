"""Photos: decoded to be believed, kept sealed as they came, served re-encoded without a word of metadata.

    <data>/photos/original/ab/<sha256>           the bytes as they came, 0600: a separate right
    <data>/photos/served/ab/<sha256>.jpg         at most 2048 px, upright, without any metadata
    <data>/photos/served/ab/<sha256>-320.jpg     the small one, for lists

All names are made here, of the hash. Both files are on the disk before the row is: a row without its photo cannot be.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image, ImageOps, UnidentifiedImageError
from psycopg.types.json import Jsonb

from dispatch.evidence.disk import write_whole
from dispatch.evidence.turns import Turns
from gis.db import ReadTx, Tx, execute, one, value
from gis.problems import FormIncomplete, NotFound, TooLarge, Unavailable

LARGEST = 12 * 1024 * 1024  # bytes
MOST = 4  # to one report or act
PIXELS = 50_000_000
SIDE, SMALL = 2048, 320  # px, the longer side
FORMATS = ("JPEG", "PNG", "WEBP")
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)

# Two at a time: a picture of 50 megapixels takes 150 MB while it is turned.
_decoders = Turns(2, seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What a picture turned out to be. `taken_at` is the camera's claim; `claims` hold no position."""

    sha256: str
    width: int
    height: int
    dhash: int
    taken_at: datetime | None
    claims: dict[str, object]
    served: bytes
    small: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A stored photo; `sha256` is of the bytes as they came, and the name by which reports refer to it."""

    sha256: str
    served_sha256: str
    width: int
    height: int


def decode(raw: bytes, *, zone: str = "UTC") -> Decoded:
    """Open, check and re-encode. `zone`: the city's, for cameras that do not name their own.

    Raises TooLarge (bytes or pixels), FormIncomplete (no JPEG, PNG or WebP, or a broken one) and Unavailable.
    """
    if len(raw) > LARGEST:
        raise TooLarge("The photo is larger than 12 MB", zh="照片不得超过 12 MB", limit=LARGEST)
    with _decoders.taken(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged EXIF warns: it is a claim, not the picture
        try:
            return _decode(raw, zone)
        except Image.DecompressionBombError as error:
            raise _too_many_pixels() from error
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
            raise _unreadable() from error


def _decode(raw: bytes, zone: str) -> Decoded:
    with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
        if picture.width * picture.height > PIXELS:
            raise _too_many_pixels()
        width, height = picture.size
        # A telephone's JPEG may carry a second picture (depth, gain map): the first one is the photo.
        if picture.format in ("PNG", "WEBP") and getattr(picture, "n_frames", 1) > 1:
            raise FormIncomplete("An animated picture is no photo", zh="不接受动态图片", fields={"photo": "animated"})
        picture.draft("RGB", (SIDE, SIDE))  # a JPEG is shrunk while it is read
        taken_at, claims = _claims(picture, zone)
        picture.load()
        upright = _flat(ImageOps.exif_transpose(picture))
    upright.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    # Boxed down first to half as many pixels again as are needed: half the time, and on pure noise, the worst there is,
    # four of 255 levels apart from what it would be without.
    small = upright.copy()
    small.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS, reducing_gap=1.5)
    return Decoded(
        sha256=hashlib.sha256(raw).hexdigest(),
        width=width,
        height=height,
        dhash=_dhash(upright),
        taken_at=taken_at,
        claims=claims,
        served=_jpeg(upright, 85),
        small=_jpeg(small, 75),
    )


def _flat(picture: Image.Image) -> Image.Image:
    """RGB on white, with nothing attached: pixels are copied into a new picture, so no metadata can come along."""
    if picture.mode in ("RGBA", "LA", "PA", "P"):
        picture = picture.convert("RGBA")
        clean = Image.new("RGB", picture.size, "white")
        clean.paste(picture, mask=picture.getchannel("A"))
        return clean
    clean = Image.new("RGB", picture.size)
    clean.paste(picture.convert("RGB"))
    return clean


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=False, progressive=False)
    return out.getvalue()


def _dhash(picture: Image.Image) -> int:
    """Difference hash: for each of 8 × 8 places whether it is brighter than its right neighbour; signed 64 bits."""
    grey = picture.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            bits = bits << 1 | (grey[row * 9 + column] > grey[row * 9 + column + 1])
    return bits - (1 << 64) if bits >> 63 else bits


EXIF, GPS = 0x8769, 0x8825
TAKEN, OFFSET = 0x9003, 0x9011


def _claims(picture: Image.Image, zone: str) -> tuple[datetime | None, dict[str, object]]:
    """What the camera says. Of its position only whether there is one: where it was stays in the sealed original."""
    try:
        exif = picture.getexif()
        details, place = exif.get_ifd(EXIF), exif.get_ifd(GPS)
    except (ValueError, OSError, SyntaxError, KeyError, TypeError):
        return None, {"time": False, "position": False}
    taken_at = _instant(details.get(TAKEN), details.get(OFFSET), zone)
    return taken_at, {"time": taken_at is not None, "position": 2 in place and 4 in place}


def _instant(taken: object, offset: object, zone: str) -> datetime | None:
    if not isinstance(taken, str):
        return None
    try:
        wall = datetime.strptime(taken.strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(
            tzinfo=_zone(offset) or ZoneInfo(zone)
        )
        return wall.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(offset: object) -> timezone | None:
    match = re.fullmatch(r"([+-])(\d\d):(\d\d)", offset.strip("\0 ")) if isinstance(offset, str) else None
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes)) if minutes < 24 * 60 else None


# ── on the disk ───────────────────────────────────────────────────────────────────────────────────────────────────────


def keep(tx: Tx, raw: bytes, decoded: Decoded, *, folder: Path, uploaded_by: int | None) -> Photo:
    """Store a photo: files first, row after. The same bytes again are the same photo, and whoever sent them had them.

    `folder`: `<data>/photos`. Raises Unavailable if the disk does not take it; nothing is then stored.
    """
    try:
        write_whole(original_path(folder, decoded.sha256), raw, mode=0o600)
        write_whole(served_path(folder, decoded.sha256), decoded.served, mode=0o640)
        write_whole(served_path(folder, decoded.sha256, small=True), decoded.small, mode=0o640)
    except OSError as error:
        raise Unavailable("The photo cannot be stored now; try again", zh="照片暂时无法保存，请稍后重试") from error
    execute(
        tx,
        """WITH kept AS (
             INSERT INTO photo (sha256, served_sha256, bytes, width, height, dhash, taken_at, claims,
                                uploaded_by, uploaded_at)
             VALUES (%(sha256)s, %(served)s, %(bytes)s, %(width)s, %(height)s, %(dhash)s, %(taken_at)s, %(claims)s,
                     %(by)s, %(now)s)
             ON CONFLICT (sha256) DO NOTHING)
           INSERT INTO photo_upload (sha256, person_id, at) VALUES (%(sha256)s, %(by)s, %(now)s)
           ON CONFLICT DO NOTHING""",
        sha256=decoded.sha256,
        served=hashlib.sha256(decoded.served).hexdigest(),
        bytes=len(raw),
        width=decoded.width,
        height=decoded.height,
        dhash=decoded.dhash,
        taken_at=decoded.taken_at,
        claims=Jsonb(decoded.claims),
        by=uploaded_by,
        now=tx.now,
    )
    return photo_of(tx, decoded.sha256)


def photo_of(tx: ReadTx, sha256: str) -> Photo:
    """Raises NotFound."""
    found = one(tx, Photo, "SELECT sha256, served_sha256, width, height FROM photo WHERE sha256 = %(s)s", s=sha256)
    if found is None:
        raise _no_photo()
    return found


def missing(tx: ReadTx, sha256s: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the hashes that nobody has uploaded: a report may name stored photos only."""
    known = value(tx, "SELECT array_agg(sha256) FROM photo WHERE sha256 = ANY(%(s)s)", s=list(sha256s)) or []
    return tuple(sha for sha in sha256s if sha not in known)


def open_photo(folder: Path, sha256: str, *, small: bool = False) -> bytes:
    """The copy that is served. Raises NotFound."""
    try:
        return served_path(folder, sha256, small=small).read_bytes()
    except FileNotFoundError as error:
        raise _no_photo() from error


def original_path(folder: Path, sha256: str) -> Path:
    """Where the sealed original is."""
    return folder / "original" / _checked(sha256)[:2] / sha256


def served_path(folder: Path, sha256: str, *, small: bool = False) -> Path:
    """Where a served copy is."""
    return folder / "served" / _checked(sha256)[:2] / f"{sha256}{f'-{SMALL}' if small else ''}.jpg"


def _checked(sha256: str) -> str:
    if not SHA256.fullmatch(sha256):
        raise _no_photo()
    return sha256


# ── who may see it ────────────────────────────────────────────────────────────────────────────────────────────────────


def may_see(tx: ReadTx, sha256: str, *, person_id: int, everything: bool) -> bool:
    """Whether a person may see a photo, in a transaction with that person's rights (`me.read()`).

    `everything`: holds a post of the centre. Others see the photos of the cases that row security lets
    through, of those they reported or hold a task of, and what they uploaded themselves.
    """
    asked = """
        SELECT %(everything)s
            OR EXISTS (SELECT FROM photo_upload WHERE sha256 = %(s)s AND person_id = %(me)s)
            OR EXISTS (SELECT FROM case_photo p JOIN cases c ON c.id = p.case_id
                        WHERE p.sha256 = %(s)s
                          AND (current_user = 'wangge_department' OR %(me)s IN (c.reporter_id, c.inspector_id)))
    """
    return bool(value(tx, asked, s=sha256, me=person_id, everything=everything))


def is_public(tx: ReadTx, sha256: str, receipt: str) -> bool:
    """Whether the holder of a case's receipt may see a photo: those of the reply and the check, once it is closed."""
    asked = """
        SELECT EXISTS (SELECT FROM case_photo p JOIN cases c ON c.id = p.case_id
                        WHERE p.sha256 = %(s)s AND c.receipt = %(receipt)s AND c.state = 'closed'
                          AND p.kind IN ('after', 'check'))
    """
    return bool(value(tx, asked, s=sha256, receipt=receipt))


def _too_many_pixels() -> TooLarge:
    return TooLarge("The photo has more than 50 megapixels", zh="照片不得超过 5000 万像素", limit=PIXELS)


def _unreadable() -> FormIncomplete:
    return FormIncomplete(
        "This is no JPEG, PNG or WebP picture, or it is damaged",
        zh="文件不是 JPEG、PNG 或 WebP 图片，或已损坏",
        fields={"photo": "unreadable"},
    )


def _no_photo() -> NotFound:
    return NotFound("There is no such photo", zh="照片不存在")
