"""`wangge notices`: what waits outside and what was given up; send again; where a person can be reached."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from dispatch.audit.trail import Kind, record
from dispatch.command import Command, print_table, sentence
from dispatch.config import settings
from dispatch.notify.channels import Notice
from dispatch.notify.configured import read_channels
from dispatch.notify.deliver import resend
from dispatch.notify.letters import letters
from dispatch.notify.sockets import NotSent
from dispatch.notify.words import subject_of, text_of
from dispatch.people.reach import FORMS, forget_reach, set_reach
from gis.db import read, write
from gis.problems import NotFound, Problem

__all__ = ["command"]

COLUMNS = (
    *("id", "channel", "case", "kind", "person", "masked", "attempts", "outcome", "dead_at", "next_at", "message"),
)
MOST = 1000
LOGIN = "the name the person logs in with"


def add_arguments(parser: ArgumentParser) -> None:
    """`wangge notices …`"""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    shown = _action(actions, "list", "dead letters, then what waits for its next attempt; 1,000 at most")
    shown.add_argument("--json", action="store_true", help="an array of objects")
    again = _action(actions, "resend", "try dead letters again, under the ids they had")
    which = again.add_mutually_exclusive_group(required=True)
    which.add_argument("--id", type=int, help="one of them, by the id that list shows")
    which.add_argument("--all", action="store_true", help="all of them")
    reach = _action(actions, "reach", "keep where a person can be reached, encrypted; an empty word forgets it")
    reach.add_argument("login", help=LOGIN)
    reach.add_argument("--mail", help="an e-mail address")
    reach.add_argument("--phone", help="digits, with + and country where needed")
    trial = _action(actions, "try", "send one notice at once by a channel, and say what came of it")
    trial.add_argument("channel", help="its name in notices.toml")
    trial.add_argument("to", help="a mail address or phone number")


def _action(actions: Any, name: str, words: str) -> ArgumentParser:
    parser: ArgumentParser = actions.add_parser(name, help=words, description=sentence(words))
    return parser


def run(asked: Namespace) -> int:
    """0; Problems are told by the caller."""
    return {"list": _list, "resend": _resend, "reach": _reach, "try": _try}[asked.action](asked)


def _list(asked: Namespace) -> int:
    with read() as tx:
        print_table((asdict(letter) for letter in letters(tx, most=MOST)), COLUMNS, json=asked.json)
    return 0


def _resend(asked: Namespace) -> int:
    with write() as tx:
        again = resend(tx, None if asked.all else asked.id, whence=f"machine:{getpass.getuser()}")
    if not again and not asked.all:
        raise NotFound(f"There is no dead letter {asked.id}", zh=f"没有编号为 {asked.id} 的死信")
    sys.stdout.write(f"sent again: {again}\n")
    return 0


def _reach(asked: Namespace) -> int:
    with write() as tx:
        for kind in FORMS:
            address = getattr(asked, kind)
            if address is None:
                continue
            person = set_reach(tx, asked.login, kind, address) if address else forget_reach(tx, asked.login, kind)
            whence, detail = f"machine:{getpass.getuser()}", {"reach": kind, "kept": bool(address)}
            record(tx, Kind.GRANT, whence=whence, object=f"person:{person}", detail=detail)
    return 0


def _try(asked: Namespace) -> int:
    channels = {channel.name: channel for channel in read_channels(settings().data)}
    if asked.channel not in channels:
        raise NotFound(f"There is no channel {asked.channel}", zh=f"没有渠道 {asked.channel}")
    channel = channels[asked.channel]
    if not FORMS[channel.reach].fullmatch(asked.to):
        raise Problem(f"This is no {channel.reach} address", zh="邮箱或电话的格式不对")
    text, subject = text_of("other", case="0", language="zh"), subject_of(case="0", language="zh")
    try:
        reference = channel.send(Notice(id=uuid4(), to=asked.to, subject=subject, text=text, case="0"))
    except (NotSent, OSError) as error:
        words = str(error) if isinstance(error, NotSent) else type(error).__name__
        raise Problem(f"Not sent: {words}", zh=f"未发出：{words}") from error
    sys.stdout.write(f"taken: {reference}\n" if reference else "taken\n")
    return 0


command = Command(
    name="notices",
    help="notices by mail and gateway: what waits, what was given up, send again, where people can be reached",
    add_arguments=add_arguments,
    run=run,
)
