"""Pages for print: a template set in Chinese type, as PDF/A. What the type cannot show is refused, never boxed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import typst

from gis.problems import Unavailable

__all__ = ["chosen", "printed"]

TEMPLATES = Path(__file__).resolve().parent / "templates"
# Text and headings, the first that is there. Simplified forms: the same code has other strokes in JP and TC.
SERIF = ("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "Songti SC", "SimSun")
SANS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "SimHei")
LATIN = "DejaVu Sans Mono"  # comes with the compiler: hashes and commands


def chosen(families: list[str]) -> tuple[str, str]:
    """The families for text and for headings. Raises Unavailable where none can show Chinese."""
    serif = next((name for name in SERIF if name in families), None)
    sans = next((name for name in SANS if name in families), None)
    if serif is None and sans is None:
        raise Unavailable(
            "There is no Chinese font on the server: nothing was printed. Install one: apt-get install fonts-noto-cjk",
            zh="服务器上没有中文字体，未生成 PDF。请安装：apt-get install fonts-noto-cjk",
        )
    return serif or str(sans), sans or str(serif)


@cache
def _fonts() -> typst.Fonts:
    """Those of this machine, looked for once: it takes a tenth of a second."""
    return typst.Fonts()


def printed(template: str, told: Mapping[str, object], *, at: datetime) -> bytes:
    """A template of `dashboards/templates` set with what it is told, as PDF/A-2u: the same bytes for the same `told`.

    `told` is data to the template, never markup. `at`: the document's date. Raises Unavailable without a Chinese font,
    or where a name holds a sign that it lacks.
    """
    serif, sans = chosen(_fonts().families())
    fonts = {"serif": serif, "sans": sans, "mono": LATIN}
    source = (TEMPLATES / template).read_bytes()
    press = typst.Compiler(source, root=TEMPLATES, font_paths=_fonts())
    inputs = {"told": json.dumps({**told, "fonts": fonts}, ensure_ascii=False)}
    try:
        made = press.compile(
            source, format="pdf", sys_inputs=inputs, pdf_standards=["a-2u"], timestamp=int(at.timestamp())
        )
    except typst.TypstError as fault:
        if "could not be displayed" not in fault.message:
            raise
        raise Unavailable(
            f"The fonts of the server lack a sign: {fault.message}", zh=f"服务器的字体缺字，未生成 PDF：{fault.message}"
        ) from fault
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def main() -> int:
    """`python -m dashboards.press`, for `./run`: 0 if this machine can print Chinese."""
    try:
        chosen(typst.Fonts().families())
    except Unavailable:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
