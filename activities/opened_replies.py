"""What may be replied: exactly what the signed reply rules of the incident let out."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import NamedTuple

from activities.approved import OpenedGates
from domain.errors import DomainError
from domain.explanation import NextStep
from domain.gate import Requirement
from domain.ids import MessageRef
from domain.opening import OpeningKind, SealedOpening
from domain.replies import ReplyBasis, ReplyGround
from domain.saved_replies import ReplyRules, SavedReply, forbidden_in, made_by
from domain.sealing import PublicKey
from store.kernel.database import Database
from store.record import drafts, incidents, messages, openings

_NOTHING = "Nothing was sent."
_BY_HAND = (
    "Have the reply rules signed in their incident. If you did not start this, find out who may "
    "write to Temporal or to the database."
)


class InForce(NamedTuple):
    """Reply rules as they were signed, and the facts that are known now, by name."""

    rules: ReplyRules
    known: Mapping[str, str]


class OpenedReplies:
    """Whether the ledger has a sealed opening that lets a reply out, word for word.

    ``key`` and ``requires`` as in ``OpenedGates``: whoever starts a reply by hand, or writes to the
    database, has no opening, and an opening lets out nothing but what was signed with it.
    """

    def __init__(
        self, database: Database, key: PublicKey, requires: Requirement = Requirement.NONE
    ) -> None:
        self._database = database
        self._gates = OpenedGates(database, key, requires)
        self._signed: dict[str, ReplyRules] = {}

    def for_a_round(self) -> RepliesOfARound:
        """The same for replies that go out at one moment."""
        return RepliesOfARound(self)

    async def in_force(self, channel: str, ground: ReplyGround, incident: str) -> InForce:
        """What was signed and what is known now; ``DomainError`` if nothing lets a reply out."""
        opening = await self._opening(channel, ground, incident)
        rules = await self._rules(ground, opening)
        known = await drafts.newest_facts(self._database, ground.incident)
        return InForce(rules, known.filled())

    async def _opening(self, channel: str, ground: ReplyGround, incident: str) -> SealedOpening:
        what = f"the reply rules in message {ground.number}, revision {ground.revision}"
        if ground.incident != incident:
            raise _refusal(f"The mention belongs to {incident}, and not to {ground.incident}.")
        opening = await openings.find(self._database, _ref(ground), OpeningKind.FORM)
        if opening is None:
            raise _refusal(f"Nobody has opened the gate for {what}.")
        if not opening.covers(channel, None):
            raise _refusal(f"The gate was opened for other channels than {channel}: {what}.")
        problem = await self._gates.problem_of(opening)
        if problem is not None:
            raise _refusal(f"The opening of the gate for {what} {problem}.")
        if opening.revoked_at:
            raise _refusal(f"The gate for {what} was closed again.", _ANEW)
        newest = await openings.newest_form(self._database, incident)
        if newest is not None and newest.number > ground.number:
            step = f"Reply by those in message {newest.number}."
            raise _refusal(f"Newer ones were signed after {what}.", step)
        found = await incidents.find(self._database, incident)
        if found is None or found.closed_at is not None:
            raise _refusal(
                f"{incident} is closed, and with it {what}.", "Draw it into an open one."
            )
        return opening

    async def _rules(self, ground: ReplyGround, opening: SealedOpening) -> ReplyRules:
        known = self._signed.get(opening.digest)
        if known is not None:
            # What has this digest is what was signed, whatever is in the ledger by now.
            return known
        document = await messages.load_revision(self._database, _ref(ground))
        if document.digest() != opening.digest or document.replies is None:
            raise _refusal(f"Message {ground.number} in the ledger is not what was signed.")
        self._signed[opening.digest] = document.replies
        return document.replies


class RepliesOfARound:
    """Whether replies that go out together are let out; what the ledger says is read once."""

    def __init__(self, opened: OpenedReplies) -> None:
        self._opened = opened
        self._reading: dict[tuple[str, MessageRef, str], asyncio.Future[InForce]] = {}

    async def refuse_unopened(
        self,
        channel: str,
        text: str,
        ground: ReplyGround,
        incident: str,
        *,
        authors: Collection[str] | None = None,
    ) -> None:
        """Raise ``DomainError`` unless ``ground`` lets exactly ``text`` out on ``channel`` now.

        ``incident`` is the one that the mention belongs to, and ``authors`` are its author's name
        and handle: without them somebody could write a few words of their own into the blank.
        """
        place = (channel, _ref(ground), incident)
        if place not in self._reading:
            reading = self._opened.in_force(channel, ground, incident)
            self._reading[place] = asyncio.ensure_future(reading)
        rules, known = await self._reading[place]
        costs = channel in rules.links_cost and ground.basis is ReplyBasis.ROLE
        why = forbidden_in(text, links=not costs or (rules.free is not None and rules.free.links))
        if why is not None:
            raise _refusal(why, "Write it without, and send it again.")
        if ground.basis is ReplyBasis.FORM:
            _refuse_held(channel, ground, rules, known)
            _refuse_other_words(text, ground, rules, authors)
        else:
            _refuse_unfree(text, ground, rules)


def _refuse_held(
    channel: str, ground: ReplyGround, rules: ReplyRules, known: Mapping[str, str]
) -> None:
    reply = _signed(ground, rules)
    why = rules.why_not(reply, known, ground.incident)
    if why is not None:
        raise DomainError.of(why)
    if channel in reply.unfit:
        raise _refusal(f"Saved reply {reply.name} does not fit {channel}.", "Use another one.")


def _signed(ground: ReplyGround, rules: ReplyRules) -> SavedReply:
    reply = rules.reply(ground.saved)
    if reply is None or ground.wording >= len(reply.wordings):
        raise _refusal(f"No saved reply {ground.saved[:40]!r} with such a wording was signed.")
    return reply


def _refuse_other_words(
    text: str, ground: ReplyGround, rules: ReplyRules, authors: Collection[str] | None
) -> None:
    reply = _signed(ground, rules)
    if not made_by(reply.wordings[ground.wording], text, authors):
        raise _refusal(
            f"These are not the words of saved reply {reply.name} that were signed.",
            "Send the saved reply as it is, or write a free reply.",
        )


def _refuse_unfree(text: str, ground: ReplyGround, rules: ReplyRules) -> None:
    free = rules.free
    if free is None:
        raise _refusal("Nobody may reply in their own words here.", "Use a saved reply.")
    if not free.may(ground.by):
        raise _refusal(
            f"{ground.by[:40] or 'Nobody'} may not reply in their own words here.",
            f"Ask somebody who is {' or '.join(free.roles)}, or use a saved reply.",
        )
    why = rules.needs_second(text)
    if why is not None and (ground.second == ground.by or not free.may(ground.second)):
        raise _refusal(
            f"A second person has to agree to this reply. {why}",
            f"Ask somebody else who is {' or '.join(free.roles)}.",
        )


_ANEW = NextStep(advice="Propose the reply rules anew, and have them signed.")


def _refusal(what: str, step: NextStep | str = _BY_HAND) -> DomainError:
    return DomainError(what, step, means=_NOTHING)


def _ref(ground: ReplyGround) -> MessageRef:
    return MessageRef(incident=ground.incident, number=ground.number, revision=ground.revision)
