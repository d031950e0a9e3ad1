"""A mail server that says what a test tells it to, at each step, or hangs up, or says nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

DROP = "(hangs up)"
SILENT = "(says nothing)"
LATE = "(says no when told to)"

HELLO = "250-mail.example\r\n250-SIZE 50000000\r\n250-AUTH PLAIN\r\n250 8BITMIME"
_WELL = {
    "GREETING": "220 mail.example",
    "EHLO": HELLO,
    "HELO": "250 mail.example",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 fine",
    "RCPT": "250 2.1.5 fine",
    "DATA": "354 go on",
    "BODY": "",
    "DOT": "250 2.0.0 taken",
    "RSET": "250 2.0.0 forgotten",
    "NOOP": "250 2.0.0 here",
    "QUIT": "221 2.0.0 bye",
}
Script = Mapping[str, str]


@dataclass
class Scripted:
    """The server: ``script`` has replies by step, anything else goes well."""

    script: dict[str, str] = field(default_factory=dict)
    port: int = 0
    connections: int = 0
    mails: list[bytes] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    told_to: asyncio.Event = field(default_factory=asyncio.Event)
    on_connect: Callable[[], None] = lambda: None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.on_connect()
        try:
            if await self._say(writer, "GREETING"):
                await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            step = line.decode().split()[0].upper()
            self.heard.append(line.decode().strip())
            if not await self._say(writer, step) or step == "QUIT":
                return
            if step == "DATA" and self._reply(step).startswith("354"):
                if self.script.get("BODY") == DROP:
                    await reader.readexactly(1000)
                    writer.transport.abort()
                    return
                mail = await reader.readuntil(b"\r\n.\r\n")
                if self._reply("DOT").startswith("2"):
                    self.mails.append(mail)
                if not await self._say(writer, "DOT"):
                    return

    def _reply(self, step: str) -> str:
        return self.script.get(step, _WELL.get(step, "502 5.5.1 what?"))

    async def _say(self, writer: asyncio.StreamWriter, step: str) -> bool:
        """Whether the conversation goes on after this step."""
        reply = self._reply(step)
        if reply == DROP:
            writer.transport.abort()
            return False
        if reply == SILENT:
            await asyncio.sleep(30)
        if reply == LATE:
            await self.told_to.wait()
            reply = "554 5.7.1 no"
        writer.write(reply.encode() + b"\r\n")
        await writer.drain()
        return not reply.startswith("421")


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[Scripted]:
    """The server on a free port; what it still has to say is cut off at the end."""
    books = Scripted(dict(script))
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await books.serve(reader, writer)

    listening = socket.create_server(("127.0.0.1", 0))
    # Small, so that a long mail does not fit into buffers and the client has to wait for us.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    server = await asyncio.start_server(serve, sock=listening, limit=2**16)
    books.port = listening.getsockname()[1]
    try:
        yield books
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
