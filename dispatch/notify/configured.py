"""Which channels there are: `notices.toml` in the data folder. None there: notices are read in the product only."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from dispatch.notify.channels import ESCAPES, HIDDEN, Channel, Gateway, Mail, Notice, TrialFile, fill
from dispatch.people.reach import FORMS
from gis.problems import Problem

__all__ = ["FILE", "TRIAL", "citizens_channel", "read_channels", "trial_channels"]

FILE = "notices.toml"
TRIAL = "notices"  # the folder in the data folder that a channel of kind `file` writes into
MOST = 4  # each has a thread of the worker's own
KEYS: dict[str, dict[str, type]] = {
    "mail": {"host": str, "port": int, "sender": str, "tls": str, "user": str},
    "gateway": {
        "url": str,
        "body": str,
        "content_type": str,
        "reach": str,
        "citizens": bool,
        "headers": dict,
        "taken": str,
    },
    "file": {"reach": str, "citizens": bool},
}
COMMON: dict[str, type] = {"name": str, "kind": str, "allow": list, "secret_file": str, "secret_env": str}
NEEDED = {"mail": ("name", "host", "port", "sender"), "gateway": ("name", "url", "body"), "file": ("name",)}
HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
OWN_HEADERS = frozenset({"host", "content-type", "content-length", "transfer-encoding", "connection", "expect"})
SAMPLE = Notice(id=UUID(int=0), to='"', subject='"', text='"\n', case='"')


def read_channels(folder: Path, environment: Mapping[str, str] = os.environ) -> tuple[Channel, ...]:
    """The channels of a data folder. Raises Problem, naming the channel and the key, never what a secret holds."""
    path = folder / FILE
    if not path.exists():
        return ()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problem(f"{FILE} cannot be read: {error}", zh=f"{FILE} 无法读取：{error}") from error
    entries = document.get("channel", [])
    if set(document) - {"channel"} or not isinstance(entries, list) or len(entries) > MOST:
        raise _wrong("file", f"holds at most {MOST} [[channel]] and nothing else", f"只能有至多 {MOST} 个 [[channel]]")
    channels = tuple(_channel(entry, folder, environment) for entry in entries)
    if len({channel.name for channel in channels}) < len(channels):
        raise _wrong("name", "is given twice", "重复")
    if sum(channel.citizens for channel in channels) > 1:
        raise _wrong("citizens", "is true for one channel at most: nobody is told twice", "至多一个渠道可用于告知群众")
    return channels


def citizens_channel(folder: Path) -> Channel | None:
    """The one for people without an account. A page for them asks: of a file that is wrong, none."""
    try:
        return next((channel for channel in read_channels(folder) if channel.citizens), None)
    except Problem:
        return None


def trial_channels(folder: Path) -> frozenset[str]:
    """The names of those that only write into files; of a file that is wrong, none."""
    try:
        return frozenset(channel.name for channel in read_channels(folder) if channel.inside)
    except Problem:
        return frozenset()


def _channel(entry: dict[str, Any], folder: Path, environment: Mapping[str, str]) -> Channel:
    kind = str(entry.get("kind"))
    if kind not in KEYS:
        raise _wrong("kind", f"is one of {', '.join(KEYS)}", f"须为 {'、'.join(KEYS)} 之一")
    _check_keys(entry, COMMON | KEYS[kind], NEEDED[kind])
    given = {key: word for key, word in entry.items() if key in KEYS[kind] or key == "name"}
    if kind == "file":
        return _reaching(TrialFile(folder=folder / TRIAL, **given))
    given["secret"] = _secret(entry, folder, environment)
    given["allow"] = frozenset(str(host).lower() for host in entry.get("allow", []))
    return _mail(given) if kind == "mail" else _gateway(given)


def _check_keys(entry: dict[str, Any], known: dict[str, type], needed: tuple[str, ...]) -> None:
    for key, word in entry.items():
        if key not in known:
            raise _wrong(key, "is no key of such a channel", "不是此类渠道的字段")
        if type(word) is not known[key]:
            raise _wrong(key, "is of the wrong kind", "类型不对")
    for key in needed:
        if not entry.get(key):
            raise _wrong(key, "is missing", "缺失")


def _mail(given: dict[str, Any]) -> Mail:
    channel = Mail(**given)
    if not FORMS["mail"].fullmatch(channel.sender):
        raise _wrong("sender", "is a mail address and nothing else", "须为一个邮箱地址")
    if not 0 < channel.port < 65_536:
        raise _wrong("port", "is from 1 to 65535", "须为 1 到 65535")
    if channel.tls not in ("tls", "starttls", "none"):
        raise _wrong("tls", "is one of tls, starttls, none", "须为 tls、starttls、none 之一")
    if channel.user and channel.tls == "none":
        raise _wrong("user", "needs tls: a password is not sent in the open", "须启用 tls，口令不得明文传送")
    if channel.user and not channel.secret:
        raise _wrong("user", "needs its password: secret_env or secret_file", "须有口令：secret_env 或 secret_file")
    return channel


def _gateway(given: dict[str, Any]) -> Gateway:
    channel = Gateway(**given)
    if not _is_address(channel.url):
        raise _wrong("url", "is an http or https address without a password in it", "须为不含口令的 http(s) 地址")
    if "{" in channel.url.replace(HIDDEN, ""):
        raise _wrong("url", f"takes {HIDDEN} alone; the rest stands in body", f"中只能填 {HIDDEN}，其余写在 body")
    if HIDDEN in f"{channel.url}{channel.body}{channel.headers}" and not channel.secret:
        raise _wrong("secret_env", f"or secret_file is missing, and {HIDDEN} stands for it", "或 secret_file 缺失")
    _reaching(channel)
    if channel.content_type not in ESCAPES:
        raise _wrong("content_type", f"is one of {', '.join(ESCAPES)}", f"须为 {'、'.join(ESCAPES)} 之一")
    if channel.content_type == "application/json":
        _check_json(channel)
    _check_headers(channel)
    try:
        re.compile(channel.taken)
    except re.error as error:
        raise _wrong("taken", "is no pattern", "不是有效的模式") from error
    return channel


def _is_address(url: str) -> bool:
    """Whether it may be asked: its host and port are written out, and nobody's name and password."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and not set("@{") & set(parts.netloc)
            and (parts.port != 0 and url.isascii() and url.isprintable() and " " not in url)
        )
    except ValueError:  # a port or an IPv6 address that there cannot be
        return False


