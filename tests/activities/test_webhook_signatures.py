"""What we sign, the Standard Webhooks library of another language verifies."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.outbox import OutboxActivities
from activities.signatures.outbox import SendDue
from activities.webhook_request import WebhookRequests
from domain import endpoint_secret
from store.kernel.database import Database
from tests.endpoint import EndpointServer, serving
from tests.npm import unpacked
from tests.outbox import SECRET, entries, have_endpoint, have_incident, record
from tests.sealing import KEY

PACKAGES = {
    "standardwebhooks": (
        "standardwebhooks@1.1.1",
        "d0bc8fec280c9e30ea3cbc876f44fe71d56f443aeca2bd2bdf745718308d4aed",
    ),
    "fast-sha256": (
        "fast-sha256@1.3.0",
        "4f897ea2594dc9cfb1250e7d4d0f65b4f105952a802fff2d06990bf1dc2c84f6",
    ),
    "@stablelib/base64": (
        "@stablelib/base64@1.0.1",
        "0130711d2e0d3f87436c7825db1f35bd6134fba2eda64b0df43d781f9b6a596a",
    ),
}
VERIFY = """
const { Webhook } = require("standardwebhooks");
const { secret, received } = JSON.parse(require("fs").readFileSync(0));
const webhook = new Webhook(secret);
console.log(JSON.stringify(received.map(({ body, headers }) => {
  try { return webhook.verify(body, headers).type } catch (error) { return error.message }
})));
"""


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A folder in which Node finds the library."""
    if shutil.which("node") is None:
        pytest.skip("there is no Node here, which would run the library of another language")
    for name, (package, digest) in PACKAGES.items():
        shutil.copytree(unpacked(package, digest), tmp_path / "node_modules" / name)
    return tmp_path


async def test_the_library_for_node_verifies_what_arrives_and_nothing_that_was_changed(
    ledger: Database, node: Path
) -> None:
    await have_incident(ledger)
    async with serving(EndpointServer()) as server:
        await have_endpoint(ledger, url=server.url)
        await record(ledger, entries())
        requests = WebhookRequests(private=True, within=timedelta(seconds=15))
        sending = OutboxActivities(ledger, KEY, requests)
        await ActivityEnvironment().run(sending.send_due, SendDue(endpoint="helpdesk"))
        await requests.close()
    received = [
        {"body": one.body.decode(), "headers": dict(one.headers)} for one in server.received
    ]
    changed = {**received[0], "body": server.received[0].body.decode().replace("opened", "closed")}

    given = {"secret": endpoint_secret.written(SECRET), "received": [*received, changed]}
    done = subprocess.run(
        ["node", "-e", VERIFY],
        cwd=node,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    *verified, refused = json.loads(done.stdout)
    assert verified == [one.type for one in server.received]
    assert len(verified) == 8
    assert refused == "No matching signature found"
