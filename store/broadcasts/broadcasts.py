"""Broadcasts: a message to an audience on a direct channel, planned once.

What is planned is entered in one transaction.

How its batches are laid out is in ``layouts``, how they are sent in ``batches``, and how they end
in ``batch_outcomes``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.explanation import Explanation
from domain.ids import MessageRef, publication_key
from domain.message import CLASS_OF, AudienceCut, MessageClass, MessageKind
from domain.model import Value
from domain.offer import OfferTerms
from domain.publication import PublicationState
from store.broadcasts import layouts
from store.deliveries.layout import forget_layout
from store.events.events import apply_early
from store.kernel.database import Database
from store.kernel.transitions import stored
from store.offers.offers import ensure_offer, refuse_over_budget, refuse_short_pool
from store.people.audiences import id_of
from store.people.subscribers import SubscribersChoice
from store.people.suppressions import EVERY_CLASS, SUBSCRIBED
from store.tables import batches, broadcasts, messages

_S = PublicationState


class BroadcastRow(Value):
    """What was fixed: ``planned`` recipients in ``batches`` batches.

    ``suppressed`` get nothing; ``elsewhere`` get the message as part of another audience.
    """

    id: int
    key: str
    number: int
    revision: int
    channel: str
    audience: str
    batch_size: int
    batches: int
    planned: int
    suppressed: int
    elsewhere: int


async def plan(
    db: Database,
    ref: MessageRef,
    channel: str,
    cut: AudienceCut,
    batch_size: int,
    digest: str,
    at: datetime,
    offer: OfferTerms | None = None,
    message_class: MessageClass | None = None,
    before: Sequence[AudienceCut] = (),
    choice: SubscribersChoice | None = None,
) -> BroadcastRow:
    """Fix who gets a message, and in which batches; doing it again returns the same plan.

    Takes every recipient of the cut who is not suppressed for ``message_class``, in the order of
    their ids. Without it the class is that of the stored message's kind, and
    of a message that is not stored, any suppression counts. Whoever is in one of the audiences
    ``before`` gets the message there, since nobody gets it twice. With ``choice`` the cut is of the
    subscribers of the status page, and that says whom the message concerns. Raises ``DomainError``
    if there is no such audience, if the codes of ``offer`` would exceed its cap or empty its pool,
    or if an earlier revision has begun to go out; then nothing is planned. What is planned of an
    earlier revision otherwise is superseded.
    """
    key = publication_key(ref, channel, cut.name)
    async with db.read() as connection:
        known = await _find(connection, key)
        if known is not None:
            return known
        of_class = await _class_of(connection, ref, message_class)
        audience_id = await id_of(connection, cut.name)
        earlier = [(await id_of(connection, one.name), one.up_to) for one in before]
        left_out = (
            layouts.of_customers(of_class, earlier)
            if choice is None
            else layouts.of_subscribers(choice, of_class, earlier)
        )
        layout = await layouts.draw(connection, audience_id, cut.up_to, batch_size, left_out)
    async with db.write(many_rows=True) as connection:
        await db.serialise(connection, f"message/{ref.incident}/{ref.number}/{channel}")
        if offer is not None:
            await db.serialise(connection, f"offer/{ref.incident}")
        await db.serialise(connection, f"broadcast/{key}")
        known = await _find(connection, key)
        if known is not None:
            return known
        await _supersede_earlier(connection, ref, channel)
        broadcast_id: int = await connection.scalar(
            broadcasts.insert()
            .values(
                key=key,
                incident=ref.incident,
                number=ref.number,
                revision=ref.revision,
                channel=channel,
                digest=digest,
                audience=cut.name,
                audience_id=audience_id,
                message_class=of_class if choice is None else SUBSCRIBED,
                batch_size=batch_size,
                batches=0,
                planned=0,
                suppressed=0,
                elsewhere=0,
                offer_version=None if offer is None else offer.version,
                planned_at=at,
            )
            .returning(broadcasts.c.id)
        )
        forget_layout(db, broadcast_id)
        laid_out = await layouts.enter(connection, db.dialect, broadcast_id, layout)
        await connection.execute(
            update(broadcasts).where(broadcasts.c.id == broadcast_id).values(laid_out._asdict())
        )
        if offer is not None:
            await connection.run_sync(ensure_offer, db.dialect, ref.incident, offer)
            await refuse_over_budget(connection, ref.incident, offer)
            await refuse_short_pool(db, connection, ref.incident, offer)
        await apply_early(db, connection, key)
        planned_row = await _find(connection, key)
    assert planned_row is not None
    return planned_row


async def take_up_again(db: Database, broadcast_id: int, most: int = 200) -> tuple[int, ...]:
    """Plan again the batches that were refused as a whole, of which nothing went out.

    If it had ended, it has not any more. Returns the numbers of batches that were tried before and
    are planned, at ``most`` so many.
    """
    waits = and_(batches.c.broadcast_id == broadcast_id, batches.c.proven_attempt.is_(None))
    async with db.write(many_rows=True) as connection:
        await connection.execute(
            update(batches)
            .where(waits, batches.c.state == _S.REFUSED)
            .values(state=_S.PLANNED.value)
        )
        await connection.execute(
            update(broadcasts).where(broadcasts.c.id == broadcast_id).values(outcome="")
        )
        tried = await connection.scalars(
            select(batches.c.number)
            .where(waits, batches.c.state == _S.PLANNED, batches.c.attempt > 0)
            .order_by(batches.c.number)
            .limit(most)
        )
        return tuple(tried)


async def find_broadcast(
    db: Database, ref: MessageRef, channel: str, audience: str
) -> BroadcastRow | None:
    """The plan of exactly this revision on this channel for this audience, or None."""
    async with db.read() as connection:
        return await _find(connection, publication_key(ref, channel, audience))


async def broadcasts_of(db: Database, ref: MessageRef) -> list[BroadcastRow]:
    """Every broadcast of exactly this revision, in the order in which they were planned."""
    query = select(broadcasts).where(
        broadcasts.c.incident == ref.incident,
        broadcasts.c.number == ref.number,
        broadcasts.c.revision == ref.revision,
    )
    async with db.read() as connection:
        rows = await connection.execute(query.order_by(broadcasts.c.id))
        return [BroadcastRow.model_validate(dict(row._mapping)) for row in rows]


async def load(db: Database, broadcast_id: int) -> BroadcastRow:
    """A broadcast by its id; ``DomainError`` if there is none."""
    async with db.read() as connection:
        row = (
            await connection.execute(select(broadcasts).where(broadcasts.c.id == broadcast_id))
        ).first()
    if row is None:
        raise DomainError(
            f"The ledger has no broadcast {broadcast_id}.",
            "Check that every process uses the same database URL.",
        )
    return BroadcastRow.model_validate(dict(row._mapping))


async def stop(
    db: Database,
    broadcast_id: int,
    at: datetime,
    to: PublicationState = PublicationState.WITHDRAWN,
    key: str = "",
) -> int:
    """Let no further batch begin, and return how many were called off.

    Batches under way end as they end. ``to`` is withdrawn, superseded or abandoned. With ``key``
    it changes nothing of another broadcast, which a restored ledger may have under this id.
    """
    if to not in (_S.WITHDRAWN, _S.SUPERSEDED, _S.ABANDONED):
        raise ValueError(f"a broadcast cannot be stopped into {to}")
    called_off = Explanation(what=f"Called off at {at:%H:%M} UTC before it was sent.")
    async with db.write(many_rows=True) as connection:
        # A batch on the wire may be returned unsent and planned again: it must not begin either.
        found = await connection.execute(
            update(broadcasts).where(_is(broadcast_id, key)).values(paused=True)
        )
        if not found.rowcount:
            return 0
        result = await connection.execute(
            update(batches)
            .where(batches.c.broadcast_id == broadcast_id, batches.c.state == _S.PLANNED)
            .values(state=to.value, explanation=stored(called_off))
        )
        return result.rowcount


async def pause(db: Database, broadcast_id: int, *, paused: bool, key: str = "") -> None:
    """Let no batch begin until it is called again with ``paused`` false; batches under way end.

    ``key``: see ``stop``.
    """
    async with db.write() as connection:
        await connection.execute(
            update(broadcasts).where(_is(broadcast_id, key)).values(paused=paused)
        )


def _is(broadcast_id: int, key: str) -> ColumnElement[bool]:
    same = broadcasts.c.id == broadcast_id
    return and_(same, broadcasts.c.key == key) if key else same


async def _find(connection: AsyncConnection, key: str) -> BroadcastRow | None:
    row = (await connection.execute(select(broadcasts).where(broadcasts.c.key == key))).first()
    return None if row is None else BroadcastRow.model_validate(dict(row._mapping))


async def _class_of(
    connection: AsyncConnection, ref: MessageRef, message_class: MessageClass | None
) -> str:
    if message_class is not None:
        return message_class.value
    kind = await connection.scalar(
        select(messages.c.kind).where(
            messages.c.incident == ref.incident, messages.c.number == ref.number
        )
    )
    return EVERY_CLASS if kind is None else CLASS_OF[MessageKind(kind)].value


async def _supersede_earlier(connection: AsyncConnection, ref: MessageRef, channel: str) -> None:
    earlier = select(broadcasts.c.id).where(
        broadcasts.c.incident == ref.incident,
        broadcasts.c.number == ref.number,
        broadcasts.c.channel == channel,
        broadcasts.c.revision != ref.revision,
    )
    replaced = Explanation(what=f"Revision {ref.revision} replaced it before it was sent.")
    await connection.execute(
        update(batches)
        .where(batches.c.broadcast_id.in_(earlier), batches.c.state == _S.PLANNED)
        .values(state=_S.SUPERSEDED.value, explanation=stored(replaced))
    )
    begun = await connection.scalar(
        select(func.count())
        .select_from(batches)
        .where(
            batches.c.broadcast_id.in_(earlier),
            batches.c.state.in_((_S.SENDING, _S.ACCEPTED, _S.UNKNOWN)),
        )
    )
    if begun:
        raise DomainError(
            f"Another revision of message {ref.number} has begun to go out on {channel}.",
            "Say what changed in a correction, which goes out as a separate message.",
        )
