"""What SendGrid makes of a request: the mail that each addressee gets."""

from __future__ import annotations

from typing import Any

from channels.contract_suite.stand_in import Letter


def letters_of(request: dict[str, Any]) -> list[Letter]:
    """What SendGrid makes of one request, for each addressee, by its reference of Mail Send."""
    content = {one["type"]: one["value"] for one in request["content"]}
    return [_letter(request, content, person) for person in request["personalizations"]]


def _letter(request: dict[str, Any], content: dict[str, str], person: dict[str, Any]) -> Letter:
    def filled(text: str) -> str:
        for field, value in person.get("substitutions", {}).items():
            text = text.replace(field, value)
        return text

    visible = [one["email"] for kind in ("to", "cc") for one in person.get(kind, [])]
    headers = person.get("headers", {})
    return Letter(
        address=visible[0],
        delivery=person["custom_args"]["ff_delivery"],
        subject=filled(request["subject"]),
        text=filled(content["text/plain"]),
        html=filled(content.get("text/html", "")),
        sender=str(request["from"]),
        reply_to=str(request.get("reply_to", "")),
        unsubscribe=headers.get("List-Unsubscribe", ""),
        unsubscribe_post=headers.get("List-Unsubscribe-Post", ""),
        visible=tuple(visible),
    )
