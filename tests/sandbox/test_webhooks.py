"""Another system that takes webhooks: it keeps each in its order, repeats included."""

from __future__ import annotations

from typing import Any


def test_what_arrives_is_kept_in_its_order_until_a_reset(sandbox: Any) -> None:
    for name in ("evt_1", "evt_2", "evt_1"):
        answer = sandbox.http.post(
            "/_sandbox/webhooks", content=b'{"type":"ping"}', headers={"webhook-id": name}
        )
        assert answer.status_code == 204

    kept = sandbox.http.get("/_sandbox/webhooks").json()["webhooks"]
    assert [one["id"] for one in kept] == ["evt_1", "evt_2", "evt_1"]
    assert kept[0]["body"] == '{"type":"ping"}'
    sandbox.http.post("/_sandbox/reset")
    assert sandbox.http.get("/_sandbox/webhooks").json() == {"webhooks": []}