def _reaching(channel: Channel) -> Channel:
    """The same channel, which says well whom it reaches."""
    if channel.reach not in ("phone", "mail"):
        raise _wrong("reach", "is phone or mail", "须为 phone 或 mail")
    if channel.citizens and channel.reach != "phone":
        raise _wrong("citizens", "needs a phone: it is all that is known of them", "须为电话渠道")
    return channel


def _check_headers(channel: Gateway) -> None:
    """None that the connection or the notice sets itself, and nothing in one that would begin another."""
    for name, said in channel.headers.items():
        filled = said.replace(HIDDEN, channel.secret) if isinstance(said, str) else ""
        if not HEADER.fullmatch(name) or name.lower() in OWN_HEADERS or name.lower().startswith("x-wangge-"):
            raise _wrong("headers", f"may not hold {name}", f"不能含 {name}")
        if not (filled and filled.isascii() and filled.isprintable()):
            raise _wrong("headers", f"{name} is no line of plain text", f"{name} 须为一行文字")


def _check_json(channel: Gateway) -> None:
    try:
        json.loads(fill(channel.body, channel.content_type, SAMPLE, channel.secret))
    except ValueError as error:
        raise _wrong("body", "is no JSON once it is filled", "填入后不是有效的 JSON") from error


def _secret(entry: dict[str, str], folder: Path, environment: Mapping[str, str]) -> str:
    if name := entry.get("secret_env"):
        if not environment.get(name):
            raise _wrong("secret_env", f"names {name}, which is not set", f"所指环境变量 {name} 未设置")
        return environment[name]
    if name := entry.get("secret_file"):
        try:
            return (folder / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _wrong("secret_file", "cannot be read", "无法读取") from error
    return ""


def _wrong(key: str, words: str, zh: str) -> Problem:
    return Problem(f"{FILE}: {key} {words}", zh=f"{FILE}:{key} {zh}")
