"""A photo's hash is no secret, and knowing it is no right: only who sent the bytes may put the picture to a case."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from dispatch.cases.intake import Report, receive
from dispatch.cluster import Urls
from dispatch.config import settings
from dispatch.evidence.photos import decode, keep
from dispatch.lifecycle.states import Action
from gis.db import write
from gis.problems import FormIncomplete
from tests.cases.town import Town, picture, settled

A = Action


@pytest.fixture(scope="module")
def town(database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def sent_by(town: Town, shade: int, who: str) -> str:
    """A photo that only this one sent up."""
    raw = picture(shade)
    with write() as tx:
        person = town.people[who].person_id
        return keep(tx, raw, decode(raw), folder=settings().data / "photos", uploaded_by=person).sha256


def test_another_persons_photo_cannot_be_put_to_a_report_or_an_act(town: Town) -> None:
    stolen = sent_by(town, 40, "inspector2")
    with pytest.raises(FormIncomplete) as refusal:
        town.report(photos=(stolen,))
    assert refusal.value.extra["fields"] == {"photos": "not uploaded by you"}
    with pytest.raises(FormIncomplete):
        town.do(town.handling(), A.REPLY, "enforcement-a", photos=(stolen,))
    assert town.report(who="inspector2", photos=(stolen,)).state == "reported"


def test_two_who_sent_the_same_bytes_may_both_use_them(town: Town) -> None:
    sha = sent_by(town, 90, "inspector1")
    assert sent_by(town, 90, "inspector2") == sha
    assert sent_by(town, 90, "inspector2") == sha  # again, after a lost answer
    for who in ("inspector1", "inspector2"):
        assert town.report(who=who, photos=(sha,)).state == "reported"
    with pytest.raises(FormIncomplete):
        town.report(who="inspector3", photos=(sha,))


def test_a_citizen_uses_what_came_without_an_account_and_nothing_of_the_staffs(town: Town) -> None:
    staffs = sent_by(town, 140, "inspector1")
    with write() as tx:
        raw = picture(190)
        own = keep(tx, raw, decode(raw), folder=settings().data / "photos", uploaded_by=None).sha256
    citizen = town.people["citizen"]
    told = {"source": "web", "public": True, "lon": 114.0005, "lat": 22.501}
    with write() as tx:
        assert receive(tx, Report(id=uuid4(), photos=(own,), **told), citizen).state == "reported"
    with pytest.raises(FormIncomplete), write() as tx:
        receive(tx, Report(id=uuid4(), photos=(staffs,), **told), citizen)
    with pytest.raises(FormIncomplete):
        town.report(photos=(own,))
