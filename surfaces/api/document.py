"""The OpenAPI document: what FastAPI knows of each operation, and what all of them share."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from surfaces.api import examples
from surfaces.api.access import BASE, RULES
from surfaces.api.problems import MEDIA_TYPE, Problem
from surfaces.api.resource import KEY_HEADER, REPLAYED_HEADER

URL = f"{BASE}/openapi.json"
VERSION = "1.0"
_ABOUT = (
    "Open incidents, propose, decide, steer mail, and ask what was said. Every operation needs a "
    "token (`frontfoot token create`), which speaks for one person and has scopes. Every POST "
    "needs an `Idempotency-Key`: the same one again gives the same answer for 24 hours, and "
    "nothing is done twice. Failures are problem details (RFC 9457) with a next step. "
    "Times are RFC 3339 in UTC."
)
_OF_ALL = {
    401: "There is no token, or it does not work.",
    403: "The token lacks the scope, or its person may not do this.",
    422: "The request cannot be read, or makes no sense. `errors` has each place.",
    503: "The ledger or Temporal is away. Nothing was done, unless this was a repeat.",
}
_OF_POSTS = {
    400: f"There is no {KEY_HEADER}, or the body is no JSON.",
    409: "A rule refused it, or the first request of this key has no answer yet (`under-way`).",
    413: "The body is too large.",
    504: "Nobody knows whether it counted. Send the same again, with the same key.",
}
_NOT_THERE = {404: "There is no such thing."}
NAME_OTHERS = ("/mentions/coverage", "/replies")
"""Paths without a name in them, whose query or body names what may not be there."""

_OF_READS = {409: "What is read was changed by somebody in the database, or has ended."}


def document_of(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _made(app)
    return app.openapi_schema


def _made(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title="Frontfoot",
        version=VERSION,
        openapi_version="3.1.0",
        description=_ABOUT,
        routes=app.routes,
        separate_input_output_schemas=True,
    )
    made["servers"] = [{"url": "/"}]
    made["security"] = [{"token": []}]
    parts = made.setdefault("components", {})
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token, `ff_…`."}
    }
    schemas: dict[str, Any] = parts["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    # FastAPI would take every null out of them.
    for name, example in examples.OF.items():
        schemas[name]["examples"] = [example]
    for path, item in made["paths"].items():
        for method, operation in item.items():
            _complete(operation, path, method.upper())
    return made


def _complete(operation: dict[str, Any], path: str, method: str) -> None:
    rule = RULES[f"{method} {path.removeprefix(BASE)}"]
    needs = f"Needs the scope `{rule.scope.value}`." if rule.scope else "Needs any token."
    if rule.ability:
        needs += f" The token's person needs the ability `{rule.ability.value}`."
    operation["description"] = f"{operation.get('description', '')}\n\n{needs}".strip()
    statuses = dict(_OF_ALL)
    if method == "POST":
        statuses |= _OF_POSTS
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)
        if not rule.reads:
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    answer["headers"] = _REPLAYED
    elif "{" in path or path.endswith("/events"):
        statuses |= _OF_READS
    if "{" in path or path.removeprefix(BASE) in NAME_OTHERS:
        statuses |= _NOT_THERE
    for status, words in sorted(statuses.items()):
        operation["responses"][str(status)] = _problem(words, status)


def _problem(words: str, status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": words,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (401, 403):
        answer["headers"] = {"WWW-Authenticate": _header("What is missing.")}
    if status in (409, 503):
        answer["headers"] = {"Retry-After": _header("Seconds, where trying again may help.")}
    return answer


def _header(words: str) -> dict[str, Any]:
    return {"description": words, "schema": {"type": "string"}}


_KEY_PARAMETER = {
    "name": KEY_HEADER,
    "in": "header",
    "required": True,
    "description": "One for each thing that is wanted done, such as a UUID; the same to repeat it.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "3f7a09c2-d4e8-4b65-9c1e-7a09c2d4e81b",
}
_REPLAYED = {
    REPLAYED_HEADER: {
        "description": "`true` where this answer was given before.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
