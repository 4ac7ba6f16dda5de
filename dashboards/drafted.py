"""What the forms of a draft say alike, whether it is of rules or of schemes."""

from __future__ import annotations

from datetime import date

from gis.problems import FormIncomplete

__all__ = ["day_of", "version_of"]


def day_of(text: str) -> date:
    """The day from which a draft is to hold. Raises FormIncomplete."""
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise FormIncomplete("Say from which day", zh="请填写生效日期", fields={"in_force": "needed"}) from fault


def version_of(text: str) -> int:
    """The version of the draft that a form was made for. Raises FormIncomplete."""
    if not text.isdecimal():
        raise FormIncomplete("The form has lost its version; load the page again", zh="表单版本丢失，请刷新页面")
    return int(text)
