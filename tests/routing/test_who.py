"""`wangge who` in the tiny town: the answer, the doubt, and the question that cannot be understood."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.cases.books import forget
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.who import command

TINY = Path(__file__).resolve().parents[1] / "towns" / "tiny"
ON_THE_MAIN_ROAD = ("114.0015", "22.5001")
OFF_EVERY_ROAD = ("114.0015", "22.5010")


@pytest.fixture(scope="module")
def tiny(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    forget()
    load(TINY, data=tmp_path_factory.mktemp("data"))
    yield
    forget()


def who(*words: str) -> int:
    parser = ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))


@pytest.mark.usefixtures("tiny")
class TestWho:
    def test_a_facility_on_the_main_road_answers_to_the_bureau(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert who(*ON_THE_MAIN_ROAD, "C0135", "--json") == 0
        (found,) = json.loads(capsys.readouterr().out)
        assert (found["unit"], found["rule"], found["edition"]) == ("utilities", "R-001", "tiny-rules-1")
        assert found["facts"]["road"] == "main"

    def test_the_same_facility_elsewhere_answers_to_the_district(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert who(*OFF_EVERY_ROAD, "C0135") == 0
        told = capsys.readouterr().out
        assert "R-003 of tiny-rules-1" in told
        assert "R-001" in told.partition("Tried before")[2]

    def test_where_the_accuracy_reaches_another_answer_the_dispatcher_decides(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert who(*ON_THE_MAIN_ROAD, "C0135", "--accuracy", "45") == 1
        told = capsys.readouterr().out
        assert "the dispatcher decides" in told
        assert "utilities" in told

    def test_the_road_that_the_address_names_decides(self, capsys: pytest.CaptureFixture[str]) -> None:
        nearer_the_avenue = ("114.00065", "22.5003", "C0135")
        assert who(*nearer_the_avenue, "--json") == 0
        assert json.loads(capsys.readouterr().out)[0]["unit"] == "utilities"
        assert who(*nearer_the_avenue, "--street", "东河区河东巷") == 0
        told = capsys.readouterr().out
        assert "R-003 of tiny-rules-1" in told
        assert "alley 河东巷, 36.6 m, named by the address" in told

    def test_a_category_nobody_knows_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert who(*ON_THE_MAIN_ROAD, "X1") == 2
        assert "No category X1" in capsys.readouterr().err
