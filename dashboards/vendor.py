"""Gather the pages' third-party code into `static/vendor`: npm by the lock, one module by esbuild, licences, checksums.

Run by hand when a version in package.json changes: `python -m dashboards.vendor`; the outcome is committed, so that
nobody else needs npm. `--check` only compares the committed files with their checksums.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
VENDOR = HERE / "static" / "vendor"
SUMS = VENDOR / "SHA256SUMS"
LICENCES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "license")


def gather() -> None:
    """Build every file of `static/vendor` anew. Raises CalledProcessError when npm or esbuild fails."""
    with tempfile.TemporaryDirectory(prefix="wangge-vendor-") as name:
        work = Path(name)
        for path in (
            ROOT / "package.json",
            ROOT / "package-lock.json",
            ROOT / ".npmrc",
            HERE / "vendor.entry.js",
        ):
            shutil.copy(path, work / path.name)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=work, check=True)
        VENDOR.mkdir(parents=True, exist_ok=True)
        used = _bundle(work)
        shutil.copy(work / "node_modules/ol/ol.css", VENDOR / "ol.css")
        _licences(work, used)
    SUMS.write_text(
        "".join(f"{digest}  {name}\n" for name, digest in _digests().items()),
        encoding="utf-8",
    )


def _bundle(work: Path) -> list[str]:
    """Write `ol.js`; the names of the packages that went into it."""
    options = ["--bundle", "--minify", "--format=esm", "--legal-comments=none", "--charset=utf8"]
    subprocess.run(
        ["npx", "esbuild", "vendor.entry.js", *options, "--metafile=meta.json", f"--outfile={VENDOR / 'ol.js'}"],
        cwd=work,
        check=True,
    )
    inputs = json.loads((work / "meta.json").read_text(encoding="utf-8"))["inputs"]
    return sorted({_package(path) for path in inputs if path.startswith("node_modules/")})


def _package(path: str) -> str:
    parts = path.removeprefix("node_modules/").split("/")
    return "/".join(parts[:2]) if parts[0].startswith("@") else parts[0]


def _licences(work: Path, used: list[str]) -> None:
    """One file with every licence text, each under its package's name and version."""
    texts = []
    for name in used:
        folder = work / "node_modules" / name
        version = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        found = next((folder / file for file in LICENCES if (folder / file).exists()), None)
        text = found.read_text(encoding="utf-8").strip() if found else f"Licence: {version.get('license')}"
        texts.append(f"{name} {version['version']} ({version.get('license', 'see text')})\n{'-' * 60}\n{text}\n")
    (VENDOR / "LICENCES.txt").write_text("\n\n".join(texts), encoding="utf-8")


def _digests() -> dict[str, str]:
    """SHA-256 of each vendored file, in hexadecimal, by name."""
    files = sorted(p for p in VENDOR.iterdir() if p.is_file() and p != SUMS)
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def faults() -> list[str]:
    """Names of vendored files that are not what the checksums say, missing and surplus ones included."""
    stated = {line[66:]: line[:64] for line in SUMS.read_text(encoding="utf-8").splitlines()}
    present = _digests()
    return sorted(name for name in stated.keys() | present.keys() if stated.get(name) != present.get(name))


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        gather()
    wrong = faults()
    sys.stdout.write(("\n".join(wrong) or "vendored files are as stated") + "\n")
    sys.exit(1 if wrong else 0)
