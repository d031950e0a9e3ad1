"""The status page, served from memory to whoever asks."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from client.page_files import PageFile, PageFiles

_SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' https: data:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_NOT_YET = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Status</title>"
    "<h1>There is no status page here yet</h1><p>It appears once a worker has written it.</p>"
)


class StatusPages:
    """The handler of every path that nothing else answers."""

    def __init__(self, files: PageFiles) -> None:
        self._files = files

    def routes(self) -> list[Route]:
        """One route, to be the last."""
        return [Route("/{path:path}", self.show, methods=["GET", "HEAD"])]

    async def show(self, request: Request) -> Response:
        """The file, or that the reader's copy is still the newest."""
        path = request.path_params["path"]
        file = await self._files.find(path)
        if file is not None:
            return _answer(file, request)
        if await self._files.find(f"{path}/"):
            # Relative links on the page count from its folder.
            return RedirectResponse(f"{path.rpartition('/')[2]}/", 308)
        missing = await self._files.find("404.html")
        if missing is not None:
            headers = {**missing.headers, **_SAFE, "Cache-Control": "no-store"}
            return Response(missing.data, 404, headers)
        return Response(_NOT_YET, 404, {"Content-Type": "text/html; charset=utf-8", **_SAFE})


def _answer(file: PageFile, request: Request) -> Response:
    headers = {**file.headers, **_SAFE}
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    return Response(file.data, headers=headers)
