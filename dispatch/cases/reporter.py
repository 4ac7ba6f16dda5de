"""What whoever reported a case is told of it, by telephone and without an account: receipt, progress, result.

At most one of each, which the outbox itself sees to. Whoever reported what was merged into another case hears how that
one goes on and ends, until it is taken out again; that it was joined is said with its progress.
"""

from __future__ import annotations

import re

from dispatch.cases.draft import Draft
from dispatch.lifecycle.states import ENDED, Action, State
from dispatch.notify.words import TO_REPORTER
from dispatch.people.reach import phone_of
from gis.db import Tx, execute
from gis.problems import FormIncomplete, NotFound

__all__ = ["language_to_tell", "number_left", "stop_telling", "tell_reporter"]

JOINED = f"{TO_REPORTER}progress:merged"
NUMBER = re.compile(r"(?=(?:[^0-9]*[0-9]){5})[0-9+ -]{5,20}")


def number_left(written: str) -> str | None:
    """The telephone number that was typed into a form, None if none was. Raises FormIncomplete: it is no number."""
    number = written.strip()
    if number and not NUMBER.fullmatch(number):
        raise FormIncomplete(
            "This is no telephone number: correct it, or leave it empty",
            zh="电话号码不对，请改正或留空",
            fields={"contact_phone": "phone"},
        )
    return number or None


def language_to_tell(phone: str, language: str, *, wanted: bool) -> str | None:
    """In which language they are told at the number left; None: not at all. Raises FormIncomplete: it is no number."""
    if not wanted or not phone.strip():
        return None
    if phone_of(phone) is None:
        raise FormIncomplete(
            "This number cannot be reached by message: correct it, or leave it empty",
            zh="该号码无法接收信息，请改正或留空",
            fields={"contact_phone": "form"},
        )
    return language


def tell_reporter(draft: Draft, action: Action, before: State | None) -> None:
    """Leave the message that an action is worth, after it. The receipt answers whoever is awake: it waits for no
    morning."""
    now = draft.case.state
    if before is None:
        draft.tell_reporter(f"{TO_REPORTER}receipt", urgent=True)
    elif action is Action.DISPATCH:
        draft.tell_reporter(f"{TO_REPORTER}progress")
        draft.joined.append((draft.case.id, JOINED))
    elif now is State.MERGED:  # it may be taken apart again: no result yet
        draft.joined.append((draft.case.merged_into, JOINED))
    elif now in ENDED and before not in ENDED:
        draft.tell_reporter(f"{TO_REPORTER}result:{now.value}")
        draft.joined.append((draft.case.id, f"{TO_REPORTER}result:{now.value}"))


def stop_telling(tx: Tx, receipt: str) -> None:
    """Whoever holds the receipt wants no more messages: what waits is not sent either. Raises NotFound."""
    if not execute(tx, "UPDATE cases SET tell_in = NULL WHERE receipt = %(receipt)s", receipt=receipt):
        raise NotFound("No report has this receipt number", zh="没有这个回执号")
