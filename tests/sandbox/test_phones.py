"""The phones of our own people: what Apprise really sends arrives, and can be read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from activities.contacts import ContactSecrets
from channels.notifying.services import Services
from domain.contact import ContactKind, ContactMethod
from domain.notifications import DeliveryEnd

EVIL = "<script>alert(1)</script>"


def test_a_notification_without_a_secret_reaches_a_phone_here(sandbox: Any) -> None:
    secrets = ContactSecrets(stand_in=f"{sandbox.url.replace('http', 'json', 1)}/phones/")
    method = ContactMethod(name="phone", kind=ContactKind.APPRISE, secret="NOOR_PHONE")
    end = asyncio.run(Services().send(secrets.of(method), "Decide", f"Message 3 waits. {EVIL}"))
    assert end is DeliveryEnd.HANDED_OVER
    (kept,) = sandbox.http.get("/_sandbox/phones").json()["notifications"]
    assert (kept["phone"], kept["title"]) == ("noor_phone", "Decide")
    assert "Message 3 waits." in kept["text"]
    assert "<strong>1</strong>on our own" in sandbox.http.get("/").text
    for page in ("/phones", "/phones/NOOR_PHONE"):
        shown = sandbox.http.get(page).text
        assert "Message 3 waits." in shown
        assert EVIL not in shown
    assert "Nobody was notified" in sandbox.http.get("/phones/olga_phone").text


def test_what_is_no_notification_is_refused(sandbox: Any) -> None:
    for body in (b"{", b"[]", b'{"title": "Decide"}'):
        assert sandbox.http.post("/phones/noor", content=body).status_code == 400
    assert sandbox.http.get("/_sandbox/phones").json() == {"notifications": []}


def test_in_a_rehearsal_no_secret_is_used_and_mail_and_browsers_have_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NOOR_PHONE", "NOOR_MAIL", "CREW"):
        monkeypatch.setenv(f"FRONTFOOT_CONTACT_{name}", "json://real.example/1")
    secrets = ContactSecrets(stand_in="json://127.0.0.1:1/phones/")
    phone = ContactMethod(name="phone", kind=ContactKind.APPRISE, secret="NOOR_PHONE")
    assert secrets.of(phone) == "json://127.0.0.1:1/phones/noor_phone"
    assert secrets.find("CREW") == "json://127.0.0.1:1/phones/crew"
    assert ContactSecrets().of(phone) == "json://real.example/1"
    mail = ContactMethod(name="mail", kind=ContactKind.MAIL, secret="NOOR_MAIL")
    browser = ContactMethod(name="browser", kind=ContactKind.WEB_PUSH)
    assert (secrets.of(mail), secrets.of(browser)) == ("", "")
