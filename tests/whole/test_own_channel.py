"""Somebody else's channel on the embedded stack, against a stand-in that they run themselves."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import orjson
import pytest
import yaml

from channels.contract_suite.example_providers import serve_posts
from client import incidents, messages
from client.asking import incident_status
from client.facts import record_facts
from client.stack.ports import Ports
from domain.ids import incident_workflow_id
from domain.message import MessageKind
from domain.publication import PublicationState
from embedded.stack import Stack
from settings import HERE
from store.files.playbook_folder import read_playbook
from tests.whole.response import FACTS, LEAD, states
from tests.whole.world import eventually
from workflows.contract.signing import SignalledDecision

PACKAGE = """
from pydantic_settings import SettingsConfigDict

from channels.adapter import SANDBOX, Adapter
from channels.contract_suite.webhook_channel import WebhookChannel, WebhookSettings


class BoardSettings(WebhookSettings):
    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_OUR_BOARD_")


class OurBoard(WebhookChannel):
    name = "our_board"


ADAPTER = Adapter(
    BoardSettings, OurBoard, sandbox={"url": f"{SANDBOX}/posts", "token": "stand-in-token"}
)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file and its metadata, in a folder on the path of whoever starts the stack."""
    (tmp_path / "our_board.py").write_text(PACKAGE)
    metadata = tmp_path / "our_board-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: our-board\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[frontfoot.channels]\nour_board = our_board:ADAPTER\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.fixture
def taken() -> list[str]:
    """What their stand-in has accepted."""
    return []


@pytest.fixture
def stand_in(taken: list[str]) -> Iterator[str]:
    """Their own process in real life; here a server of its own thread. Returns its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            request = httpx.Request(self.command, f"http://stand-in{self.path}", content=body)
            answer = serve_posts(request, taken)
            self.send_response(answer.status_code)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def playbook() -> dict[str, str]:
    """The shipped one, with their channel in the place of all of ours."""
    files = dict(read_playbook(HERE / "playbooks" / "site-compromised"))
    plan = yaml.safe_load(files["playbook.yaml"])
    plan["voices"] = {"our_board": {"name": "Example Co"}}
    for message in plan["messages"].values():
        message |= {"channels": ["our_board"], "quorum": 1, "must_reach": []}
    ours = {
        name.replace(".facebook.", ".our_board."): text
        for name, text in files.items()
        if ".facebook." in name
    }
    people = {"people.yaml": files["people.yaml"]}
    return {**ours, **people, "playbook.yaml": yaml.safe_dump(plan, sort_keys=False)}


@pytest.mark.usefixtures("package")
async def test_a_drill_carries_a_channel_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: str, taken: list[str]
) -> None:
    monkeypatch.setenv("FRONTFOOT_CHANNELS", "our_board")
    monkeypatch.setenv("FRONTFOOT_OUR_BOARD_STAND_IN_URL", stand_in)
    said: list[str] = []
    stack = Stack(tmp_path / "state", ports=Ports.free(), live=False, say=said.append)
    await stack.start()
    try:
        async with await stack.engine() as engine:
            await incidents.open_incident(
                engine,
                slug="ours",
                title="Spam went out",
                files=playbook(),
                actor=LEAD,
                audiences=[],
            )
            await record_facts(
                engine, "ours", actor=LEAD, facts=FACTS | {"summary": "spam went out"}
            )
            message = await messages.propose(engine, "ours", MessageKind.ANNOUNCEMENT, actor=LEAD)
            decide = SignalledDecision(
                by="noor", digest=message.digest[:12], message=message.number
            )
            incident = (await stack.client()).get_workflow_handle(incident_workflow_id("ours"))
            await incident.signal("approve", decide)
            await eventually(
                lambda: incident_status(engine, "ours"),
                lambda status: (
                    states(status.messages[0]) == {"our_board": PublicationState.ACCEPTED}
                ),
            )
    finally:
        await stack.stop()
    assert f"our_board speaks to your stand-in at {stand_in}." in said
    [text] = [orjson.loads(one)["text"] for one in taken]
    assert "spam went out" in text
