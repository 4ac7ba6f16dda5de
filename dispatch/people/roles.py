"""Posts and permissions: plain words that the lifecycle and the routes refer to."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A post. One person may hold several. `SYSTEM` is the scheduler and the rule engine, `CITIZEN` has no account."""

    INSPECTOR = "inspector"
    ACCEPTOR = "acceptor"
    SHIFT_LEADER = "shift_leader"
    DISPATCHER = "dispatcher"
    DEPARTMENT = "department"
    PLATFORM = "platform"
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    EVALUATOR = "evaluator"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"
    CITIZEN = "citizen"
    SYSTEM = "system"


class Permission(StrEnum):
    """What a route asks for; `people.may.MAY` says which post has it."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    REPORT = "report"
    REGISTER = "register"
    ACT = "act"
    SEE_CASES = "see_cases"
    SEE_BOARD = "see_board"
    SEE_INBOX = "see_inbox"
    SEE_TASKS = "see_tasks"
    SEE_MAP = "see_map"
    SEE_RANKING = "see_ranking"
    SEE_INTEGRITY = "see_integrity"
    SEE_RULES = "see_rules"
    WRITE_RULES = "write_rules"
    PUBLISH_RULES = "publish_rules"
    SEAL_BULLETINS = "seal_bulletins"
    KEEP_SCORES = "keep_scores"
    EDIT_LAYERS = "edit_layers"
    SEE_DUTY = "see_duty"
    SEE_PERSONAL = "see_personal"
    MANAGE_PEOPLE = "manage_people"
    SEE_AUDIT = "see_audit"
    SEE_SYSTEM = "see_system"
