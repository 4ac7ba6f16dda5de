"""Post × permission as one table. A person may what any of the posts held may."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from dispatch.people.roles import Permission, Role

P, R = Permission, Role

# The centre's own posts see every case of the city; nobody else does.
CENTRE = frozenset({R.ACCEPTOR, R.SHIFT_LEADER, R.DISPATCHER, R.SUPERVISOR, R.LEADER, R.EVALUATOR})
UNIT = frozenset({R.DEPARTMENT, R.PLATFORM})
ADMINISTRATORS = frozenset({R.SYSTEM_ADMIN, R.SECURITY_ADMIN, R.AUDIT_ADMIN})

EVERYBODY = frozenset({P.PUBLIC})
SIGNED_IN = frozenset({P.PUBLIC, P.SIGNED_IN})
_BOARD = frozenset({P.ACT, P.SEE_CASES, P.SEE_BOARD, P.SEE_MAP, P.SEE_RANKING, P.SEE_RULES, P.SEE_DUTY})
_DESK = frozenset({P.ACT, P.SEE_CASES, P.SEE_INBOX, P.SEE_MAP, P.SEE_DUTY})
_RULES = frozenset({P.WRITE_RULES, P.PUBLISH_RULES})  # by two persons, whoever of these they are
_SCORES = frozenset({P.SEAL_BULLETINS, P.KEEP_SCORES})  # likewise

MAY: MappingProxyType[Role, frozenset[Permission]] = MappingProxyType(
    {
        R.INSPECTOR: frozenset({P.REPORT, P.ACT, P.SEE_TASKS, P.SEE_MAP}),
        R.ACCEPTOR: _BOARD | {P.REGISTER, P.SEE_PERSONAL},
        R.SHIFT_LEADER: _BOARD | {P.SEE_PERSONAL, P.SEE_INTEGRITY, P.WRITE_RULES, P.EDIT_LAYERS},
        R.DISPATCHER: _BOARD | {P.WRITE_RULES},
        R.DEPARTMENT: _DESK,
        R.PLATFORM: _DESK,
        R.SUPERVISOR: _BOARD | _RULES | {P.EDIT_LAYERS, *_SCORES},
        R.LEADER: _BOARD | _RULES | {P.SEE_INTEGRITY, P.EDIT_LAYERS, *_SCORES},
        R.EVALUATOR: frozenset({P.SEE_INTEGRITY, P.ACT, P.SEE_CASES, P.SEE_MAP, P.SEE_RANKING, *_SCORES}),
        R.SYSTEM_ADMIN: frozenset({P.SEE_SYSTEM}),
        R.SECURITY_ADMIN: frozenset({P.MANAGE_PEOPLE}),
        R.AUDIT_ADMIN: frozenset({P.SEE_AUDIT}),
        R.CITIZEN: frozenset(),
        R.SYSTEM: frozenset(),
    }
)


def may(roles: Iterable[Role], permission: Permission) -> bool:
    """Whether somebody logged in with `roles` has the permission."""
    return permission in SIGNED_IN or any(permission in MAY[role] for role in roles)


def conflicting(roles: Iterable[Role]) -> frozenset[Role]:
    """The administrators' posts that one account may not hold together; empty if there is no conflict.

    System, security and audit administrators are three persons (MLPS, separation of administrators)."""
    held = ADMINISTRATORS & frozenset(roles)
    return held if len(held) > 1 else frozenset()
