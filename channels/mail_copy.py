"""What every mail channel does to copy: check its form, and fill in the sender.

Shared by the mail adapters, so that what one provider can carry, the other can too: a playbook can
move from one to the other unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from email_validator import EmailNotValidError, validate_email

from channels.batch import Addressees
from channels.contract import CannotExpress, Template
from channels.wording import tidy
from domain.message import PERSONAL_FIELD, Copy, Voice

SUBJECT_LIMIT = 998
"""Characters in one line of a header, by RFC 5322, section 2.1.1."""

CONTENT_LIMIT = 1_000_000
"""Bytes of text and HTML together: ours, far beyond where mail programs start to cut."""

UNSUBSCRIBE_VALUE = "unsubscribe_url"
"""An addressee's value of this name becomes its one-click unsubscribe headers (RFC 8058)."""

_UNSAFE = re.compile(r"[<>&\"\x00-\x1f]|\[\[")
_PLAIN = bytes(byte for byte in range(0x20, 0x7F) if byte not in b'<>&"[')


def is_safe(value: str) -> bool:
    """Whether a personal value can be put into a subject, a text and HTML as it is.

    It may contain no markup, no quote, no control character and no ``[[``.
    """
    # The first question is the quicker one, and nearly always settles it.
    return not value.encode().translate(None, _PLAIN) or _UNSAFE.search(value) is None


def fill(text: str, values: Mapping[str, str]) -> str:
    """``text`` with each ``[[field]]`` replaced by its value; all of them must be there."""
    return PERSONAL_FIELD.sub(lambda field: values[field[1]], text)


def lacking_values(copy: Copy, people: Addressees) -> list[int]:
    """Positions of addressees who lack a value for a ``[[field]]``, or have one that is not safe.

    They are for ``BadRecipient``: nobody must get a mail that is half filled in.
    """
    fields = copy.personal_fields()
    return [
        place
        for place, one in enumerate(people if fields else ())
        if not all(is_safe(one.values.get(name, "<")) for name in fields)
    ]


def render_mail(template: Template, channel: str, *, name: str, address: str | None) -> Copy:
    """Return the mail of ``template`` for ``channel``. Raises ``CannotExpress``.

    ``name`` and ``address`` are the sender of a template whose voice has none.
    """
    subject, text = tidy(template.subject or ""), tidy(template.text)
    if not subject or not text:
        raise CannotExpress(
            f"{channel}: a mail needs a subject and a text.", "Write both in its template."
        )
    if "\n" in subject or len(subject) > SUBJECT_LIMIT:
        raise CannotExpress(
            f"{channel}: the subject must be one line of at most {SUBJECT_LIMIT} characters.",
            "Shorten it in the template.",
        )
    if len(text.encode()) + len((template.html or "").encode()) > CONTENT_LIMIT:
        raise CannotExpress(
            f"{channel}: text and HTML together exceed {CONTENT_LIMIT:,} bytes.",
            "Shorten the template; link to long material instead.",
        )
    return Copy(
        channel=channel,
        subject=subject,
        text=text,
        html=template.html or None,
        link=template.link,
        voice=_speaker(template.voice, channel, name, address),
    )


def _speaker(voice: Voice | None, channel: str, name: str, fallback: str | None) -> Voice:
    address = (voice.address if voice else None) or fallback
    if not address:
        raise CannotExpress(
            f"{channel}: this mail has no sender: its voice has no address.",
            "Give the voice an address in the playbook, or set "
            f"FRONTFOOT_{channel.upper()}_FROM_ADDRESS.",
        )
    voice = voice or Voice(name=name or address)
    for one in filter(None, (address, voice.reply_to)):
        try:
            validate_email(one, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            raise CannotExpress(
                f"{channel}: the voice's address or reply_to is not a mail address.",
                "Correct it in the playbook.",
            ) from None
    return voice.model_copy(update={"address": address})
