"""What a channel sends is what was meant, to whom it was meant; and never to a machine that is none of its business."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from email.header import decode_header, make_header
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4

import pytest

from dispatch.notify.channels import Gateway, Mail, Notice
from dispatch.notify.configured import read_channels, trial_channels
from dispatch.notify.sockets import NotSent, is_public
from dispatch.notify.words import text_of
from dispatch.people.reach import masked
from gis.problems import Problem
from tests.notify.receivers import Receiver, http_receiver, smtp_server

HERE = frozenset({"127.0.0.1"})
NOTICE = Notice(id=uuid4(), to="13800005678", subject="网格案件 7", text='说"你好"\n', case="7")
BODY = '{"to": "{to}", "text": "{text}", "ref": {"id": "{id}"}}'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def post_office() -> Iterator[Receiver]:
    with smtp_server() as receiver:
        yield receiver


def gateway(receiver: Receiver, **more: object) -> Gateway:
    url = f"http://127.0.0.1:{receiver.port}/send?x=1"
    return Gateway(**{"name": "sms", "url": url, "body": BODY, "allow": HERE} | more)


def mail_by(office: Receiver) -> Mail:
    return Mail(name="m", host="127.0.0.1", port=office.port, sender="w@example.org", tls="none", allow=HERE)


def test_a_gateway_gets_the_filled_template_the_id_and_a_signature(receiver: Receiver) -> None:
    gateway(receiver, secret="quiet").send(NOTICE)
    (post,) = receiver.posts
    assert post.path == "/send?x=1"
    assert json.loads(post.body) == {"to": NOTICE.to, "text": NOTICE.text, "ref": {"id": str(NOTICE.id)}}
    assert post.headers["x-wangge-message"] == str(NOTICE.id)
    at, signed = (part.split("=")[1] for part in post.headers["x-wangge-signature"].split(","))
    over = f"{at}.{NOTICE.id}.".encode() + post.body
    assert signed == hmac.new(b"quiet", over, hashlib.sha256).hexdigest()


def test_the_secret_stands_in_address_body_and_header_where_the_gateway_wants_it_and_nowhere_else(
    receiver: Receiver,
) -> None:
    """As messengers want it that know a sender by a key in the address."""
    url = f"http://127.0.0.1:{receiver.port}/send/{{secret}}?key={{secret}}"
    hidden = gateway(receiver, url=url, body='{"pw": "{secret}"}', headers={"X-Key": "{secret}"}, secret='h"&u/ sh')
    assert "u/ sh" not in repr(hidden)
    hidden.send(NOTICE)
    (post,) = receiver.posts
    assert post.path == "/send/h%22%26u%2F%20sh?key=h%22%26u%2F%20sh"
    assert json.loads(post.body) == {"pw": 'h"&u/ sh'}
    assert post.headers["x-key"] == 'h"&u/ sh'
    notice = Notice(id=uuid4(), to="1", subject="", text="{secret}", case="")
    gateway(receiver, secret="hush").send(notice)
    assert json.loads(receiver.posts[-1].body)["text"] == "{secret}"  # what people write is filled with nothing


def test_what_the_other_side_calls_a_notice_is_known_and_never_holds_the_address(
    receiver: Receiver, post_office: Receiver
) -> None:
    receiver.said = b'{"errcode": 0, "msgid": "a-81"}'
    assert gateway(receiver, taken='"errcode": 0, "msgid": "([^"]*)"').send(NOTICE) == "a-81"
    assert gateway(receiver, taken='"errcode": 0').send(NOTICE) == gateway(receiver).send(NOTICE) == ""
    for told in (b"86-13800005678-1", b"+86 138-0000-5678", b"to 138****5678", b"key HUSH"):
        receiver.said = b'{"msgid": "' + told + b'"}'
        assert gateway(receiver, taken='"msgid": "([^"]*)"', secret="hush").send(NOTICE) == "", told
    receiver.said = b'{"msgid": "' + b"9" * 500 + b'"}'
    assert gateway(receiver, taken='"msgid": "([^"]*)"').send(NOTICE) == "9" * 64
    letter = Notice(id=uuid4(), to="wang@example.org", subject="", text="x", case="")
    assert mail_by(post_office).send(letter) == "2.0.0 Ok: queued as N1"
    assert mail_by(post_office).send(replace(letter, to="QUEUED@example.org")) == ""


def test_a_form_is_escaped_as_a_form(receiver: Receiver) -> None:
    form = gateway(receiver, body="m={to}&c={text}", content_type="application/x-www-form-urlencoded")
    form.send(Notice(id=uuid4(), to="1", subject="", text="a&m=2 {to}", case=""))
    assert receiver.posts[0].body == b"m=1&c=a%26m%3D2+%7Bto%7D"


@pytest.mark.parametrize(("status", "said"), [(500, "HTTP 500"), (404, "HTTP 404"), (302, "HTTP 302")])
def test_what_is_not_2xx_is_not_sent(receiver: Receiver, status: int, said: str) -> None:
    receiver.answer = lambda post: status
    with pytest.raises(NotSent, match=f"^{said}$"):
        gateway(receiver).send(NOTICE)
    assert len(receiver.posts) == 1  # a redirect is not followed either


def test_a_letter_arrives_in_its_language_with_a_stable_id(post_office: Receiver) -> None:
    mail = mail_by(post_office)
    notice = Notice(id=uuid4(), to="wang@example.org", subject="网格案件 7", text="请处置", case="7")
    mail.send(notice)
    mail.send(notice)
    assert [to for to, _ in post_office.letters] == ["wang@example.org"] * 2
    letter = post_office.letters[0][1]
    assert str(make_header(decode_header(letter["Subject"]))) == "网格案件 7"
    assert letter.get_payload(decode=True).decode().strip() == "请处置"
    assert {letter["Message-ID"] for _, letter in post_office.letters} == {f"<{notice.id}@example.org>"}


def test_a_subject_stays_one_line_and_adds_no_header(post_office: Receiver) -> None:
    mail_by(post_office).send(
        Notice(id=uuid4(), to="wang@example.org", subject="7\r\nBcc: all@example.org", text="\r\n.\r\nx", case="7")
    )
    ((to, letter),) = post_office.letters
    assert to == "wang@example.org"
    assert letter["Subject"] == "7 Bcc: all@example.org"
    assert letter["Bcc"] is None
    assert letter.get_payload(decode=True).decode().split() == [".", "x"]


def test_a_refused_recipient_is_told_without_the_address(post_office: Receiver) -> None:
    mail = mail_by(post_office)
    with pytest.raises(NotSent) as refusal:
        mail.send(Notice(id=uuid4(), to="zhang@nobody.org", subject="", text="", case=""))
    assert str(refusal.value) == "SMTP 550: recipient refused"


REFUSED = r"not public|name not found"
HOUSES = (
    *("127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "127.000.000.001", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001"),
    *("2130706433", "017700000001", "0", "0.0.0.00", "0x0", "localhost", "LOCALHOST", "localhost."),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
    *("[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:0001::1]", "[fe80::1]", "[fc00::1]"),
    *("[fd00:ec2::254]", "[ff02::1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]"),
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "100.100.100.200"),
    *("10.0.0.1", "10.1", "172.16.0.1", "192.168.1.1", "192.168.257", "100.64.0.1", "198.18.0.1", "224.0.0.1"),
    *("[fec0::1]", "[::10.0.0.1]", "[::ffff:0:127.0.0.1]", "255.255.255.255", "240.0.0.1", "192.0.0.192"),
)


@pytest.mark.parametrize("host", HOUSES)
def test_no_form_of_an_address_inside_is_connected_to(receiver: Receiver, host: str) -> None:
    """The listener stands on the port that is asked for: whichever form leads to this machine would hit it."""
    with pytest.raises(NotSent, match=REFUSED):
        gateway(receiver, url=f"http://{host}:{receiver.port}/", allow=frozenset()).send(NOTICE)
    bare = host.strip("[]")
    with pytest.raises(NotSent, match=REFUSED):
        Mail(name="m", host=bare, port=receiver.port, sender="a@example.org", tls="none").send(NOTICE)
    assert receiver.connections == 0


def test_there_are_more_than_forty_such_forms_and_the_open_internet_is_open() -> None:
    assert len(set(HOUSES)) >= 40
    assert is_public(ip_address("1.1.1.1"))
    assert is_public(ip_address("2606:4700:4700::1111"))
    assert is_public(ip_address("64:ff9b::101:101"))


def test_a_redirect_into_the_house_is_not_followed(receiver: Receiver) -> None:
    with http_receiver() as inside:
        receiver.answer = lambda post: 302
        receiver.port, own = inside.port, receiver.port  # where its redirects point
        with pytest.raises(NotSent, match="302"):
            gateway(receiver, url=f"http://127.0.0.1:{own}/").send(NOTICE)
        assert inside.connections == 0


MAIL = '[[channel]]\nname="m"\nkind="mail"\nhost="mail.example.org"\nport=587\nsender="w@example.org"\n'
SMS = f'[[channel]]\nname="s"\nkind="gateway"\nurl="https://sms.example.org/"\nbody=\'{BODY}\'\n'


def test_a_trial_writes_each_notice_into_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    (tmp_path / "notices.toml").write_text('[[channel]]\nname = "trial"\nkind = "file"\ncitizens = true\n')
    (channel,) = read_channels(tmp_path)
    assert (channel.inside, channel.citizens, channel.reach) == (True, True, "phone")
    assert trial_channels(tmp_path) == {"trial"}
    for _ in range(2):
        channel.send(NOTICE)
    (file,) = (tmp_path / "notices").iterdir()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["text"], line["id"]) for line in lines] == [(NOTICE.text, str(NOTICE.id))] * 2
    assert {line["to"] for line in lines} == {masked(NOTICE.to)}
    assert NOTICE.to not in file.read_text()  # files stay, and so do copies of them
    assert file.stat().st_mode & 0o777 == 0o600


def test_no_file_no_channels(tmp_path: Path) -> None:
    assert read_channels(tmp_path) == ()


def test_channels_are_data_and_secrets_are_not_in_them(tmp_path: Path) -> None:
    (tmp_path / "notices.toml").write_text(f'{MAIL}user="w"\nsecret_file="pw"\n{SMS}secret_env="SMS_KEY"\n')
    (tmp_path / "pw").write_text("hush-1\n")
    channels = read_channels(tmp_path, {"SMS_KEY": "hush-2"})
    assert [(channel.name, channel.reach) for channel in channels] == [("m", "mail"), ("s", "phone")]
    assert [channel.secret for channel in channels] == ["hush-1", "hush-2"]
    assert "hush" not in repr(channels)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[[channel]", "cannot be read"),
        (MAIL + MAIL, "twice"),
        (MAIL.replace("587", '"587"'), "port"),
        (MAIL + 'passwd="x"', "passwd"),
        (MAIL + 'secret_env="NOT_SET"', "NOT_SET"),
        (MAIL + 'secret_file="nowhere"', "secret_file"),
        (MAIL + 'user="w"\ntls="none"', "in the open"),
        (MAIL.replace('sender="w@example.org"', ""), "sender"),
        (MAIL.replace("w@example.org", "W <w@example.org>"), "sender"),
        (MAIL.replace("w@example.org", "w@example.org\\r\\nBcc: x@y.org"), "sender"),
        (MAIL.replace("587", "70000"), "port"),
        (MAIL + 'user="w"', "password"),
        (SMS.replace(".org/", ".org:70000/"), "url"),
        (SMS.replace("sms.example.org", "[::1"), "url"),
        (SMS.replace(".org/", ".org/a b"), "url"),
        (SMS.replace("sms.", "{secret}."), "url"),
        (SMS.replace(".org/", ".org/?key={secret}"), "secret_env"),
        (SMS.replace(".org/", ".org/?to={to}"), "url"),
        (SMS.replace("https:", "file:"), "url"),
        (SMS.replace("https:", "gopher:"), "url"),
        (SMS.replace("sms.", "me:pw@sms."), "url"),
        (SMS.replace('"{to}"', "{to}"), "body"),
        (SMS.replace('"gateway"', '"pigeon"'), "kind"),
        (SMS * 5, "at most 4"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_by_key(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "notices.toml").write_text(text)
    with pytest.raises(Problem, match=named):
        read_channels(tmp_path, {})


@pytest.mark.parametrize("kind", ["assist", "assist_report", "assist_dropped", "dispatched", "warn:assist:water"])
def test_a_notice_about_assistance_says_so_in_both_languages(kind: str) -> None:
    said = {language: text_of(kind, case="BH-1", language=language) for language in ("zh", "en")}
    assert all("BH-1" in words for words in said.values())
    assert all(words != text_of("news", case="BH-1", language=language) for language, words in said.items())
