"""Answers on Mastodon: who is named in them, and what it means that a post is missing.

Sources: docs.joinmastodon.org, methods/statuses and api/rate-limits, and Mastodon's own source
(``app/lib/rate_limiter.rb``: 300 posts in three hours, which its documentation does not have).

- Whoever is answered is told only if the answer names them, so it begins with their name.
- A post that only we can read is not answered: what is private does not belong in public.
- A post that is deleted and one whose author has blocked us are the same 404. A look without our
  token tells them apart, where the server lets strangers read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

from channels.contract import ChannelError, Refused
from channels.mastodon.refusals import NotThere
from channels.replying import MentionGone, NotAllowed, cannot_answer_private, read_limits
from domain.mentions import Mention
from domain.replies import ReplyTerms

LIMITS = "300/300,300/10800"
"""Of requests, and of posts. A server may have others, and its administrator knows them."""

MOST_PAGES = 50

Look = Callable[[bool], Awaitable[object]]
"""Reads the post that is answered, as ourselves or as a stranger; raises like ``ask``."""


def terms_of(limits: str) -> ReplyTerms:
    """What an account may send; ``limits`` are counts in seconds: ``300/300,…``."""
    return ReplyTerms(checked_on=date(2026, 11, 20), limits=read_limits(limits))


def naming(words: str, to: Mention) -> str:
    """The words with the author's name in front. Raises ``CannotExpress``."""
    cannot_answer_private(to)
    handle = to.author.handle
    if not handle:
        # A post of our own, in a thread.
        return words
    name = f"@{handle}"
    return words if name.lower() in words.lower() else f"{name} {words}"


async def why_missing(error: Refused, look: Look) -> Refused:
    """What a 404 to an answer means, by looking at what it answers."""
    try:
        await look(True)
    except NotThere:
        return await _seen_by_strangers(look)
    except ChannelError:
        return error
    return error


async def _seen_by_strangers(look: Look) -> Refused:
    gone = MentionGone("Mastodon: the post is not there any more; nothing went out.")
    try:
        await look(False)
    except NotThere:
        return gone
    except ChannelError:
        # This server shows strangers nothing.
        return gone
    return NotAllowed(
        "Mastodon: the post is there, but not for the account: its author has blocked it.",
        "Dismiss the mention and say so, or reach the author in another way.",
    )
