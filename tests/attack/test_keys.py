"""Keys chosen by strangers: they may name nothing that the system, or somebody else, is going to write."""

from __future__ import annotations

from uuid import NAMESPACE_OID, uuid4, uuid5

from dispatch.lifecycle.states import Action
from tests.attack.conftest import Enter, Office
from tests.cases.town import Town, look


def test_a_report_whose_id_foretells_the_systems_key_does_not_stop_the_sweep(town: Town) -> None:
    mine = uuid4()
    case = town.report(id=mine)
    for seq in range(2, 6):
        for action in (Action.WARN, Action.LAPSE):
            town.report(id=uuid5(NAMESPACE_OID, f"{mine}:{seq}:{action.value}"))
    town.later(hours=1)
    town.sweep()
    told = look("SELECT action FROM step WHERE case_id = %(id)s AND seq > 1 ORDER BY seq", id=case.case_id)
    assert [row["action"] for row in told] == ["warn", "lapse"]


def test_a_key_used_for_an_act_is_refused_as_a_reports_id_and_the_other_way_round(office: Office, enter: Enter) -> None:
    key = str(uuid4())
    first, second = office.town.report(), office.town.report()
    acceptor, citizen = enter("acceptor"), enter("")
    accept = {"action": "accept", "key": key, "form": {"category": "E0405"}}
    assert acceptor.post(f"/api/v1/cases/{first.number}/actions", json=accept).status_code == 200
    body = {"id": key, "position": {"x": 114.0005, "y": 22.501}, "category": "E0405"}
    assert citizen.post("/api/v1/public/reports", json=body).status_code == 409
    body["id"] = str(uuid4())
    assert citizen.post("/api/v1/public/reports", json=body).status_code == 201
    accept["key"] = body["id"]
    assert acceptor.post(f"/api/v1/cases/{second.number}/actions", json=accept).status_code == 409


def test_another_persons_key_is_no_answer(office: Office, enter: Enter) -> None:
    case, key = office.town.handling(), str(uuid4())
    ask = {"action": "supervise", "key": key, "form": {"reason": "other"}}
    assert enter("leader").post(f"/api/v1/cases/{case.number}/actions", json=ask).status_code == 200
    assert enter("supervisor").post(f"/api/v1/cases/{case.number}/actions", json=ask).status_code == 409
    for login, status in (("enforcement-a", 409), ("enforcement-b", 404)):
        assert enter(login).post(f"/api/v1/cases/{case.number}/actions", json=ask).status_code == status
