"""Posts and permissions."""

from __future__ import annotations

import itertools

import pytest

from dispatch.lifecycle.table import TRANSITIONS
from dispatch.people.may import ADMINISTRATORS, MAY, conflicting, may
from dispatch.people.roles import Permission, Role

NOBODY = {Role.SYSTEM, Role.CITIZEN}


def test_every_post_stands_in_the_table() -> None:
    assert set(MAY) == set(Role)


def test_every_permission_but_the_common_two_is_given_to_some_post() -> None:
    given = frozenset().union(*MAY.values())
    assert given == set(Permission) - {Permission.PUBLIC, Permission.SIGNED_IN}


@pytest.mark.parametrize("role", sorted(frozenset().union(*(row.by for row in TRANSITIONS)) - NOBODY))
def test_every_post_of_the_closed_loop_may_act(role: Role) -> None:
    assert may({role}, Permission.ACT)


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
def test_an_administrator_sees_no_case_and_acts_on_none(role: Role) -> None:
    assert len(MAY[role]) == 1
    assert not may({role}, Permission.SEE_CASES)
    assert not may({role}, Permission.SEE_PERSONAL)


@pytest.mark.parametrize("pair", list(itertools.combinations(sorted(ADMINISTRATORS), 2)))
def test_no_account_holds_two_administrators_posts(pair: tuple[Role, Role]) -> None:
    assert conflicting(pair) == set(pair)
    assert not conflicting(pair[:1])


@pytest.mark.parametrize("role", [Role.DEPARTMENT, Role.PLATFORM])
def test_a_department_has_neither_board_nor_personal_data_nor_ranking(role: Role) -> None:
    held = {Permission.SEE_BOARD, Permission.SEE_PERSONAL, Permission.SEE_RANKING, Permission.SEE_AUDIT}
    assert not any(may({role}, permission) for permission in held)
