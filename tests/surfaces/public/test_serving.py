"""Serving until told to stop, and an address that somebody else has."""

from __future__ import annotations

import socket

import pytest
from starlette.applications import Starlette

from surfaces.public.limits import Limits
from surfaces.public.server import PublicServer, serve


def test_an_address_that_is_taken_is_named_with_the_settings_that_choose_another(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = serve(PublicServer(Starlette(), "127.0.0.1", port, Limits()), "FRONTFOOT_CONSOLE")
    said = capsys.readouterr().err
    assert code == 1
    assert f"127.0.0.1:{port} cannot be listened on" in said
    assert "FRONTFOOT_CONSOLE_HOST and FRONTFOOT_CONSOLE_PORT" in said
