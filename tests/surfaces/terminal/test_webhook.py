"""Webhooks at a terminal: the secret once, lists without it, and what a test came back with."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from standardwebhooks import Webhook

from surfaces.terminal.failures import ExitCode
from tests.terminal import Terminal


class Helpdesk(BaseHTTPRequestHandler):
    """Takes everything, and keeps it."""

    taken: list[tuple[bytes, dict[str, str]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append((body, dict(self.headers.items())))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def helpdesk() -> Iterator[str]:
    """The address of a help desk that runs here."""
    Helpdesk.taken = []
    server = HTTPServer(("127.0.0.1", 0), Helpdesk)
    serving = Thread(target=server.serve_forever)
    serving.start()
    yield f"http://localhost:{server.server_address[1]}/hooks/T0K3N"
    server.shutdown()
    serving.join()
    server.server_close()


def test_an_endpoint_from_its_first_day_to_its_last(second: Terminal, helpdesk: str) -> None:
    terminal = second
    assert "No other system is told anything" in terminal.type("webhook list").stdout
    made = terminal.read(f"webhook add {helpdesk} --name helpdesk --as maya")

    done = terminal.type("webhook test helpdesk")
    assert (done.exit_code, "helpdesk: It answered 204." in done.stdout) == (0, True), done.output
    body, headers = Helpdesk.taken[0]
    assert Webhook(made["secret"]).verify(body, headers)["type"] == "ping"

    listed = terminal.type("webhook list").stdout
    assert ("works" in listed, "T0K3N" in listed) == (True, False)
    shown = terminal.type("webhook show helpdesk").stdout.replace("\n", "")
    assert helpdesk in shown
    assert made["secret"] not in listed + shown
    assert "webhooks" in terminal.type("check --no-channels").stdout

    rotated = terminal.type("webhook rotate helpdesk --as maya").stdout
    assert ("whsec_" in rotated, made["secret"] in rotated) == (True, False)
    assert "Nothing is to be sent." in terminal.type("webhook replay helpdesk").stdout
    assert terminal.type("webhook disable helpdesk --as maya").exit_code == 0
    done = terminal.type("webhook replay helpdesk")
    assert (done.exit_code, "webhook enable helpdesk" in done.output) == (ExitCode.USAGE, True)
    assert "Nothing is to be sent." not in terminal.type("webhook enable helpdesk --as maya").output
    assert terminal.type("webhook remove helpdesk --as maya").exit_code == 0
    assert terminal.read("webhook list") == []
    done = terminal.type("webhook show helpdesk")
    assert (done.exit_code, "frontfoot webhook list" in done.output) == (ExitCode.REFUSED, True)


def test_what_cannot_be_done_says_why(terminal: Terminal) -> None:
    done = terminal.type("webhook add http://helpdesk.example.com/ --as maya")
    assert (done.exit_code, "over https alone" in done.output) == (ExitCode.REFUSED, True)
    done = terminal.type("webhook replay helpdesk --since 2h --set-aside")
    assert (done.exit_code, "Which of them?" in done.output) == (ExitCode.USAGE, True)
    done = terminal.type("webhook add https://helpdesk.example.com/")
    assert (done.exit_code, "Who are you?" in done.output) == (ExitCode.USAGE, True)
