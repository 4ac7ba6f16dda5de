"""Accounts, posts, permissions, sessions."""

from dispatch.people.actor import CITIZEN, SYSTEM, Actor
from dispatch.people.may import MAY, may
from dispatch.people.roles import Permission, Role

__all__ = ["CITIZEN", "MAY", "SYSTEM", "Actor", "Permission", "Role", "may"]
