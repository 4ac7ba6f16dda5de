"""The whole web application: every router, the problems, the static files. The one place that knows all rooms."""

from __future__ import annotations

from fastapi import FastAPI

from collectors import patrol
from dashboards import casefile, cases, console, desk, field, leader, maps, public, shell, socket
from dispatch.cases import api as cases_api
from dispatch.evidence import api as photos_api
from dispatch.http import install
from dispatch.people.roles import Permission
from dispatch.people.who import serves

__all__ = ["create_app"]

INTERFACES = (patrol, cases_api, photos_api, socket)
PAGES = (shell, console, casefile, cases, desk, field, leader, maps, public)


def create_app() -> FastAPI:
    """The application. The process has pointed `gis.db` at its database before, or does so by its settings here."""
    app = FastAPI(title="Wangge", version="0.1.0", docs_url=None, redoc_url=None, openapi_url=None)
    install(app, html_problem=shell.html_problem)
    for room in (*INTERFACES, *PAGES):
        app.include_router(room.router)
    app.mount("/static", serves(Permission.PUBLIC, shell.Static(directory=shell.STATIC)), name="static")
    return app
