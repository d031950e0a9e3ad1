"""The request that answers somebody's mail through SendGrid: one addressee, in the mail's thread.

It carries a mark of its own in ``custom_args``, by which the Email Activity feed knows it. None of
the marks of a broadcast is in it, so its events are passed over: they are about no batch.
"""

from __future__ import annotations

from typing import Any

import orjson
from email_validator import EmailNotValidError, validate_email

from channels.contract import Refused
from channels.mail_reply import number_of_reply, thread_of
from channels.replying import NotAllowed
from domain.mentions import Mention
from domain.message import Copy

REPLY_ARG = "ff_reply"


def body_of_reply(copy: Copy, to: Mention) -> bytes:
    """The JSON body. Raises ``NotAllowed`` for an address that is none, or ``Refused``."""
    address = to.author.handle or to.author.id
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise no_mail_there() from None
    if copy.voice is None or not copy.voice.address:
        raise Refused(
            "SendGrid: the reply has no sender's address.", "Set FRONTFOOT_EMAIL_FROM_ADDRESS."
        )
    sender = {"email": copy.voice.address}
    if copy.voice.name:
        sender["name"] = copy.voice.name
    body: dict[str, Any] = {
        "from": sender,
        "subject": copy.subject or "",
        "content": [{"type": "text/plain", "value": copy.text}],
        "custom_args": {REPLY_ARG: number_of_reply(to)},
        "personalizations": [{"to": [{"email": address}]}],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            # An answer to one person is no mailing from which to unsubscribe.
            "subscription_tracking": {"enable": False},
        },
    }
    answered, thread = thread_of(to)
    if answered:
        body["headers"] = {
            "In-Reply-To": f"<{answered}>",
            "References": " ".join(f"<{one}>" for one in thread),
        }
    return orjson.dumps(body)


def no_mail_there() -> NotAllowed:
    """The error for an author whose address takes no mail."""
    return NotAllowed(
        "SendGrid: it takes no mail for the address that this was written from; nothing went out.",
        "Reach the author in another way, or dismiss the mention and say why.",
    )
