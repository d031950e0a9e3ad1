"""``ack`` and ``people test``, where no Temporal answers."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from store.kernel.database import Database
from store.notifications import entering, reading
from store.record import incidents
from tests.fresh_ledger import empty_ledger
from tests.store.notifications.test_notifications import NOON, asking
from tests.terminal import ROOT, Terminal

__all__ = ["empty_ledger"]

PEOPLE = """people:
  - {id: noor, roles: [founder], contact: [{name: phone, kind: apprise, secret: NOOR_PHONE}]}
  - id: rest
    roles: [comms_lead, support, incident_lead, legal, finance, security, founder]
"""


async def notified(path: Path) -> str:
    """Have noor be asked about a message; the code."""
    ledger = Database.open(f"sqlite:///{path}")
    await incidents.register(ledger, "site-down", "Down", "plan", (), NOON)
    await entering.enter(ledger, asking("noor", incident="site-down"), NOON)
    (one,) = await reading.of_incident(ledger, "site-down")
    await ledger.close()
    return one.code


def test_a_code_is_typed_and_methods_are_tested(terminal: Terminal, empty_ledger: Path) -> None:
    path = terminal.folder / ".frontfoot" / "frontfoot.db"
    path.parent.mkdir()
    shutil.copy(empty_ledger, path)
    code = asyncio.run(notified(path))

    refused = terminal.type(f"ack {code} --as rest")
    assert (refused.exit_code, "no notification of that code" in refused.output) == (2, True)
    typed = f"{code[:4]}-{code[4:]}".lower()
    done = terminal.type(f"ack {typed} --as noor")
    assert (done.exit_code, done.output) == (
        0,
        "Acknowledged: Your decision is needed in site-down.\nNext: frontfoot show site-down 1\n",
    )
    shown = " ".join(terminal.type("people notified site-down").output.split())
    assert "noor Decision on message 1 acknowledged" in shown
    assert "you have acknowledged it already" in terminal.type(f"ack {code} --as noor").output

    plans = terminal.folder / "plans"
    shutil.copytree(ROOT / "playbooks", plans)
    (plans / "people.yaml").write_text(PEOPLE)
    (terminal.folder / ".env").write_text("FRONTFOOT_PLAYBOOKS_DIR=plans\n")
    sent = terminal.type("people test noor")
    assert (sent.exit_code, "1 contact test will be sent." in sent.output) == (0, True)
    assert "The workers send them once it does." in sent.output
    shown = terminal.type("people test --show")
    assert "noor  phone (apprise): sent, not acknowledged yet" in shown.output
    (json,) = terminal.read("people test --show")
    assert (json["person"], json["state"]) == ("noor", "waiting")
    assert terminal.type("people test nobody").exit_code == 2
