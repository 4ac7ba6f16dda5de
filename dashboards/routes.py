"""`wangge routes`: every way in, with the permission it asks for and the posts that have it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from dispatch.command import Command, print_table
from dispatch.http import ORDINARY_BODY
from dispatch.people.may import MAY, SIGNED_IN
from dispatch.people.roles import Permission
from dispatch.people.who import RouteRight, rights

__all__ = ["command", "posts_with"]

HEADINGS = {"method": "method", "path": "path", "permission": "permission", "posts": "posts", "body": "body limit"}


def add_arguments(parser: ArgumentParser) -> None:
    """`wangge routes [--json]`"""
    parser.add_argument("--json", action="store_true", help="an array of objects")


def run(asked: Namespace) -> int:
    """0; 1 if a route declares no permission."""
    from dashboards.app import create_app  # here: building it takes a second that `--help` need not wait for

    listed = sorted(rights(create_app().routes), key=lambda right: (right.path, right.method))
    print_table((_row(right) for right in listed), HEADINGS, json=asked.json)
    return 1 if any(right.permission is None for right in listed) else 0


def _row(right: RouteRight) -> dict[str, object]:
    changes = right.method not in ("GET", "HEAD", "WEBSOCKET", "MOUNT")
    return {
        "method": right.method,
        "path": right.path,
        "permission": right.permission.value if right.permission else "NONE",
        "posts": posts_with(right.permission),
        "body": right.body_limit or (ORDINARY_BODY if changes else None),
    }


def posts_with(permission: Permission | None) -> str:
    """The posts that have a permission: `anybody`, `everybody logged in`, or their names."""
    if permission is None:
        return "nobody"
    if permission in SIGNED_IN:
        return "anybody" if permission is Permission.PUBLIC else "everybody logged in"
    return ", ".join(sorted(role.value for role, held in MAY.items() if permission in held))


command = Command(
    name="routes",
    help="list every route with its permission and the posts that have it",
    add_arguments=add_arguments,
    run=run,
    description="Every way in to the server: pages, interfaces, WebSockets, static files. "
    "Exit code 1 if one declares no permission.",
)
