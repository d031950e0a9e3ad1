"""Makes the mail that answers somebody's mail.

Its threading headers are put in front by hand: Python's ``email`` folds a long id into encoded
words, and no mail program finds the thread by those.
"""

from __future__ import annotations

from datetime import datetime

from email_validator import EmailNotValidError

from channels.mail_reply import number_of_reply, thread_of
from channels.replying import NotAllowed
from channels.smtp.mail import Letter, letter_to, read_address
from domain.mentions import Mention
from domain.message import Copy


def write_reply(copy: Copy, to: Mention, *, at: datetime, bounces_to: str | None) -> Letter:
    """The mail of ``copy`` to the author of ``to``. Raises ``NotAllowed``, or ``Refused``."""
    try:
        recipient = read_address(to.author.handle or to.author.id)
    except EmailNotValidError:
        raise no_mail_there() from None
    answered, thread = thread_of(to)
    first = ""
    if answered:
        references = "\r\n ".join(f"<{one}>" for one in thread)
        first = f"In-Reply-To: <{answered}>\r\nReferences: {references}\r\n"
    return letter_to(
        copy,
        recipient,
        number=number_of_reply(to),
        at=at,
        bounces_to=bounces_to,
        first=first.encode(),
    )


def no_mail_there() -> NotAllowed:
    """The error for an author whose address takes no mail."""
    return NotAllowed(
        "SMTP: the address that this was written from takes no mail; nothing went out.",
        "Reach the author in another way, or dismiss the mention and say why.",
    )
