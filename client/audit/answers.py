"""Whether each answered mention has one reply with a receipt, by the platform's book too."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import httpx
from pydantic import BaseModel, ValidationError

from client.audit.model import Discrepancy, Kind
from client.audit.sandbox import sandbox_of
from client.engine import Engine
from domain.explanation import Action, Explanation, NextStep, explained
from domain.plural import plural
from domain.publication import PublicationState
from store.desk import proven, reply_rows
from store.desk.proven import AnsweredMention

WHERE = "the desk"


class _Counted(BaseModel):
    channel: str
    id: str
    replies: int


class _Book(BaseModel):
    mentions: list[_Counted]


async def audit_answers(engine: Engine, slug: str) -> list[Discrepancy]:
    """What does not add up about an incident's answers; where a sandbox stands in, by its book."""
    ledger = await engine.ledger()
    answered = await proven.answered(ledger, slug)
    unproven = [one.number for one in answered if not one.receipts]
    found = _found(Kind.DIFFERS, unproven, "answered without the receipt of a reply")
    doubled = [one.number for one in answered if len(one.receipts) > 1]
    found += _found(Kind.DOUBLED, doubled, "answered more than once, by the ledger")
    unknown = await reply_rows.listed(ledger, [PublicationState.UNKNOWN], incident=slug)
    for row in unknown:
        why = row.explanation or Explanation(what="Nobody knows whether it went out.")
        found.append(Discrepancy(kind=Kind.UNKNOWN, where=f"reply {row.number}", explanation=why))
    return found + await _by_the_book(engine, answered)


async def _by_the_book(engine: Engine, answered: Collection[AnsweredMention]) -> list[Discrepancy]:
    sandbox = sandbox_of(engine.settings)
    # The book counts mail under ids that are not quite ours.
    asked = [one for one in answered if one.receipts and not one.mail]
    if sandbox is None or not asked:
        return []
    address, channels = sandbox
    try:
        under = await _read(address)
    except (httpx.HTTPError, ValidationError):
        unread = explained("Its count of answers could not be read.", "See its log.")
        return [Discrepancy(kind=Kind.UNREAD, where="the sandbox", explanation=unread)]
    here = [one for one in asked if one.channel in channels]
    counted = {one.number: under.get((one.channel, one.provider_id), 0) for one in here}
    lost = [number for number, many in counted.items() if many == 0]
    doubled = [number for number, many in counted.items() if many > 1]
    return [
        *_found(Kind.LOST, lost, "answered by the ledger, and the platform shows no answer"),
        *_found(Kind.DOUBLED, doubled, "answered more than once, by the platform's book"),
    ]


async def _read(address: str) -> Mapping[tuple[str, str], int]:
    async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as sandbox:
        answer = await sandbox.get("/_sandbox/books/replies")
        book = _Book.model_validate_json(answer.raise_for_status().content)
    return {(one.channel, one.id): one.replies for one in book.mentions}


def _found(kind: Kind, numbers: Collection[int], what: str) -> list[Discrepancy]:
    if not numbers:
        return []
    some = ", ".join(map(str, sorted(numbers)[:5]))
    more = f" and {len(numbers) - 5:,} more" if len(numbers) > 5 else ""
    told = explained(
        f"{plural(len(numbers), 'mention')} {'is' if len(numbers) == 1 else 'are'} {what}: "
        f"{some}{more}.",
        NextStep(action=Action.LIST_REPLIES, advice="Read the replies, and look at the platform."),
    )
    return [Discrepancy(kind=kind, where=WHERE, explanation=told)]
