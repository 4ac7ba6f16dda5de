"""The whole web application: every router, the problems, the static files, the hub. Only this place knows all rooms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

import dispatch.cases.api
import dispatch.evidence.api
import dispatch.evidence.documents_api
import dispatch.geocode
import dispatch.people.api
from collectors import patrol, tracks
from dashboards import (
    account,
    analysis,
    audit,
    bulletins,
    calendars,
    calls,
    cards,
    casefile,
    cases,
    console,
    desk,
    duty,
    duty_changes,
    edit,
    emergency,
    exports,
    field,
    integrity,
    leader,
    ledger,
    limits,
    lint,
    maps,
    measures,
    messages,
    moved,
    near,
    notices,
    owners,
    people,
    prints,
    public,
    rules,
    rulings,
    schemes,
    settlements,
    shell,
    socket,
    suspended,
    terminals,
    who,
    work,
)
from dispatch.http import install
from dispatch.live.hub import Hub
from dispatch.people.roles import Permission
from dispatch.people.who import serves

__all__ = ["create_app"]

PAGES = (
    shell,
    account,
    console,
    casefile,
    cases,
    suspended,
    desk,
    field,
    leader,
    ledger,
    bulletins,
    exports,
    prints,
    rules,
    limits,
    lint,
    rulings,
    schemes,
    settlements,
    calendars,
    duty,
    duty_changes,
    calls,
    owners,
    notices,
    integrity,
    analysis,
    measures,
    messages,
    work,
    people,
    audit,
    maps,
    moved,
    edit,
    emergency,
    near,
    who,
    terminals,
    cards,
    public,
)
INTERFACES = (
    patrol,
    dispatch.cases.api,
    dispatch.people.api,
    dispatch.evidence.api,
    dispatch.evidence.documents_api,
    dispatch.geocode,
    tracks,
    socket,
)


def create_app(url: str | None = None) -> FastAPI:
    """The application; `gis.db` points at its database already. `url`: that database, for live news; None: without."""
    lifespan = _hub(url) if url else None
    app = FastAPI(title="Wangge", version="0.1.0", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    install(app, html_problem=shell.html_problem)
    for room in (*INTERFACES, *PAGES):  # the framework tries one after the other: programs ask most often
        app.include_router(room.router)
    app.mount("/static", serves(Permission.PUBLIC, shell.Static(directory=shell.STATIC)), name="static")
    return app


def _hub(url: str) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Listen to the feed from start to stop of the process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Hub(url) as hub:
            app.state.hub = hub
            yield

    return lifespan
