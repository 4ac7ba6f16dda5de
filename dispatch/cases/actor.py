"""Who acts on a case: defined with the people, whose room lies below this one."""

from dispatch.people.actor import CITIZEN, SYSTEM, Actor

__all__ = ["CITIZEN", "SYSTEM", "Actor"]
