"""A static web server for a site, with the headers that the channel promises."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from channels.website.site import POLICY, Site, SiteFile

OPEN_TO_ALL = ("application/json", "application/atom+xml")


class Served:
    """What is served, and where. ``site`` may be replaced while it is read."""

    def __init__(self, url: str, folder: str) -> None:
        self.url = url
        self.folder = folder
        self.files: dict[str, SiteFile] = {}

    def show(self, site: Site) -> None:
        """Serve this site from now on."""
        self.files = {f"{self.folder}{one.path}": one for one in site.files}

    def without(self, path: str) -> None:
        """Stop serving one file."""
        del self.files[self.folder + path]

    def found(self, path: str) -> tuple[int, SiteFile]:
        """The status and the file for a request."""
        if path.endswith("/"):
            path += "index.html"
        if path in self.files:
            return 200, self.files[path]
        return 404, self.files[f"{self.folder}404.html"]


@contextmanager
def serving(site_at: Callable[[str], Site], folder: str = "/") -> Iterator[Served]:
    """Serve the site that ``site_at`` makes for its address, below the path ``folder``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, file = served.found(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", file.media_type)
            self.send_header("Content-Length", str(len(file.data)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Security-Policy", POLICY)
            if file.media_type.startswith(OPEN_TO_ALL):
                self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(file.data)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Served(f"http://127.0.0.1:{server.server_port}{folder}", folder)
    served.show(site_at(served.url))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
