"""The ports of the embedded stack, all on loopback."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass, fields

from client.errors import ClientError

LOOPBACK = "127.0.0.1"


# Linux hands out ports from 32768 on, the others from 49152.
_LEFT_ALONE = range(12_000, 32_000)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each part listens."""

    temporal: int = 7233
    ui: int = 8233
    sandbox: int = 8090
    webhooks: int = 8091
    console: int = 8092

    @classmethod
    def free(cls) -> Ports:
        """Ports that nobody listens on at this moment."""
        return cls(*free_ports(len(fields(cls))))

    def refuse_taken(self) -> None:
        """Raise ``ClientError`` naming each port that is in use and the setting that moves it."""
        taken = [
            f"{getattr(self, one.name)} ({PURPOSE[one.name]}; {setting(one.name)})"
            for one in fields(self)
            if not _is_free(getattr(self, one.name))
        ]
        if taken:
            several = len(taken) > 1
            raise ClientError(
                f"{'Ports' if several else 'Port'} {', '.join(taken)} "
                f"{'are' if several else 'is'} in use by another program.",
                "End that program, or choose another port with the option or variable named.",
            )


PURPOSE = {
    "temporal": "Temporal",
    "ui": "Temporal's pages",
    "sandbox": "the sandbox",
    "webhooks": "the webhook receiver",
    "console": "the console",
}
OPTIONS = {
    "temporal": ("--temporal-port", "FRONTFOOT_TEMPORAL_PORT"),
    "ui": ("--ui-port", "FRONTFOOT_TEMPORAL_UI_PORT"),
    "sandbox": ("--sandbox-port", "FRONTFOOT_SANDBOX_PORT"),
    "webhooks": ("--webhook-port", "FRONTFOOT_WEBHOOK_PORT"),
    "console": ("--console-port", "FRONTFOOT_CONSOLE_PORT"),
}


def free_ports(count: int) -> list[int]:
    """So many different ports that nobody listens on at this moment.

    They come from a range that no system uses by itself. A port that the system chose could be
    taken by the next outgoing connection before a server has it.
    """
    found: set[int] = set()
    while len(found) < count:
        port = secrets.choice(_LEFT_ALONE)
        if _is_free(port):
            found.add(port)
    return list(found)


def setting(name: str) -> str:
    """The option and the variable that move one port."""
    option, variable = OPTIONS[name]
    return f"{option} or {variable}"


def _is_free(port: int) -> bool:
    try:
        # Reusing, as the servers do: a port whose last connections are still closing is free.
        socket.create_server((LOOPBACK, port), reuse_port=False).close()
    except OSError:
        return False
    return True
