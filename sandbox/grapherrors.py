"""Facebook's errors: one format, distinguished by its code rather than by its status.

Codes: developers.facebook.com "Handling errors" and "Rate limits" (v25.0, v26.0). Never run
against the live API.
"""

from __future__ import annotations

import hashlib
import math

import orjson
from starlette.responses import Response

JSON = "application/json; charset=UTF-8"


class GraphErrors:
    """Facebook's errors for the faults."""

    def __init__(self, page_id: str) -> None:
        self._page_id = page_id

    def throttled(self, seconds: float) -> Response:
        answer = error(
            80001,
            "(#80001) There have been too many calls to this Page account. Wait a bit and try "
            "again.",
        )
        # The real header counts in minutes: a throttle of seconds is rounded up to one.
        minutes = max(1, math.ceil(seconds / 60))
        answer.headers.update(usage_headers(self._page_id, 100, minutes))
        return answer

    def dead_token(self) -> Response:
        return error(
            190,
            "Error validating access token: The session has been invalidated because the user "
            "changed their password.",
            subcode=460,
        )

    def out_of_credits(self) -> Response:
        # Facebook sells no calls; the nearest refusal is a blocked action.
        return error(368, "The action attempted has been deemed abusive or is otherwise disallowed")

    def server_error(self, status: int) -> Response:
        return error(
            2,
            "An unexpected error has occurred. Please retry your request later.",
            status=status,
            transient=True,
        )


def error(
    code: int,
    message: str,
    *,
    status: int = 400,
    subcode: int | None = None,
    transient: bool = False,
) -> Response:
    """An error document; nearly all of them come as HTTP 400 of type OAuthException."""
    kind = "GraphMethodException" if subcode == 33 else "OAuthException"
    trace = hashlib.sha256(f"{code}/{subcode}/{message}".encode()).hexdigest()
    body: dict[str, object] = {
        "message": message,
        "type": kind,
        "code": code,
        "is_transient": transient,
        "fbtrace_id": "A" + trace[:22],
    }
    if subcode is not None:
        body["error_subcode"] = subcode
    return Response(orjson.dumps({"error": body}), status, media_type=JSON)


def answer(body: object) -> Response:
    return Response(orjson.dumps(body), 200, media_type=JSON)


def no_such_object(name: str) -> Response:
    return error(
        100,
        f"Unsupported request. Object with ID '{name}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation.",
        subcode=33,
    )


def usage_headers(page_id: str, percent: int, minutes: int = 0) -> dict[str, str]:
    """The three usage headers; the estimate is in minutes."""
    usage = {"call_count": percent, "total_time": percent // 2, "total_cputime": percent // 2}
    business = {page_id: [{"type": "pages", **usage, "estimated_time_to_regain_access": minutes}]}
    return {
        "X-App-Usage": orjson.dumps(usage).decode(),
        "X-Page-Usage": orjson.dumps(usage).decode(),
        "X-Business-Use-Case-Usage": orjson.dumps(business).decode(),
    }
