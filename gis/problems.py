"""The one family of errors. Plain Python, so that the pure rooms may raise it; `dispatch.http` renders it."""

from __future__ import annotations


class Problem(Exception):
    """Something a person has to be told: what happened, what is safe, what to do.

    `title` is English, `zh` the same sentence in Chinese; `extra` holds the fields a program may read.
    """

    status = 500
    kind = "problem"

    def __init__(self, title: str, *, zh: str | None = None, **extra: object) -> None:
        super().__init__(title)
        self.title = title
        self.zh = zh or title
        self.extra = extra


class NotAllowed(Problem):
    """The case's state or the person's post forbids the action; carries `state` and what is `allowed` instead."""

    status, kind = 409, "not-allowed"


class Conflict(Problem):
    """Someone was first, or the same key came with another body; carries the present state."""

    status, kind = 409, "conflict"


class NotFound(Problem):
    """There is none, or it is not yours: the two are not told apart."""

    status, kind = 404, "not-found"


class FormIncomplete(Problem):
    """A field is missing or wrong; `fields` names each with its reason."""

    status, kind = 422, "form-incomplete"


def wrong(field: str, title: str, zh: str) -> FormIncomplete:
    """One field is wrong, and the sentence itself says why."""
    return FormIncomplete(title, zh=zh, fields={field: title})


class Unauthorised(Problem):
    """Nobody is logged in."""

    status, kind = 401, "log-in-needed"


class Forbidden(Problem):
    """Logged in, but without the permission the route declares."""

    status, kind = 403, "forbidden"


class TooLarge(Problem):
    """A body over the bound that its route declares."""

    status, kind = 413, "too-large"


class TooMany(Problem):
    """A throttle or lock-out holds; `retry_after` in seconds."""

    status, kind = 429, "too-many"


class Unavailable(Problem):
    """The database or the disk is not there now; nothing was written, the same request may be sent again."""

    status, kind = 503, "unavailable"
