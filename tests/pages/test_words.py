"""The dictionaries are whole, and the pages say nothing that is not in them."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from dashboards import vendor
from dashboards.acting import FIRST, SHOWS
from dashboards.console import SOURCES
from dashboards.public import plain
from dashboards.shell import STATIC, templates
from dashboards.view import SHAPES
from dashboards.words import LANGUAGES, keys, words
from dispatch.evaluation.rates import RATES, Counts
from dispatch.lifecycle.respites import RESPITES, standard_respites
from dispatch.lifecycle.states import Action, ClockKind, Pool, State
from dispatch.lifecycle.table import BY_ACTION
from dispatch.people.roles import Role

PAGES = sorted((Path(vendor.HERE) / "templates").glob("*.html"))
SAID = re.compile(r"""\bt\(\s*["']([a-z][\w.-]*)["']\s*[,)]""")


def test_every_language_has_the_same_keys() -> None:
    first, *others = (keys(language) for language in LANGUAGES)
    for other in others:
        assert first == other


def test_an_inspector_is_called_one_thing() -> None:
    said = {key for key in keys("zh") if "采集员" in words("zh").get(key, "")}
    assert not said  # docs/terms.md: inspector 监督员


def test_every_sentence_takes_the_same_values_in_every_language() -> None:
    for key in keys("zh"):
        zh, en = (set(re.findall(r"\{(\w+)[}:]", words(language).get(key, ""))) for language in ("zh", "en"))
        assert zh == en, key


def test_every_count_and_rate_of_a_scheme_has_a_name() -> None:
    assert {f"bulletin.of_{name}" for name in (*Counts.names(), *RATES)} <= keys("zh")


@pytest.mark.parametrize(("n", "said"), [(0, "0 cases"), (1, "1 case"), (2, "2 cases"), (11, "11 cases")])
def test_one_case_is_not_called_cases(n: int, said: str) -> None:
    assert words("en")("board.shown", n=n) == said
    assert words("zh")("board.shown", n=n).startswith(str(n))


@pytest.mark.parametrize(("each", "said"), [("1", "1 point off"), ("0.5", "0.5 points off")])
def test_one_point_is_not_called_points(each: str, said: str) -> None:
    assert said in words("en")("bulletin.loss_case", name="Refused returns", below=None, each=Decimal(each))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_says_only_what_the_dictionaries_have(page: Path) -> None:
    assert set(SAID.findall(page.read_text(encoding="utf-8"))) <= keys("zh")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_has_no_style_and_no_script_of_its_own_and_asks_no_other_host(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son\w+=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"(?:https?:)?//\w", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_can_be_read_by_the_template_engine(page: Path) -> None:
    assert templates.get_template(page.name)


def test_states_actions_clocks_pools_and_posts_all_have_a_word() -> None:
    wanted = {f"state.{s.value}" for s in State} | {f"action.{a.value}" for a in Action}
    wanted |= {f"clock.{c.value}" for c in ClockKind} | {f"pool.{p.value}" for p in Pool}
    wanted |= {f"role.{r.value}" for r in Role} | {f"source.{s}" for s in SOURCES}
    wanted |= {f"public.plain_{plain(s)}" for s in State if s is not State.MERGED}
    wanted |= {f"public.state_{s.value}" for s in State}
    assert wanted <= keys("zh")


def test_a_state_is_told_to_the_public_as_what_was_done_not_as_what_staff_have_to_do() -> None:
    for language, to_do in (("zh", "待"), ("en", "To ")):
        assert not [word for word in words(language).under("public").values() if word.startswith(to_do)]


def test_every_state_has_a_shape_of_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    assert set(SHAPES) == set(State)
    assert {icon for icon, _ in SHAPES.values()} <= drawn
    for page in PAGES:
        assert set(re.findall(r'icon\("([\w-]+)"\)', page.read_text(encoding="utf-8"))) <= drawn, page.name


def test_a_form_shows_every_field_that_its_action_needs() -> None:
    for (_, action), row in BY_ACTION.items():
        if action in SHOWS:
            assert row.needs <= set(SHOWS[action]), action


def test_every_action_of_a_person_on_a_case_has_a_form() -> None:
    by_people = {action for (state, action), row in BY_ACTION.items() if state and row.by - {Role.SYSTEM}}
    assert by_people == set(SHOWS)


def test_every_form_that_asks_a_reason_offers_some() -> None:
    for action, shows in SHOWS.items():
        if "reason" in shows:
            offered = words("zh").under(f"reason.{action.value}")
            assert standard_respites()[action].reasons if action in RESPITES else offered, action


def test_the_likeliest_action_of_a_state_may_be_done_in_it() -> None:
    assert all((state, action) in BY_ACTION for state, actions in FIRST.items() for action in actions)


def test_vendored_files_are_as_their_checksums_say() -> None:
    assert vendor.faults() == []


def test_the_two_dark_palettes_are_one() -> None:
    css = (STATIC / "tokens.css").read_text(encoding="utf-8")
    chosen = re.search(r":root\[data-theme=dark\]\{(.*?)\n\}", css, re.DOTALL)
    system = re.search(r"not\(\[data-theme=light\]\)\{(.*?)\n\}\}", css, re.DOTALL)
    assert chosen is not None
    assert system is not None
    assert chosen[1] == system[1]
