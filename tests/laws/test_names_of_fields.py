"""Whatever a form or an address may lack or have wrong, the dictionary has a name for, in both languages."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from dashboards.acting import SHOWS
from dashboards.app import create_app
from dashboards.words import words
from dispatch.lifecycle.form import Form

ROOT = Path(__file__).parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def of_pages() -> Iterator[str]:
    """What the pages take, from a form, an address or a path: a validator may find it wrong."""
    for context in iter_route_contexts(create_app().routes):
        route = context.original_route
        if isinstance(route, APIRoute) and not route.path.startswith("/api/"):
            yield from _taken(route.dependant)


def _taken(dependant: Any) -> Iterator[str]:
    for kind in ("query_params", "body_params", "path_params"):
        yield from (field.alias for field in getattr(dependant, kind))
    for other in dependant.dependencies:
        yield from _taken(other)


def of_problems() -> Iterator[str]:
    """What the code itself names in `fields=` of a problem: as it stands there, or handed to whoever says it."""
    for package in ("gis", "dispatch", "collectors", "dashboards"):
        for path in (ROOT / package).rglob("*.py"):
            if "migrations" not in path.parts:
                yield from _named(ast.parse(path.read_text(encoding="utf-8")))


def _named(module: ast.Module) -> Iterator[str]:
    for call in (node for node in ast.walk(module) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id == "wrong":  # gis.problems.wrong(field, …)
            yield from _constant(call.args[:1])
    for function in (node for node in ast.walk(module) if isinstance(node, Function)):
        for fields in _fields(function):
            yield from _keys(fields, function, module)


def _fields(function: Function) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "fields")


def _keys(fields: ast.expr, function: Function, module: ast.Module) -> Iterator[str]:
    """Keys of a dictionary; of a name, of all that is put into it in this function."""
    if isinstance(fields, ast.Dict):
        for key in fields.keys:
            yield from _said(key, function, module)
    elif isinstance(fields, ast.Name):
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.AugAssign):
                yield from _put(node, fields.id, function, module)


def _put(node: ast.Assign | ast.AugAssign, name: str, function: Function, module: ast.Module) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        if isinstance(target, ast.Name) and target.id == name:
            yield from (
                k for found in ast.walk(node.value) if isinstance(found, ast.Dict) for k in _constant(found.keys)
            )
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == name:
            yield from _said(target.slice, function, module)


def _constant(keys: list[ast.expr | None]) -> Iterator[str]:
    yield from (key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def _said(key: ast.expr | None, function: Function, module: ast.Module) -> Iterator[str]:
    yield from _constant([key])
    places = [one.arg for one in function.args.args]
    if isinstance(key, ast.Name) and key.id in places:
        for call in (node for node in ast.walk(module) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id == function.name:
                yield from _constant([*call.args][places.index(key.id) :][:1])


def names() -> set[str]:
    """All of them, without the part of a request before the last full stop."""
    acts = {field.name for field in dataclasses.fields(Form)} | {name for shown in SHOWS.values() for name in shown}
    return {name.rpartition(".")[2] for name in (*of_pages(), *of_problems(), *acts)}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_field_that_can_be_missing_or_wrong_has_a_name(language: str) -> None:
    known = words(language)
    assert sorted(name for name in names() if not known.get(f"need.{name}", "")) == []


def test_the_law_looks_into_forms_addresses_and_the_code() -> None:
    found = names()
    assert {"lon", "until", "quiet_from", "document_no", "weight"} <= found  # forms
    assert {"figure", "as_of", "verb"} <= found  # addresses and paths
    assert {"time_class", "datum", "geometry"} <= found  # the code's own
