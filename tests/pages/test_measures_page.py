"""The page of measures: each figure opens its cases and is counted again from them, by every cut, on desk and phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from dispatch.lifecycle.states import Action
from tests.cases.town import look
from tests.pages.conftest import Office, Person, good_and_bad
from tests.pages.seats import DESK, PHONE, Sit
from tests.pages.test_exports import both, recorded

Enter = Callable[[str], Person]
JUNE = "/measures?period=2026-06"
ALL = "&c=".join(
    ("", "filed", "should_dispose", "ontime_disposal_rate", "close_rate", "dispose_work_median", "backlog")
)
OVER = """[...document.querySelectorAll('.stacks td')].filter(cell => cell.nextElementSibling
  && cell.nextElementSibling.offsetTop === cell.offsetTop
  && (cell.offsetLeft + Math.max(cell.offsetWidth, cell.scrollWidth) > cell.nextElementSibling.offsetLeft))
  .map(cell => cell.dataset.th + ': ' + cell.innerText)"""  # cells that reach into the next one
CUTS = (
    *(
        "unit",
        "area:district",
        "area:street",
        "area:grid",
        "area_class",
        "kind",
        "class",
        "category",
        "source",
        "channel",
    ),
    *("campaign", "city", "post", "inspector", "acceptor", "shift_leader", "dispatcher"),
)


@pytest.fixture(scope="module")
def lived(office: Office) -> Office:
    """A week of good and bad work; one case given back, one closed twice."""
    good_and_bad(office.town)
    office.town.filed("E0201")  # of no campaign
    office.town.later(hours=3)
    again = office.town.closed()
    office.town.later(hours=1)
    office.town.do(again, Action.REOPEN, "shift_leader", reason="back-again")
    return office


def figures(page: str) -> list[tuple[str, str]]:
    """Address and text of every figure of the table."""
    found = re.findall(r'<td class="num"[^>]*><a href="(/measures/cases[^"]+)">(.*?)</a>', page)
    return [(unescape(link), re.sub(r"<[^>]+>", "", text).strip()) for link, text in found]


@pytest.mark.parametrize("by", CUTS)
def test_every_figure_opens_its_cases_and_comes_out_again(lived: Office, person: Enter, by: str) -> None:
    leader = person("leader")
    columns = "&c=accepted&c=filed&c=closed&c=ontime_closing_rate&c=dispatched" if by in CUTS[-5:] else ALL
    shown = leader.get(f"{JUNE}&lang=en&by={by}{columns}").text
    told = figures(shown)
    assert len(told) >= (2 if by in CUTS[-5:] else 5)
    for link, text in told:
        opened = leader.get(link + "&lang=en")
        assert opened.status_code == 200, link
        assert "The same as in the table" in opened.text, link
        assert unescape(re.findall(r"</h1><b>(.*?)</b>", opened.text)[0]).removesuffix(" hours") == text, link


def test_a_rate_shows_what_it_is_made_of_and_what_is_left_out(lived: Office, person: Enter) -> None:
    leader = person("leader")
    page = leader.get("/measures/cases?period=2026-06&by=city&figure=ontime_disposal_rate&lang=en").text
    above, below, value = re.findall(r"Counted again from the lists: (\d+) ÷ (\d+) = ([\d.]+) %", page)[0]
    assert float(value) == pytest.approx(100 * int(above) / int(below), abs=0.005)
    counts = {unescape(name): int(n) for name, n in re.findall(r"part=(\w+)[^>]*>[^<]* (\d+)</a>", page)}
    assert counts["above"] == int(above)
    assert counts["rest"] == int(below) - int(above)
    left = leader.get("/measures/cases?period=2026-06&by=city&figure=ontime_disposal_rate&part=excluded&lang=en").text
    assert len(re.findall(r'<a href="/cases/\d+">', left)) == counts["excluded"] > 0
    assert "No limit" in left or "no limit" in left


def test_a_department_sees_its_own_cells_and_cases_only(lived: Office, person: Enter) -> None:
    crew = person("enforcement-a")
    shown = crew.get(f"{JUNE}&by=unit&lang=en").text
    assert {re.findall(r"key=([^&]*)&", link)[0] for link, _ in figures(shown) if "by=unit" in link} == {
        "enforcement-a"
    }
    whole = {link: text for link, text in figures(shown) if "by=city" in link}
    own = {
        link.replace("by=unit", "by=city").replace("&key=enforcement-a", ""): text
        for link, text in figures(shown)
        if "by=unit" in link
    }
    assert whole == own
    others = {row["number"] for row in look("SELECT number FROM cases WHERE unit_id IS DISTINCT FROM 'enforcement-a'")}
    for by in ("unit", "class", "area:grid", "channel"):
        for link, _ in figures(crew.get(f"{JUNE}&by={by}&c=report&c=should_dispose&c=backlog").text):
            listed = crew.get(link)
            assert not others & set(re.findall(r'/cases/(\d+)"', listed.text)), link
    stolen = crew.get("/measures/cases?period=2026-06&by=unit&key=enforcement-b&figure=should_dispose")
    assert re.findall(r"</h1><b>(.*?)</b>", stolen.text) == ["0"]
    for by in ("post", "inspector", "dispatcher"):
        assert crew.get(f"{JUNE}&by={by}").status_code == 422


def test_nobody_else_sees_anything_of_it(lived: Office, person: Enter) -> None:
    assert person("inspector1").get(JUNE).status_code == 403
    assert "/login" in str(person("").get(JUNE).url)
    assert person("inspector1").get("/exports/measures?period=2026-06").status_code == 403


def test_recurrence_of_more_than_a_hundred_days_is_counted_when_it_is_chosen(lived: Office, person: Enter) -> None:
    leader = person("leader")
    for first, more, counted in (("03-01", "", True), ("02-28", "", False), ("02-28", "&c=recurred", True)):
        page = leader.get(f"/measures?first=2026-{first}&last=2026-06-08&by=city{more}").text
        assert ("recurred" in {re.findall(r"figure=([^&]+)", link)[0] for link, _ in figures(page)}) == counted


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/measures?by=nonsense", 422),
        ("/measures?period=nonsense", 422),
        ("/measures?period=2031-01", 422),
        ("/measures?campaign=nonsense", 422),
        ("/measures/cases?figure=nonsense", 404),
        ("/measures/cases?figure=recurred&by=dispatcher", 404),
        ("/measures/cases?figure=filed&by=post&key=nonsense", 404),
    ],
)
def test_nonsense_is_refused(lived: Office, person: Enter, address: str, status: int) -> None:
    assert person("leader").get(address).status_code == status


def test_two_days_are_a_period_and_the_address_is_the_choice(lived: Office, person: Enter) -> None:
    leader = person("leader")
    page = leader.get("/measures?first=2026-06-08&last=2026-06-09&by=class&c=filed&lang=en").text
    assert '<span class="b">2026-06-08..2026-06-09</span>' in page
    assert {re.findall(r"period=([^&]+)", link)[0] for link, _ in figures(page)} == {"2026-06-08..2026-06-09"}
    assert {re.findall(r"figure=([^&]+)", link)[0] for link, _ in figures(page)} == {"filed"}


@pytest.mark.parametrize(
    ("dates", "zh", "en"),
    [
        ("first=2026-06-09&last=2026-06-08", "“至”不能早于“自”", "The last day is before the first"),
        ("first=2026-06-09&last=", "请填写这一项。", "Please fill this in."),
    ],
)
def test_days_that_are_no_period_leave_the_form_as_it_was_entered(
    lived: Office, person: Enter, dates: str, zh: str, en: str
) -> None:
    leader = person("leader")
    for language, said in (("zh", zh), ("en", en)):
        answer = leader.get(f"/measures?period=2026-06&{dates}&by=class&c=filed&lang={language}")
        page = unescape(answer.text)
        assert answer.status_code == 422
        assert 'name="first" value="2026-06-09"' in page
        assert 'name="period" value="2026-06"' in page
        assert '<option value="class" selected>' in page
        assert re.findall(r'name="c" value="(\w+)" checked', page) == ["filed"]
        beside = re.search(r'name="last".*?<span class="msg">.*?</svg>(.*?)</span>', page)
        assert beside
        assert beside[1] == said
        assert not figures(page)
    assert leader.get(f"/exports/measures?period=2026-06&{dates}").status_code == 422


def test_what_a_department_sees_together_is_not_called_the_whole_city(lived: Office, person: Enter) -> None:
    crew = person("enforcement-a")
    for path in (JUNE, f"{JUNE}&by=city", "/measures/cases?period=2026-06&by=city&figure=report"):
        page = crew.get(f"{path}&lang=zh").text
        assert "本单位合计" in page
        assert "全市" not in page
    assert "全市" in person("leader").get(f"{JUNE}&lang=zh").text


def test_the_files_say_what_the_page_says_and_are_on_record(lived: Office, person: Enter) -> None:
    leader = person("leader")
    page = leader.get(f"{JUNE}&lang=en&by=unit{ALL}").text
    head, *rows = both(leader, f"/exports/measures?period=2026-06&lang=en&by=unit{ALL}")
    cells = [cell or "no data" for row in rows for cell in row[5:]]
    assert [text.removesuffix(" %") for _, text in figures(page)] == cells
    assert head[:5] == ["Period", "As of", "Cut by", "Code", "Name"]
    _, *listed = both(leader, "/exports/measure?period=2026-06&lang=en&by=city&figure=close_rate")
    parts = [row[0] for row in listed]
    opened = leader.get("/measures/cases?period=2026-06&by=city&figure=close_rate&lang=en").text
    above, below, _ = re.findall(r"lists: (\d+) ÷ (\d+) = ([\d.]+) %", opened)[0]
    assert parts.count("Counted") == int(above)
    assert parts.count("Counted") + parts.count("In the denominator only") == int(below)
    objects = [event["object"] for event in recorded("export")]
    assert objects.count("measures") == objects.count("measure") == 2


def test_a_campaign_is_counted_apart(lived: Office, person: Enter) -> None:
    leader = person("leader")

    def filed(query: str) -> int:
        page = leader.get(f"{JUNE}&by=city&c=filed{query}").text
        return int(figures(page)[0][1])

    assert filed("") == filed("&campaign=night-stalls") + filed("&campaign=none")
    assert filed("&campaign=night-stalls") > 0
    assert filed("&campaign=none") > 0


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["412", "1440"])
def test_it_fits_and_every_head_opens_to_its_sentence(
    lived: Office, sit: Sit, size: tuple[int, int], language: str
) -> None:
    seat = sit("leader", size)
    seat.go(f"{JUNE}&lang={language}")
    if size == DESK:
        head = seat.page.locator("th .how summary").first
        head.focus()
        head.press("Enter")
        assert seat.page.locator("th .how p").first.is_visible()
    else:
        assert seat.page.locator("dl.says dd").first.is_visible()
    seat.page.locator("form.chooser details summary").click()
    seat.fits()
    seat.page.locator("td.num a").first.click()
    seat.page.wait_for_url("**/measures/cases?*")
    seat.fits()
    if size == PHONE:
        assert seat.page.evaluate(OVER) == []
    seat.go(f"/measures?period=2019-01&lang={language}")
    assert seat.page.locator(".empty").count() == 1
