"""One page of an edge of the Graph API."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from sandbox.graphbook import EdgeSlice
from sandbox.grapherrors import answer


class Numbered(Protocol):
    """What an edge lists; `seq` is its place there, and so the cursor."""

    @property
    def seq(self) -> int: ...


Listed = TypeVar("Listed", bound=Numbered)


def edge_page(
    request: Request,
    found: Sequence[Listed],
    part: EdgeSlice,
    show: Callable[[Listed], dict[str, Any]],
) -> Response:
    """The slice `part` of an edge; `found` is one more than fit in, if there are more."""
    page = found[: part.limit - 1]
    body: dict[str, Any] = {"data": [show(one) for one in page]}
    if page:
        cursors = {"before": str(page[0].seq), "after": str(page[-1].seq)}
        body["paging"] = {"cursors": cursors}
        if len(found) > len(page):
            url = request.url.include_query_params(after=cursors["after"])
            body["paging"]["next"] = str(url)
    return answer(body)
