"""A handful of drawn street scenes, before and after: photos to reply and to check with. Nobody was photographed."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw

from dispatch.evidence.photos import decode, keep
from gis.db import execute, write

SCENES = 12
SIZE = (640, 480)
Draw = ImageDraw.ImageDraw


# The simulated people share the few pictures: each of them counts as having sent them up himself.
EVERYBODYS = """
    INSERT INTO photo_upload (sha256, person_id, at) SELECT %(sha256)s, id, %(now)s FROM person ON CONFLICT DO NOTHING
"""


def hang(folder: Path) -> tuple[str, ...]:
    """Draw the pictures and keep them as photos in `folder` (`<data>/photos`); their hashes, always the same ones."""
    kept = []
    for number in range(SCENES):
        for after in (False, True):
            raw = draw(number, after=after)
            decoded = decode(raw)
            with write() as tx:
                kept.append(keep(tx, raw, decoded, folder=folder, uploaded_by=None).sha256)
                execute(tx, EVERYBODYS, sha256=kept[-1], now=tx.now)
    return tuple(kept)


def draw(
    number: int, *, after: bool, size: tuple[int, int] = SIZE, quality: int = 80, taken_at: datetime | None = None
) -> bytes:
    """One street scene as JPEG; `after`: the same street with the matter put right; `taken_at`: the camera's claim."""
    rng = Random(number)
    picture = Image.new("RGB", SIZE, (196 + rng.randrange(30), 214, 232))
    pen = ImageDraw.Draw(picture)
    _houses(pen, rng)
    pen.rectangle((0, 300, 640, 480), fill=(112, 114, 118))
    pen.rectangle((0, 288, 640, 318), fill=(186, 182, 174))
    for x in range(-20, 640, 90):
        pen.rectangle((x, 402, x + 48, 408), fill=(238, 236, 226))
    for x in range(60, 640, 190):
        pen.rectangle((x, 210, x + 8, 300), fill=(96, 72, 54))
        pen.ellipse((x - 34, 140, x + 42, 226), fill=(62, 122 + rng.randrange(30), 74))
    if not after:
        _matter(pen, rng)
    pen.text((12, 456), f"REHEARSAL {number + 1:02d} {'AFTER' if after else 'BEFORE'}", fill=(255, 255, 255))
    out = io.BytesIO()
    exif = _claim(taken_at) if taken_at else b""
    (picture if size == SIZE else picture.resize(size)).save(out, "JPEG", quality=quality, exif=exif)
    return out.getvalue()


def _claim(taken_at: datetime) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = f"{taken_at:%Y:%m:%d %H:%M:%S}"
    return exif.tobytes()


def _houses(pen: Draw, rng: Random) -> None:
    x = 0
    while x < SIZE[0]:
        width, top = rng.randrange(80, 170), rng.randrange(60, 170)
        shade = rng.randrange(120, 190)
        pen.rectangle((x, top, x + width - 6, 300), fill=(shade, shade - 8, shade - 20))
        for wx in range(x + 12, x + width - 26, 26):
            for wy in range(top + 14, 260, 34):
                pen.rectangle((wx, wy, wx + 14, wy + 20), fill=(86, 104, 122))
        x += width


def _matter(pen: Draw, rng: Random) -> None:
    """What is wrong in the street: heaps, a hole, or stalls, by lot."""
    x, kind = rng.randrange(120, 460), rng.randrange(3)
    if kind == 0:
        for _ in range(14):
            dx, dy = rng.randrange(90), rng.randrange(44)
            colour = (rng.randrange(90, 200), rng.randrange(80, 160), rng.randrange(60, 120))
            pen.polygon([(x + dx, 318 + dy), (x + dx + 26, 322 + dy), (x + dx + 12, 296 + dy)], fill=colour)
    elif kind == 1:
        pen.ellipse((x, 352, x + 110, 396), fill=(42, 40, 40), outline=(214, 160, 40), width=4)
    else:
        for dx in (0, 64, 128):
            pen.polygon([(x + dx, 258), (x + dx + 56, 258), (x + dx + 28, 228)], fill=(190, 64 + dx // 2, 52))
            pen.rectangle((x + dx + 6, 258, x + dx + 50, 300), fill=(206, 188, 150))
