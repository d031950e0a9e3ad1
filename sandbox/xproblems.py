"""X's errors: problem documents with its status codes, types and headers.

Shapes: docs.x.com "Response codes and errors" and OpenAPI 2.167; the wording of the duplicate and
reply refusals as users reported it in 2026. Never run against the live API.
"""

from __future__ import annotations

import time
from typing import Any

import orjson
from starlette.responses import Response

_PROBLEMS = "https://api.x.com/2/problems/"
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise "
    "engaged by the author of the post you are replying to."
)
NO_QUOTES = (
    "Quoting this post is not allowed because you have not been mentioned or otherwise engaged by "
    "the author of the post you are quoting."
)


class XErrors:
    """X's errors for the faults."""

    def throttled(self, seconds: float) -> Response:
        reset = str(int(time.time() + seconds) + 1)
        headers = {
            "x-rate-limit-limit": "100",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": reset,
        }
        return rate_limited(headers)

    def dead_token(self) -> Response:
        return unauthorized()

    def out_of_credits(self) -> Response:
        detail = "Your enrolled account does not have any credits to fulfill this request."
        return problem(402, "CreditsDepleted", detail, _PROBLEMS + "credits")

    def server_error(self, status: int) -> Response:
        titles = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}
        return problem(status, titles[status], titles[status])


def unauthorized() -> Response:
    return problem(401, "Unauthorized", "Unauthorized")


def forbidden(detail: str) -> Response:
    """All 403s share a type; only the English detail tells them apart, as at X."""
    return problem(403, "Forbidden", detail)


def rate_limited(headers: dict[str, str]) -> Response:
    answer = problem(
        429, "Too Many Requests", "Too Many Requests", _PROBLEMS + "rate-limit-exceeded"
    )
    answer.headers.update(headers)
    return answer


def invalid(parameter: str, value: object, message: str) -> Response:
    """400 that names the parameter that was wrong."""
    return json_answer(
        400,
        {
            "errors": [{"parameters": {parameter: [str(value)]}, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": _PROBLEMS + "invalid-request",
            "status": 400,
        },
    )


def not_found(resource: str, value: str) -> dict[str, Any]:
    """The partial error of a lookup that found nothing."""
    return {
        "value": value,
        "detail": f"Could not find {resource} with id: [{value}].",
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": "id",
        "resource_id": value,
        "type": _PROBLEMS + "resource-not-found",
    }


def missing(resource: str, value: str) -> Response:
    """404 for something that must exist, such as the post to reply to."""
    return json_answer(404, {**not_found(resource, value), "status": 404})


def problem(status: int, title: str, detail: str, kind: str = "about:blank") -> Response:
    body = {"title": title, "detail": detail, "type": kind, "status": status}
    answer = json_answer(status, body)
    answer.headers["content-type"] = "application/problem+json"
    return answer


def json_answer(status: int, body: object) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
