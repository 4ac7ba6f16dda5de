"""The public form offers messages where there is a channel for them; the page of the receipt stops them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from dispatch.config import settings
from dispatch.notify.configured import FILE, read_channels
from dispatch.notify.deliver import send_by
from dispatch.notify.outbox import send_due
from tests.cases.town import look
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]
SMS = """
[[channel]]
name = "sms"
kind = "gateway"
url = "https://sms.example.org/"
body = "{}"
citizens = true
"""
GIVEN = {"address": "西街 9 号", "description": "井盖响", "contact_phone": "13700000000"}


@pytest.fixture
def gateway(office: Office) -> Iterator[None]:
    """A channel for citizens, configured while the test runs."""
    file = settings().data / FILE
    file.write_text(SMS)
    yield
    file.unlink()


TRIAL = '[[channel]]\nname = "trial"\nkind = "file"\ncitizens = true\n'
FORMS = (("", "/report"), ("acceptor", "/console/register"), ("inspector1", "/field/report"))
SAID = {"zh": "当前为试运行，不会发出任何信息", "en": "This is a trial: no message leaves"}


@pytest.mark.parametrize("channel", [TRIAL, SMS])
def test_of_a_trial_every_form_says_that_no_message_leaves(office: Office, person: Enter, channel: str) -> None:
    file = settings().data / FILE
    file.write_text(channel)
    try:
        for login, form in FORMS:
            for language, said in SAID.items():
                page = person(login).get(f"{form}?lang={language}").text
                assert ('name="notify"' in page, said in page) == (True, channel is TRIAL), (form, language)
    finally:
        file.unlink()


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_the_word_about_the_trial_stands_beside_the_tick(sit: Sit, size: tuple[int, int]) -> None:
    file = settings().data / FILE
    file.write_text(TRIAL)
    try:
        seat = sit("", size)
        seat.go("/report")
        expect(seat.page.locator("label.pick", has=seat.page.locator("[name=notify]"))).to_contain_text(SAID["zh"])
        seat.fits()
    finally:
        file.unlink()


PROMISED = {"zh": "此事的进展会用信息告诉您", "en": "You are told by message"}
NOTHING_LEAVES = {"zh": "目前不会发出任何信息", "en": "no message leaves at present"}


@pytest.mark.parametrize("channel", [TRIAL, "", SMS], ids=["trial", "none", "gateway"])
def test_a_receipt_promises_messages_only_where_they_leave(office: Office, person: Enter, channel: str) -> None:
    case = office.town.told(contact_phone="13700000000", tell_in="zh")
    file = settings().data / FILE
    file.write_text(channel)
    try:
        for language, said in PROMISED.items():
            page = person("").get(f"/r/{case.receipt}?lang={language}").text
            assert (said in page, NOTHING_LEAVES[language] in page) == (channel is SMS, channel is not SMS)
    finally:
        file.unlink()


def test_a_receipt_speaks_of_what_has_come_of_it_and_not_of_what_staff_have_to_do(
    office: Office, person: Enter
) -> None:
    case = office.town.told()
    page = person("").get(f"/r/{case.receipt}?lang=en").text
    assert "Received" in page
    assert "To accept" not in page
    assert "待受理" not in person("").get(f"/r/{case.receipt}").text


def told_in(answer: str) -> str | None:
    receipt = answer.removeprefix("/r/").partition("?")[0]
    found: str | None = look("SELECT tell_in FROM cases WHERE receipt = %(r)s", r=receipt)[0]["tell_in"]
    return found


def test_without_a_channel_nothing_is_promised(office: Office, person: Enter) -> None:
    citizen = person("")
    assert 'name="notify"' not in citizen.get("/report").text
    assert told_in(citizen.send("/report", "/report", **GIVEN).headers["location"]) is None


@pytest.mark.usefixtures("gateway")
def test_a_citizen_is_told_unless_they_take_the_tick_away(sit: Sit) -> None:
    for ticked in (True, False):
        seat = sit("", PHONE)
        page = seat.page
        seat.go("/report")
        tick = page.get_by_label("用信息告诉我进展")
        expect(tick).to_be_checked()
        seat.fits()
        page.locator("#f-address").fill(GIVEN["address"])
        page.locator("#f-description").fill(GIVEN["description"])
        page.locator("#f-contact_phone").fill(GIVEN["contact_phone"])
        tick.set_checked(ticked)
        page.get_by_role("button", name="提交").click()
        page.wait_for_url("**/r/**")
        stop = page.get_by_role("button", name="不再接收")
        expect(stop).to_have_count(1 if ticked else 0)
        seat.fits()
        if ticked:
            stop.click()
            expect(stop).to_have_count(0)
            expect(page.get_by_role("status")).to_contain_text("不会再发送关于此事的信息")
            seat.fits()
            assert look("SELECT tell_in FROM cases ORDER BY id DESC LIMIT 1")[0]["tell_in"] is None


@pytest.mark.usefixtures("gateway")
def test_a_number_that_is_none_comes_back_with_all_that_was_typed(person: Enter) -> None:
    citizen = person("")
    wrong = GIVEN | {"contact_phone": "找我弟弟", "notify": "1"}
    answer = citizen.send("/report", "/report", **wrong)
    assert answer.status_code == 422
    assert "找我弟弟" in answer.text
    assert told_in(citizen.send("/report?lang=en", "/report", **GIVEN, notify="1").headers["location"]) == "en"


@pytest.mark.usefixtures("gateway")
def test_an_acceptor_asks_it_for_the_caller(person: Enter, sit: Sit) -> None:
    seat = sit("acceptor", DESK)
    seat.go("/console/register")
    expect(seat.page.get_by_label("用信息告知来电人")).to_be_checked()
    seat.fits()
    acceptor = person("acceptor")
    given = {"description": "路灯不亮", "contact_phone": "0755-8200 1234", "source": "hotline", "notify": "1"}
    number = acceptor.send("/console/register", "/console/register", **given).headers["location"].split("/")[2]
    page = acceptor.get(f"/cases/{number.partition('?')[0]}").text
    assert "收件告知" in page
    assert "上报人" in page
    assert "8200 1234" not in page


FILED = SMS.replace('"gateway"', '"file"').replace('url = "https://sms.example.org/"\nbody = "{}"\n', "")


@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), (DESK, "en")], ids=["412", "1440"])
def test_without_a_channel_the_record_says_that_nothing_was_sent_and_what_would_have_been(
    office: Office, person: Enter, sit: Sit, size: tuple[int, int], language: str
) -> None:
    case = office.town.told(contact_phone="13700000000", tell_in="zh")
    send_due()
    said = {
        "zh": ("没有发出", "没有配置面向群众的渠道", "上报人在系统外收不到任何告知"),
        "en": ("Not sent", "There is no channel for citizens.", "told nothing outside"),
    }[language]
    seat = sit("acceptor", size)
    seat.go(f"/cases/{case.number}?lang={language}")
    record = seat.page.locator("section", has=seat.page.locator("#no"))
    record.locator("summary").click()
    expect(record).to_contain_text(said[0])
    expect(record).to_contain_text(said[1])
    expect(record.locator("q")).to_have_text(
        f"您反映的问题已收到，回执号 {str(case.receipt)[:4]}-····-····，我们会尽快处理。"
    )
    assert str(case.receipt) not in seat.page.content()
    seat.fits()
    assert said[2] in person("system_admin").get(f"/notices?lang={language}").text
    department = person("enforcement-a").get(f"/cases/{office.town.dispatched().number}").text
    assert "回执号" not in department


def test_what_a_trial_wrote_is_no_sending(office: Office, person: Enter) -> None:
    file = settings().data / FILE
    file.write_text(FILED)
    try:
        case = office.town.told(contact_phone="13700000000", tell_in="zh")
        (channel,) = read_channels(settings().data)
        send_due([channel])
        assert send_by(channel) == 1
        page = person("acceptor").get(f"/cases/{case.number}").text
        assert "试运行，没有发出" in page
        assert f"回执号 {str(case.receipt)[:4]}-····-····，我们会尽快处理" in page
        assert "只把内容写入数据目录下的文件" in page
        assert "试运行，没有发出" in person("system_admin").get("/notices").text
    finally:
        file.unlink()
