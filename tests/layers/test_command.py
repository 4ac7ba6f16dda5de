"""`wangge layers`: change sets from the machine itself, and the second person at the keyboard."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import pytest

from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.layers.command import command
from dispatch.people.roles import Role
from gis.changes.sets import State, set_of
from gis.db import read, write
from gis.problems import Forbidden, Unauthorised
from tests.city.spoilt_town import TINY
from tests.layers.ground import EAST, area, ended, proposed, says, square
from tests.people.made import PASSWORD, make_person


@pytest.fixture(scope="module", autouse=True)
def _town(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> None:
    load(TINY, data=Path(tmp_path_factory.mktemp("data")))
    make_person("gu", Role.SUPERVISOR)
    make_person("lin", Role.INSPECTOR)


def layers(*words: object) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(word) for word in words]))


def typed(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    """What stands on the standard input, a password being asked for."""
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))


def held() -> int:
    """A set that would end a third of the components."""
    with write() as tx:
        codes = sorted(says(tx, "components"))[:4]
        return proposed(tx, "components", *(ended(code, no) for no, code in enumerate(codes)))


def state(number: int) -> State:
    with read() as tx:
        return set_of(tx, number).state


def test_a_held_set_goes_in_by_a_second_persons_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = held()
    assert layers("publish", number) == 1
    assert "held: it would end 4 of 12 rows" in capsys.readouterr().out
    typed(monkeypatch, PASSWORD)
    assert layers("publish", number, "--by", "gu") == 0
    assert state(number) is State.IN_FORCE
    assert layers("undo", number, "--reason", "误报") == 0
    assert state(number) is State.UNDONE


@pytest.mark.parametrize(
    ("login", "password", "refusal"),
    [("gu", "wrong", Unauthorised), ("nobody", PASSWORD, Unauthorised), ("lin", PASSWORD, Forbidden)],
)
def test_whoever_may_not_is_no_second_person(
    monkeypatch: pytest.MonkeyPatch, login: str, password: str, refusal: type[Exception]
) -> None:
    number = held()
    layers("publish", number)
    typed(monkeypatch, password)
    with pytest.raises(refusal):
        layers("publish", number, "--by", login)
    assert state(number) is State.HELD
    layers("withdraw", number)


def test_a_set_at_fault_says_so_with_polygons(capsys: pytest.CaptureFixture[str]) -> None:
    with write() as tx:
        number = proposed(tx, "grid", area(f"{EAST}005", square(0.5, 1), EAST))
    assert layers("show", number, "--json") == 1
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    told = {tuple(fault["properties"]["codes"]): fault["geometry"]["type"] for fault in found["faults"]["features"]}
    assert told == {(f"{EAST}001", f"{EAST}005"): "Polygon", (f"{EAST}002", f"{EAST}005"): "Polygon"}
    assert layers("publish", number) == 1
    assert "overlap by" in capsys.readouterr().err
    assert layers("withdraw", number) == 0


def test_the_sets_are_listed_newest_first(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = held(), held()
    capsys.readouterr()
    assert layers("list", "--layer", "components", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["set"] for row in rows[:2]] == [second, first]
    assert rows[0] | {"state": "draft", "end": 4, "author": "li", "reason": "测绘更新"} == rows[0]
