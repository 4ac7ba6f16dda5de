"""A bulletin as one file that anybody can check: facts, rules, scores, a word how. It is always the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from dispatch.bulletins.content import Rules, canonical, hash_of, instant, parsed
from dispatch.bulletins.freeze import Bulletin
from dispatch.bulletins.recount import recount, scored, scores_text

__all__ = ["Checked", "check", "write_archive"]

FILES = ("manifest.json", "facts.csv", "rules.json", "scores.csv")
LONGEST = {"manifest.json": 1 << 16, "rules.json": 1 << 24, "scores.csv": 1 << 24, "facts.csv": 1 << 32}
LINE = 4_096  # characters; a line of facts has some 300
WHEN = (1980, 1, 1, 0, 0, 0)
README = """\
这份文件是一期已冻结并发布的通报。任何人都可以不用账号、不用数据库自行核对:

    wangge verify-bulletin {name} --hash {hash}

facts.csv   该时段内每个案件一行:单位、区县、状态与时间(UTC),不含姓名、文字说明和案件号
rules.json  评价方案、权重、分档、排名小组、当时的单位以及各项数据的版本
scores.csv  仅由以上两个文件计算得出的数量、比率、得分和名次
通报哈希 = SHA-256( SHA-256(facts.csv) ‖ SHA-256(rules.json) ),应与网站上公布的一致。

This is a bulletin of a finished period, frozen and published. Anybody can check it, without an account or a database,
by the command above. It counts all scores again from facts.csv and rules.json alone, and the hash
SHA-256( SHA-256(facts.csv) || SHA-256(rules.json) ), which must be the one shown on the city's page.
Codes and columns: docs/bulletins.md and docs/evaluation.md of Wangge (网格).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a file turned out to be. `faults`: empty if all fits. `hash`: counted from its facts and rules."""

    period: str
    revision: int
    cases: int
    hash: str
    faults: list[str]


def write_archive(file: IO[bytes], made: Bulletin, lines: Iterable[str], *, name: str) -> None:
    """Write the whole bulletin to `file`. `lines`: those of facts.csv, taken one at a time. `name`: the file's."""
    manifest = {
        **{"form": 1, "period": made.period, "scheme": made.scheme, "revision": made.revision, "hash": made.hash},
        "facts": made.facts_hash,
        "rules": hashlib.sha256(made.rules.encode()).hexdigest(),
        "published_at": instant(made.decided_at) if made.decided_at else None,
        "chain": {"block": made.head_no, "hash": made.head_hash},
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as whole:
        with whole.open(_entry("facts.csv"), "w", force_zip64=True) as entry:
            for line in lines:
                entry.write(line.encode())
        _put(whole, "manifest.json", canonical(manifest))
        _put(whole, "rules.json", made.rules)
        _put(whole, "scores.csv", made.scores)
        _put(whole, "README.txt", README.format(name=name, hash=made.hash))


def _put(whole: zipfile.ZipFile, name: str, text: str) -> None:
    whole.writestr(_entry(name), text.encode())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, WHEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def check(path: Path, *, expected: str | None = None) -> Checked:
    """Count a bulletin's file again, without a database. Raises ValueError for a file that is no bulletin, OSError.

    `expected`: the hash that the city's page shows; without it the file can only be shown to agree with itself.
    """
    try:
        with zipfile.ZipFile(path) as whole:
            _bounded(whole)
            return _checked(whole, expected)
    except (zipfile.BadZipFile, KeyError, TypeError, UnicodeDecodeError, RecursionError) as fault:
        raise ValueError(f"{path.name} is not a bulletin: {fault}") from fault


def _bounded(whole: zipfile.ZipFile) -> None:
    for name in FILES:
        if whole.getinfo(name).file_size > LONGEST[name]:
            raise ValueError(f"{name} is longer than a bulletin's is")


def _checked(whole: zipfile.ZipFile, expected: str | None) -> Checked:
    manifest: Mapping[str, Any] = json.loads(whole.read("manifest.json"))
    text = whole.read("rules.json").decode()
    rules, digest, count = Rules.read(text), hashlib.sha256(), [0]
    found = recount(rules, parsed(_hashed(whole, digest, count)))
    scores = scores_text(rules, scored(rules, found))
    counted = hash_of(digest.hexdigest(), text)
    faults = [
        words
        for wrong, words in (
            (manifest["hash"] != counted, "its facts and rules do not give the hash that its manifest tells"),
            (manifest["period"] != rules.document["period"], "its manifest tells of another period"),
            (whole.read("scores.csv").decode() != scores, "its scores, counted again, come out differently"),
            (expected is not None and expected.strip().lower() != counted, "its hash is not the one expected"),
        )
        if wrong
    ]
    return Checked(
        period=str(rules.document["period"]),
        revision=int(rules.document["revision"]),
        cases=count[0] - 1,
        hash=counted,
        faults=faults,
    )


def _hashed(whole: zipfile.ZipFile, digest: Any, count: list[int]) -> Iterator[str]:
    with whole.open("facts.csv") as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as file:
        while line := file.readline(LINE):
            digest.update(line.encode())
            count[0] += 1
            yield line
