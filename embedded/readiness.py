"""Whether a part of the stack can be used yet."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

import httpx
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from client.stack.ports import LOOPBACK


async def temporal_answers(port: int) -> bool:
    """Whether Temporal knows its namespace yet."""
    if not await listens(port):
        return False
    try:
        client = await Client.connect(f"{LOOPBACK}:{port}")
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace="default")
        )
    except (RuntimeError, RPCError):
        return False
    return True


_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here has any, and reading those of the system takes longer than asking."""


async def answers(url: str) -> bool:
    """Whether a server answers there, with success."""
    try:
        async with httpx.AsyncClient(timeout=5, trust_env=False, verify=_NO_CERTIFICATES) as http:
            return (await http.get(url)).is_success
    except httpx.HTTPError:
        return False


async def listens(port: int) -> bool:
    """Whether somebody takes connections on ``port`` of this machine."""
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
