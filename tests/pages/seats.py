"""People before real screens: a browser that nothing may leave, and pages that are never wider than it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Page

from tests.cases.town import picture

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE, SMALL, DESK = (412, 915), (360, 640), (1440, 900)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP plain.test 127.0.0.1",
]
PHOTO = [{"name": "shot.jpg", "mimeType": "image/jpeg", "buffer": picture(77)}]

# A head that CSS writes before a figure has no node of its own: its words are measured.
BROKEN = """() => {
  const found = [], pen = document.createElement("canvas").getContext("2d"), word = /\\b[A-Za-z0-9]{2,24}\\b/g;
  for (const cell of document.querySelectorAll(".tbl th, .tbl td")) {
    if (getComputedStyle(cell.closest("thead") ?? cell).position === "absolute") continue; // for screen readers only
    const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) for (const part of walk.currentNode.data.matchAll(word)) {
      const range = document.createRange();
      range.setStart(walk.currentNode, part.index);
      range.setEnd(walk.currentNode, part.index + part[0].length);
      if (new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size > 1) found.push(part[0]);
    }
    const before = getComputedStyle(cell, "::before");
    if (!cell.dataset.th || before.content === "none" || !cell.clientWidth) continue;
    pen.font = before.font;
    for (const [part] of cell.dataset.th.matchAll(word))
      if (pen.measureText(part).width > cell.clientWidth + 1) found.push(part);
  }
  return [...new Set(found)];
}"""


@dataclass
class Seat:
    """One person before one screen, and what went wrong there."""

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page and look it over."""
        self.page.goto(self.address + path)
        self.fits()

    def fits(self) -> None:
        """Nothing is wider than the screen."""
        self.page.wait_for_load_state("load")  # a page that has come without its style sheets yet is wider
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px too wide"

    def broken(self) -> list[str]:
        """Words of tables that a line breaks, and heads on a phone that would not fit; long hashes may."""
        found: list[str] = self.page.evaluate(BROKEN)
        return found

    def heard(self, message: ConsoleMessage) -> None:
        """Errors in the console are faults; not that a plain address gets headers meant for HTTPS."""
        if message.type == "error" and "Cross-Origin-Opener-Policy" not in message.text:
            self.faults.append(f"{self.page.url}: {message.text}")


Sit = Callable[..., Seat]
