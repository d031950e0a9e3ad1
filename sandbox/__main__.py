"""`python -m sandbox`: runs the sandbox until it is stopped."""

from __future__ import annotations

import socket

import uvicorn

from sandbox.app import create_app
from sandbox.config import config_from_arguments
from sandbox.wire import CuttableProtocol


class AnnouncingServer(uvicorn.Server):
    """A server that prints its address once it can be reached."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                print(f"sandbox ready: http://{host}:{port}", flush=True)


def main() -> None:
    config = config_from_arguments()
    server = AnnouncingServer(
        uvicorn.Config(
            create_app(config),
            host=config.host,
            port=config.port,
            http=CuttableProtocol,
            ws="none",
            log_level="warning",
            access_log=False,
            # Longer than clients keep idle connections, so that none is closed during a request.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
    )
    server.run()


if __name__ == "__main__":
    main()
