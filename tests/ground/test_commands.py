"""Every subcommand of `wangge`: help that a stranger can follow, and `--json` wherever a table is printed."""

from __future__ import annotations

import argparse
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import gis.db
from dashboards.cli import COMMANDS, _parser, main
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.config import settings
from tests.city.spoilt_town import TINY

# What prints no table: it runs until it is stopped, or says in a line what it did.
NO_TABLE = {
    "up", "serve", "work", "migrate", "backup", "restore", "verify-bulletin", "layers export",
    "user add", "user grant", "user revoke", "user disable", "user enable", "user password", "user unlock",
    "notices resend", "notices reach", "notices try", "terminal",
}  # fmt: skip
SPOT = "id,lon,lat,subclass\nA,114.0015,22.5001,C0135\n"


def leaves(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every subcommand with its whole name, groups before what is in them."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if name:
        yield name, parser
    for group in inner:
        for word, below in group.choices.items():
            yield from leaves(below, f"{name} {word}".strip())


EVERY = dict(leaves(_parser(list(COMMANDS))))
RUN = [name for name in EVERY if not any(other.startswith(f"{name} ") for other in EVERY)]


def test_none_is_left_out() -> None:
    assert {room.name for room in COMMANDS} <= EVERY.keys()
    assert len(RUN) > 30


@pytest.mark.parametrize("name", EVERY)
def test_it_begins_with_sentences_and_explains_each_word_it_takes(name: str) -> None:
    parser = EVERY[name]
    said = parser.description or ""
    assert said[:1].isupper(), f"wangge {name} --help begins with no sentence"
    assert said.endswith((".", "?")), f"wangge {name} --help ends its sentence nowhere"
    taken = (action for action in parser._actions if not isinstance(action, argparse._SubParsersAction))
    assert [action.dest for action in taken if not action.help] == [], f"wangge {name} --help does not explain these"


@pytest.mark.parametrize("name", RUN)
def test_it_gives_json_or_prints_no_table(name: str) -> None:
    has = "--json" in EVERY[name]._option_string_actions
    assert has is (name not in NO_TABLE)


@pytest.fixture(scope="module")
def town(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The town, loaded, in the database that the environment names, and a folder with files that commands ask for."""
    folder = Path(tmp_path_factory.mktemp("asked"))
    load(TINY, data=folder)
    (folder / "spot.csv").write_text(SPOT, encoding="utf-8")
    (folder / "due.csv").write_text("id,start,limit,time_class\n1,2026-06-08 09:00,2,work_hour\n", encoding="utf-8")
    (folder / "text.csv").write_text("id,text\n1,人民大道\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WANGGE_DATABASE_URL", database.owner)
        settings.cache_clear()
        yield folder
    settings.cache_clear()
    gis.db.configure(database.app)


ASKED = (
    "city check TINY", "layers list", "layers check", "user list", "who 114.0015 22.5001 C0135",
    "who --in HERE/spot.csv",
    "components nearest --in HERE/spot.csv", "geocode 人民大道", "geocode --reverse 114.0015 22.5001",
    "geocode --in HERE/text.csv", "rules lint TINY", "rules lint", "due --city TINY --in HERE/due.csv",
    "score --period 2026", "owners learnt", "replay TINY/rules.toml", "verify", "routes",
)  # fmt: skip


def test_a_busy_port_is_one_line_for_the_server_alone_too(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"wangge: Port {port} on 127.0.0.1 cannot be had")
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", ASKED)
def test_its_json_is_json(town: Path, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = words.replace("HERE", str(town)).replace("TINY", str(TINY)).split()
    assert main([*asked, "--json"]) in (0, 1)
    said = capsys.readouterr().out
    try:
        json.loads(said)
    except ValueError:
        assert [json.loads(line) for line in said.splitlines()], f"{words}: neither JSON nor a JSON object a line"
