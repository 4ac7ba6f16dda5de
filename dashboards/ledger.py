"""The ledger of scores: points given by hand and cases left out, entered by one person, agreed to by another."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.leader import period_asked
from dashboards.shell import go, page
from dashboards.view import View
from dispatch.evaluation import ledger
from dispatch.evaluation.ledger import EXCLUSION, Asked
from dispatch.evaluation.scheme import Scheme
from dispatch.evaluation.terms import schemes_on, terms_of
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import Tx
from gis.problems import FormIncomplete, NotFound, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
LARGEST = 32 << 20  # bytes of a paper; it is hashed and not kept
AT_ONCE = 1 << 20


@dataclass
class Fields:
    """The form. `what`: scheme:kind, or exclusion; `document_hash` where the paper's hash is known and not the file."""

    what: Annotated[str, Posted(max_length=80)] = ""
    unit: Annotated[str, Posted(max_length=80)] = ""
    period: Annotated[str, Posted(max_length=40)] = ""
    points: Annotated[str, Posted(max_length=12)] = ""
    number: Annotated[str, Posted(max_length=40)] = ""
    reason: Annotated[str, Posted(max_length=1000)] = ""
    document_no: Annotated[str, Posted(max_length=200)] = ""
    document_hash: Annotated[str, Posted(max_length=64)] = ""
    document: Annotated[UploadFile | None, File()] = None

    def hashed(self) -> str:
        """The paper's SHA-256: of the file if one came, else as typed."""
        if self.document is None or not self.document.filename:
            return self.document_hash.strip().lower()
        digest = hashlib.sha256()
        while part := self.document.file.read(AT_ONCE):
            digest.update(part)
        return digest.hexdigest()

    def asked(self) -> Asked:
        """What is to be entered."""
        return Asked(
            kind=self.what.rpartition(":")[2], unit=self.unit, period=self.period.strip(), points=self.points,
            number=self.number, reason=self.reason, document_no=self.document_no, document_hash=self.document_hash,
        )  # fmt: skip


@router.get("/ledger", **needs(Permission.SEE_RANKING))
def ledger_page(request: Request, me: Signed) -> Response:
    """All entries, those that wait first, and the form."""
    return _page(request, me, Fields())


def _page(request: Request, me: Me, fields: Fields, problem: Problem | None = None) -> Response:
    with me.read() as tx:
        view = View.of(request, tx, me)
        found = ledger.entries(tx)
        schemes = schemes_on(tx, view.today)
    kinds = {f"{one.key}:{hand.kind}": (one, hand) for one in schemes.values() for hand in one.hand}
    named = {(one.key, hand.kind): hand.name if view.zh else hand.name_en for one, hand in kinds.values()}
    status = problem.status if problem else 200
    return page(
        view, "ledger.html", status=status, entries=found, kinds=kinds, named=named, fields=fields, problem=problem
    )


@router.post("/ledger", **needs(Permission.KEEP_SCORES, body=LARGEST))
def enter(request: Request, me: Signed, fields: Annotated[Fields, Depends()]) -> Response:
    """One entry more; a refusal keeps what was typed, and the hash of the paper."""
    fields.document_hash = fields.hashed()
    try:
        with me.write() as tx:
            scheme = None if fields.what == EXCLUSION else _scheme(request, me, tx, fields)
            ledger.enter(tx, me.person_id, scheme, fields.asked())
    except Problem as problem:
        return _page(request, me, fields, problem)
    return go("/ledger")


def _scheme(request: Request, me: Me, tx: Tx, fields: Fields) -> Scheme:
    """The scheme of the period's last day. Raises FormIncomplete."""
    if not fields.period.strip():
        raise FormIncomplete("Name the period", zh="请填写时段", fields={"period": "needed"})
    period = period_asked(View.of(request, tx, me), fields.period.strip())
    return terms_of(tx, period).scheme(fields.what.rpartition(":")[0])


@router.post("/ledger/{id}/decision", **needs(Permission.KEEP_SCORES))
def decide(
    request: Request,
    me: Signed,
    id: int,
    what: Annotated[str, Posted(max_length=12)] = "",
    words: Annotated[str, Posted(max_length=1000)] = "",
) -> Response:
    """Agree to an entry or refuse it, for ever."""
    try:
        if what not in ("agree", "refuse"):
            raise NotFound("There is no such action", zh="没有这个操作")
        with me.write() as tx:
            ledger.decide(tx, id, me.person_id, agree=what == "agree", words=words)
    except Problem as problem:
        return _page(request, me, Fields(), problem)
    return go("/ledger")
