"""Asking providers whose records cannot be read whole, one attempt at a time."""

from __future__ import annotations

from collections.abc import Iterator

from client.audit.model import Discrepancy, Kind, Place, ProviderRecord
from client.checks.channel_process import ask_channels
from client.engine import Engine
from client.errors import ClientError
from client.next_steps import WENT_OUT
from domain.explanation import Action, NextStep, explained
from domain.ids import MessageRef
from domain.model import Value
from domain.publication import Finding, PublicationState
from domain.times import UtcTime
from store.audit.broadcast_records import BroadcastRecords
from store.record import messages
from store.record.publication_rows import PublicationRow

ASKED = 5
"""Unknown batches that a provider is asked about: some allow six questions a minute."""

_S = PublicationState


class _Asked(Value):
    """One attempt whose provider is asked whether it has it; ``batch`` is None for a post."""

    place: Place
    revision: int
    state: PublicationState
    key: str
    since: UtcTime
    batch: int | None = None


async def ask_providers(
    engine: Engine, slug: str, rows: list[PublicationRow], mails: list[BroadcastRecords]
) -> dict[Place, ProviderRecord]:
    """What each channel's ``find`` can tell of posts that may have gone out and unknown batches."""
    known: dict[Place, ProviderRecord] = {
        Place(mail.number, mail.channel, mail.audience): ProviderRecord(
            detail="not readable: no list of what was sent"
        )
        for mail in mails
    }
    asked = {f"{one.place.channel}/{one.key}": one for one in _questions(rows, mails)}
    questions: list[dict[str, object]] = []
    database = await engine.ledger()
    for one in asked.values():
        number, channel, audience = one.place
        ref = MessageRef(incident=slug, number=number, revision=one.revision)
        document = await messages.find_revision(database, ref)
        if document is None:
            continue
        copy = document.copy_for(channel, audience or None)
        questions.append(
            {
                "channel": channel,
                "key": one.key,
                "copy_": copy.model_dump(mode="json"),
                "since": one.since,
            }
        )
    if not questions:
        return known
    try:
        async for answer in ask_channels(engine.settings, "find", lines=questions):
            one = asked[f"{answer['channel']}/{answer['key']}"]
            record = _seen(slug, one, Finding(str(answer["finding"])), str(answer["why"]))
            before = known.get(one.place)
            found = (*before.found, *record.found) if before else record.found
            known[one.place] = record.model_copy(update={"found": found})
    except ClientError as error:
        for one in asked.values():
            detail = f"not readable: {error.explanation.what}"
            known.setdefault(one.place, ProviderRecord(detail=detail))
    return known


def _questions(rows: list[PublicationRow], mails: list[BroadcastRecords]) -> Iterator[_Asked]:
    for row in rows:
        if row.state in (_S.ACCEPTED, _S.UNKNOWN) and row.started_at is not None:
            place = Place(row.number, row.channel)
            yield _Asked(
                place=place,
                revision=row.revision,
                state=row.state,
                key=row.key,
                since=row.started_at,
            )
    for mail in mails:
        unknown = [one for one in mail.open if one.state is _S.UNKNOWN]
        for batch in unknown[:ASKED]:
            if batch.started_at is not None:
                yield _Asked(
                    place=Place(mail.number, mail.channel, mail.audience),
                    revision=mail.revision,
                    state=batch.state,
                    key=batch.key,
                    since=batch.started_at,
                    batch=batch.number,
                )


def _seen(slug: str, one: _Asked, finding: Finding, why: str) -> ProviderRecord:
    """What an answer means for what the ledger says."""
    where = str(one.place)
    if one.batch is not None:
        where += f", batch {one.batch}"
    if finding is Finding.CANNOT_TELL:
        return ProviderRecord(detail=f"not readable: {why}")
    if finding is Finding.FOUND and one.state is _S.UNKNOWN:
        kind = Kind.UNENTERED
        explanation = explained(
            "The provider has it, and the ledger does not know.",
            NextStep(
                action=Action.SETTLE,
                incident=slug,
                message=one.place.message,
                channel=one.place.channel,
                audience=one.place.audience,
                about=WENT_OUT,
                advice="Say that it went out.",
            ),
        )
    elif finding is Finding.ABSENT and one.state is _S.ACCEPTED:
        kind = Kind.LOST
        explanation = explained(
            "It is accepted in the ledger, and the provider does not show it.",
            "Look at the provider: was it taken down there? If so, say it in a new message.",
        )
    else:
        return ProviderRecord(detail=_sight(finding), read=True)
    found = Discrepancy(kind=kind, where=where, explanation=explanation)
    return ProviderRecord(detail=_sight(finding), read=True, found=(found,))


def _sight(finding: Finding) -> str:
    return "seen" if finding is Finding.FOUND else "absent"
