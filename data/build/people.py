"""Invented people of Binhe, one or more for every role, and the inspectors' duty grids."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from areas import Grid
from roster import roster_staff
from units import Unit

__all__ = ["duty_rows", "people_rows"]

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘蔡蒋余杜叶程苏魏吕丁任沈姚卢"
GIVEN = (
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "涛", "明", "超", "霞", "平",
    "刚", "玲", "凯", "鹏", "婷", "志强", "建国", "海燕", "晓明", "文斌", "丽华", "俊杰", "雪梅", "小红", "国庆",
    "春梅", "永强", "佳怡", "子轩", "雨桐", "思远", "嘉豪", "慧敏", "秀英", "立新", "振华", "玉兰", "金凤", "少峰",
    "家明", "美玲", "宏伟",
)  # fmt: skip
STAFF = (
    ("acc", "acceptor", 6),
    ("lead", "shift_leader", 4),
    ("disp", "dispatcher", 6),
    ("leader", "leader", 2),
    ("sup", "supervisor", 2),
    ("eval", "evaluator", 2),
)
ADMINISTRATORS = (("sysadmin", "system_admin"), ("secadmin", "security_admin"), ("audadmin", "audit_admin"))
SHIFTS = 2


def inspector(duty_grid: int, shift: int) -> str:
    """Login of the inspector of one shift (0, 1) of one duty grid (from 0)."""
    return f"insp{duty_grid * SHIFTS + shift + 1:03d}"


def duty_rows(duty_grids: Sequence[Sequence[Grid]]) -> list[list[str]]:
    """Rows of duty_grids.csv; the inspectors stand on the first row of each."""
    rows = []
    for number, grids in enumerate(duty_grids):
        logins = ";".join(inspector(number, shift) for shift in range(SHIFTS))
        name = f"{grids[0].community[1].removesuffix('社区')}责任网格{number + 1}"
        for place, grid in enumerate(sorted(grids, key=lambda grid: grid.code)):
            rows.append([f"DG{number + 1:03d}", name, grid.code, logins if place == 0 else ""])
    return rows


def people_rows(units: Sequence[Unit], duty_grids: int, rng: random.Random) -> list[list[str]]:
    """Rows of people.csv: login, name, unit, roles."""
    names = _names(rng)
    rows = [[login, next(names), unit, roles] for login, unit, roles in _posts(units)]
    for number in range(duty_grids):
        company = "collect-a" if number % 2 == 0 else "collect-b"
        rows += [[inspector(number, shift), next(names), company, "inspector"] for shift in range(SHIFTS)]
    return rows + [[login, next(names), unit, role] for login, unit, role in roster_staff(units)]


def _posts(units: Sequence[Unit]) -> Iterator[tuple[str, str, str]]:
    for stem, role, count in STAFF:
        for number in range(1, count + 1):
            yield f"{stem}{number}", "centre", role
    for login, role in ADMINISTRATORS:
        yield login, "", role
    for unit in units:
        yield unit.id, unit.id, "department"
        if unit.platform == "yes":
            for number in (1, 2):
                yield f"{unit.id}{number}", unit.id, "platform"


def _names(rng: random.Random) -> Iterator[str]:
    """Names, none twice."""
    names = [surname + given for surname in SURNAMES for given in GIVEN]
    rng.shuffle(names)
    return iter(names)
