"""A route for what programs send most: its right, its body and its handler one after the other in one thread.

The framework's own way takes two threads and solves the handler's parameters anew for each request: a third of what a
report costs before it reaches the database. Whoever may ask, and what may be sent, is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from dispatch.people.me import Changed
from dispatch.people.who import Me, likely, who
from gis.problems import Problem, Unavailable

__all__ = ["straight"]

Handler = TypeVar("Handler", bound=Callable[..., Response])


def straight(router: APIRouter, path: str, **declared: Any) -> Callable[[Handler], Handler]:
    """Declare a POST for `def handler(body: Model, me: Signed)`, and words of the path beside: JSON in, a Response out.

    `declared`: as with `router.post`, the right among it. Raises TypeError for a handler of another shape.
    """

    def declare(handler: Handler) -> Handler:
        router.add_api_route(path, handler, methods=["POST"], route_class_override=_Straight, **declared)
        return handler

    return declare


class _Straight(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Read the body, then go on in a thread."""
        model, handler = _model_of(self), self.endpoint

        def answer(request: Request, raw: bytes) -> Response:
            csrf = request.headers.get("x-csrf", "")

            def done(me: Me | None) -> Response:
                made: Response = handler(**request.path_params, body=_read(model, request, raw), me=me)
                return made

            me = likely(request, csrf)
            return (me and _if_proven(me, done)) or done(who(request, csrf))

        async def handle(request: Request) -> Response:
            try:
                raw = await request.body()
            except ClientDisconnect as error:
                raise HTTPException(400) from error
            return await run_in_threadpool(answer, request, raw)

        return handle


def _if_proven(me: Me, done: Callable[[Me], Response]) -> Response | None:
    """What is answered to somebody remembered, once his transaction has proved him; None if it did not come to that."""
    premise = me.premise
    if premise is None:
        raise TypeError("whoever is remembered has something to prove")
    try:
        answer = done(me)
    except (Changed, Problem, RequestValidationError, psycopg.Error) as problem:
        if premise.held or isinstance(problem, Unavailable):  # a database that is away would only be waited for twice
            raise
        return None
    if not premise.held:
        raise TypeError("a straight route does all it does in a transaction of the person's own: me.write()")
    return answer


def _model_of(route: APIRoute) -> type[BaseModel]:
    """What the body has to be."""
    fields, words = route.dependant.body_params, route.dependant.path_params
    model = fields[0].field_info.annotation if len(fields) == 1 and fields[0].name == "body" else None
    plain = not route.dependant.query_params and all(word.field_info.annotation is str for word in words)
    if not (plain and isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"{route.path}: a straight route has a body, the person, and words of its path")
    return model


def _read(model: type[BaseModel], request: Request, raw: bytes) -> BaseModel:
    """Raises RequestValidationError, which names each field and why."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RequestValidationError([{"loc": ("body",), "msg": "Send application/json", "type": "content_type"}])
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in faults]) from error
