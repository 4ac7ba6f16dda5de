"""A bulletin as a file: a citizen checks it by one command, without a database; whatever was changed in it is told."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from dashboards.cli import main
from dispatch.bulletins.archive import write_archive
from dispatch.bulletins.content import Rules, hash_of, parsed
from dispatch.bulletins.difference import changed_cases, changed_figures
from dispatch.bulletins.freeze import Bulletin, decide, lines_of, seal
from dispatch.bulletins.recount import recount, scored, scores_text
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from gis.db import close, configure, read, write
from tests.bulletins.test_bulletins import WEEK, person
from tests.cases.town import MONDAY, Town, look, settled


@pytest.fixture(scope="module")
def town(database: Urls) -> Iterator[Town]:
    with settled() as town:
        for _ in range(3):
            town.closed()
        town.handling("enforcement-b")
        town.set(MONDAY.replace(day=16))
        town.sweep()
        yield town


@pytest.fixture(scope="module")
def made(town: Town) -> Bulletin:
    with write() as tx:
        sealed = seal(tx, person(town, "leader"), period=WEEK)
    with write() as tx:
        return decide(tx, sealed.id, person(town, "supervisor"), publish=True)


def archive(made: Bulletin) -> bytes:
    out = io.BytesIO()
    with read() as tx:
        write_archive(out, made, lines_of(tx, made.id), name="b.zip")
    return out.getvalue()


def test_two_bulletins_of_one_period_come_under_two_names(made: Bulletin) -> None:
    others = [replace(made, scheme="gb-area-1"), replace(made, scheme="jinhua"), replace(made, revision=2)]
    assert made.file_name == f"bulletin-{WEEK}-gb-department-1"
    assert len({one.file_name for one in (made, *others)}) == 4


def contents(whole: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as whole:
        for name, content in files.items():
            whole.writestr(name, content)
    return path


def test_the_file_is_always_the_same_bytes(made: Bulletin) -> None:
    assert archive(made) == archive(made)


def test_a_citizen_checks_it_without_a_database(
    made: Bulletin, database: Urls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(archive(made))
    close()
    try:
        assert main(["verify-bulletin", str(path)]) == 0
        assert main(["verify-bulletin", str(path), "--hash", made.hash.upper()]) == 0
        shown = capsys.readouterr()
        assert made.hash in shown.out
        assert f"{WEEK}, revision 1, {made.cases} cases" in shown.out
        assert "all the same" in shown.err
        assert main(["verify-bulletin", str(path), "--hash", "0" * 64]) == 1
        assert "not the one expected" in capsys.readouterr().err
    finally:
        configure(database.app)


def flattered(files: dict[str, bytes]) -> None:
    """One unit's case taken out, the hash made to fit: only the scores give it away."""
    lines = files["facts.csv"].splitlines(keepends=True)
    files["facts.csv"] = b"".join(line for line in lines if b",enforcement-b," not in line)
    _hashed(files)


def reweighed(files: dict[str, bytes]) -> None:
    files["rules.json"] = files["rules.json"].replace(b'"weight":"30"', b'"weight":"29"', 1)
    _hashed(files)


def _hashed(files: dict[str, bytes]) -> None:
    manifest = json.loads(files["manifest.json"])
    manifest["hash"] = hash_of(sha256(files["facts.csv"]).hexdigest(), files["rules.json"].decode())
    files["manifest.json"] = json.dumps(manifest).encode()


def promoted(files: dict[str, bytes]) -> None:
    files["scores.csv"] = files["scores.csv"].replace(b",1,", b",2,", 1)


def renamed(files: dict[str, bytes]) -> None:
    files["manifest.json"] = files["manifest.json"].replace(WEEK.encode(), b"2026-W25")


@pytest.mark.parametrize("spoil", [flattered, reweighed, promoted, renamed])
def test_a_file_that_was_changed_is_told(
    made: Bulletin, tmp_path: Path, spoil: Callable[[dict[str, bytes]], None]
) -> None:
    files = contents(archive(made))
    spoil(files)
    assert main(["verify-bulletin", str(packed(tmp_path / "b.zip", files))]) == 1


def test_a_file_that_agrees_with_itself_is_told_by_the_hash_expected(made: Bulletin, tmp_path: Path) -> None:
    files = contents(archive(made))
    flattered(files)
    rules = Rules.read(files["rules.json"].decode())
    again = recount(rules, parsed(files["facts.csv"].decode().splitlines()))
    files["scores.csv"] = scores_text(rules, scored(rules, again)).encode()
    path = packed(tmp_path / "b.zip", files)
    assert main(["verify-bulletin", str(path)]) == 0
    assert main(["verify-bulletin", str(path), "--hash", made.hash]) == 1


@pytest.mark.parametrize("content", [b"", b"PK nothing", b"facts.csv"], ids=["empty", "cut", "no zip"])
def test_a_file_that_is_no_bulletin_is_refused_in_one_line(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(content)
    assert main(["verify-bulletin", str(path)]) == 2
    assert main(["verify-bulletin", str(tmp_path / "none.zip")]) == 2
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize("name", ["manifest.json", "facts.csv", "rules.json", "scores.csv"])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"\xff", b"case\n1,2\n", b"{}"])
def test_a_bulletin_with_a_part_that_is_none_is_refused(
    made: Bulletin, tmp_path: Path, name: str, content: bytes | None
) -> None:
    files = contents(archive(made))
    if content is None:
        del files[name]
    else:
        files[name] = content
    assert main(["verify-bulletin", str(packed(tmp_path / "b.zip", files))]) in (1, 2)


def test_no_cell_of_its_tables_can_become_a_formula(made: Bulletin) -> None:
    files = contents(archive(made))
    for name in ("facts.csv", "scores.csv"):
        for row in csv.reader(io.StringIO(files[name].decode())):
            assert not any(cell[:1] in "=+-@\t\r" for cell in row if cell)


def test_a_revision_says_which_cases_and_which_figures_differ(town: Town, made: Bulletin) -> None:
    (case,) = look("SELECT min(id) AS id, min(number) AS number FROM cases WHERE state = 'closed'")
    town.do(case["id"], Action.APPEAL, "enforcement-a", reason="wrong")
    town.do(case["id"], Action.GRANT_APPEAL, "evaluator", reason="right")
    town.later(hours=1)
    with write() as tx:
        revision = seal(tx, person(town, "leader"), period=WEEK)
    with read() as tx:
        cases, count = changed_cases(tx, made.id, revision.id)
    assert count == len(cases)
    exempt = next(one for one in cases if one.number == case["number"])
    assert exempt.what["exempt"] == ("0", "1")
    told = {(one.of, one.key, one.figure): (one.before, one.after) for one in changed_figures(made, revision)}
    assert told["city", "", "should_dispose"] == ("4", "3")
    assert told["unit", "enforcement-a", "closed"] == ("3", "2")
