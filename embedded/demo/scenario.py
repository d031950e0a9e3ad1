"""The Buffer Saturday, played by scripted people with the same tools as real ones.

The comms lead acts through the functions behind the terminal's commands, the approvers through
the public signals and updates. Nothing here reaches into a workflow or a provider.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Protocol, TypeVar

from client import holding, incidents, messages
from client.asking import incident_status
from client.coverage import coverage_of
from client.engine import Engine
from client.errors import ClientError, NoWorker, explanation_of
from client.facts import record_facts
from client.mail_progress import mails_of
from domain.actor import Actor, Surface
from domain.errors import DomainError
from domain.explanation import Action
from domain.gate import Requirement
from domain.ids import SUBSCRIBERS
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.page_entry import ComponentState
from domain.status import IncidentStatus, MessageStatus
from embedded.demo.silent_owner import go_silent
from embedded.demo.story import INCIDENT, LEAD, THE_LEAD, TITLE, Refusal, StoodIn, Story

Result = TypeVar("Result")

FACTS: dict[str, object] = {
    "summary": "somebody posted spam through our customers' accounts",
    "what_happened": "Since about 13:10 UTC somebody has been posting spam through the accounts "
    "that customers connected to Example Co.",
    "scope": "Some of the accounts that were connected to us; we are counting them.",
    "doing": "we have stopped all posting and are revoking every token",
    "not_affected": "Passwords and cards were not touched: they are kept apart.",
    "action_for_customers": "nothing to do now; delete posts you did not write",
}
RESOLUTION: dict[str, object] = {
    "cause": "Access tokens were kept unencrypted, and an attacker read them.",
    "fix": "every token was revoked and issued anew",
    "prevention": "tokens are encrypted, and posting from a new place needs a second key",
    "prevention_owner": "Ines, head of security",
    "prevention_due": date(2026, 12, 11),
}

PLAYBOOK = "site-compromised"

STANDS_IN = "ravi"
"""Who signs for security when its head does not answer."""

PATIENCE = 3600.0
"""Seconds that one message may take, with ten million recipients."""


class ScenarioHost(Protocol):
    """What the scenario needs of the demo around it."""

    engine: Engine

    def say(self, text: str) -> None: ...
    async def enrol_approvers(self) -> None: ...
    async def prove(self, who: str, message: MessageStatus, incident: str) -> str: ...
    async def kill_worker(self) -> None: ...
    async def take_subscribers(self) -> list[str]: ...
    async def let_crowd_speak(self) -> dict[str, frozenset[str]]: ...
    async def answer_crowd(self) -> None: ...
    async def answer_press(self) -> None: ...


class Scenario:
    """One incident from its opening to its closing."""

    def __init__(self, host: ScenarioHost, story: Story) -> None:
        self._host = host
        self._story = story

    async def play(self, files: dict[str, str], audience: str) -> IncidentStatus:
        """Play it and return how the incident ended, or how it stands where it broke off."""
        await self._prepare(files)
        await self._open(files, audience)
        try:
            await self._respond()
            await self._close()
        except Exception as error:
            # A stop on the way is what the scorecard is for; a bug of ours is not.
            why = explanation_of(error)
            if why is None:
                raise
            self._story.broke_off = why.what
            self._host.say(f"it goes no further: {why.what}")
        return await self._patiently(lambda: incident_status(self._host.engine, INCIDENT))

    async def _respond(self) -> None:
        self._story.both = await self._host.take_subscribers()
        announcement = await self._announce()
        await asyncio.gather(self._listen(), self._say_the_rest(announcement))

    async def _listen(self) -> None:
        self._story.said = await self._host.let_crowd_speak()
        await self._sign_replies()
        await self._host.answer_crowd()

    async def _say_the_rest(self, announcement: MessageStatus) -> None:
        await self._die_midway(announcement)
        await go_silent(self._host.engine, self._host.say)
        await self._reassure()
        await self._settled(announcement.number)
        await self._resolve()
        await self._make_good()
        await self._arrived()

    async def _close(self) -> None:
        engine = self._host.engine
        if (await coverage_of(engine, INCIDENT)).open:
            try:
                await incidents.close(engine, INCIDENT, actor=THE_LEAD)
            except DomainError as refusal:
                tried = Refusal(LEAD, "to close with open mentions", refusal.what)
                self._story.refusals.append(tried)
            await self._host.answer_press()
        await incidents.close(engine, INCIDENT, actor=THE_LEAD)
        self._host.say(f"{LEAD} closes the incident")

    async def _prepare(self, files: dict[str, str]) -> None:
        """In peace: keys for those who sign, and words that they approve in advance."""
        await self._host.enrol_approvers()
        slug, message = await holding.propose_holding(
            self._host.engine, files, PLAYBOOK, actor=THE_LEAD
        )
        for who in ("noor", "ines"):
            await self._decide(who, message, slug)
        while not await holding.approved_statements(self._host.engine):
            await asyncio.sleep(0.1)
        await incidents.close(self._host.engine, slug, actor=THE_LEAD)
        self._host.say("the holding statements are approved in advance, as forms")

    async def _open(self, files: dict[str, str], audience: str) -> None:
        await incidents.open_incident(
            self._host.engine,
            slug=INCIDENT,
            title=TITLE,
            files=files,
            actor=THE_LEAD,
            audiences=[audience],
        )
        self._host.say(f"{LEAD} opens the incident: {TITLE}")
        await self._facts(FACTS, "what is known so far; the cause is not")

    async def _announce(self) -> MessageStatus:
        message = await self._propose(
            MessageKind.ANNOUNCEMENT,
            next_update=timedelta(minutes=45),
            components={"Web app": ComponentState.MAJOR_OUTAGE},
        )
        await self._try(LEAD, message.digest, "to approve her own message")
        await self._try("sam", message.digest, "to approve without the role")
        stale = message.digest
        message = await messages.revise(
            self._host.engine,
            INCIDENT,
            message.number,
            actor=THE_LEAD,
            next_update_by=datetime.now(UTC) + timedelta(minutes=30),
        )
        self._host.say(f"{LEAD} promises the next update sooner: {message.digest[:8]}")
        await self._try("noor", stale, "to approve the text before the edit")
        await self._signal("noor", message)
        await self._until(lambda one: one.told, message.number, "customers being told")
        return message

    async def _sign_replies(self) -> None:
        """Have the reply rules signed once; from then on everybody at the desk can answer."""
        message = await self._propose(MessageKind.REPLY_RULES)
        await self._decide("noor", message)
        await self._until(_in_force, message.number, "the reply rules being in force")

    async def _reassure(self) -> None:
        message = await self._propose(
            MessageKind.PROGRESS_UPDATE, next_update=timedelta(minutes=30)
        )
        await self._decide("ines", message)
        await self._settled(message.number)

    async def _resolve(self) -> None:
        await self._facts(RESOLUTION, "the fix, and what prevents a repetition")
        message = await self._propose(MessageKind.RESOLUTION_NOTE)
        await self._signal("noor", message)
        await self._decide(await self._in_place_of("ines", message), message)
        await self._settled(message.number)

    async def _in_place_of(self, silent: str, message: MessageStatus) -> str:
        """Who signs in place of somebody who never answers: whoever is asked after them.

        Where nobody is asked, because the incident has no severity, they sign themselves.
        """
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            status = await self._patiently(lambda: incident_status(self._host.engine, INCIDENT))
            asking = status.messages[message.number - 1].asking
            if asking is None:
                return silent
            found = next((one for one in asking.asked if one.person == STANDS_IN), None)
            if found is not None:
                after = (found.at - asking.since).total_seconds()
                rung = found.rung.value.replace("_", " ")
                self._story.stood_in = StoodIn(silent, STANDS_IN, rung, message.number, after)
                self._host.say(
                    f"{silent} does not answer: {STANDS_IN} is asked after {after:.0f} s ({rung})"
                )
                return STANDS_IN
            await asyncio.sleep(0.25)
        raise ClientError(f"Nobody was asked in place of {silent}.", "Look at the timeline.")

    async def _make_good(self) -> None:
        message = await self._propose(MessageKind.GOODWILL_OFFER)
        await self._decide("noor", message)
        await self._decide("lee", message)
        await self._settled(message.number)

    async def _patiently(self, act: Callable[[], Awaitable[Result]]) -> Result:
        """Do something, and repeat it if no worker was there: then nothing was done."""
        for _ in range(30):
            try:
                return await act()
            except NoWorker:
                self._host.say("no worker answers: trying again")
                await asyncio.sleep(1)
        return await act()

    # --- what people do -----------------------------------------------------------------------

    async def _facts(self, facts: dict[str, object], about: str) -> None:
        await self._patiently(
            lambda: record_facts(self._host.engine, INCIDENT, actor=THE_LEAD, facts=facts)
        )
        self._host.say(f"{LEAD} writes down {about}")

    async def _propose(
        self,
        kind: MessageKind,
        next_update: timedelta | None = None,
        components: Mapping[str, ComponentState] | None = None,
    ) -> MessageStatus:
        by = datetime.now(UTC) + next_update if next_update else None
        message = await self._patiently(
            lambda: messages.propose(
                self._host.engine,
                INCIDENT,
                kind,
                actor=THE_LEAD,
                next_update_by=by,
                components=components or {},
            )
        )
        words = kind.value.replace("_", " ")
        self._host.say(f"{LEAD} proposes the {words}: {message.digest[:8]}")
        return message

    async def _signal(self, who: str, message: MessageStatus) -> None:
        """Approve as any client of Temporal may: by signal."""
        await messages.approve_by_signal(
            self._host.engine,
            INCIDENT,
            by=who,
            digest=message.digest[:12],
            message=message.number,
            proof=await self._host.prove(who, message, INCIDENT),
        )
        self._host.say(f"{who} approves {message.digest[:8]} by signal, {_proven(message)}")

    async def _decide(self, who: str, message: MessageStatus, incident: str = INCIDENT) -> None:
        """Approve and wait for the answer: in the console with a passkey, else in the terminal."""
        at = Surface.CONSOLE if message.requires is Requirement.PASSKEY else Surface.TERMINAL
        proof = await self._host.prove(who, message, incident)
        await self._patiently(
            lambda: messages.decide(
                self._host.engine,
                incident,
                actor=Actor(person=who, surface=at),
                digest=message.digest,
                message=message.number,
                proof=proof,
            )
        )
        said = f"{who} approves {message.digest[:8]} in the {at}, {_proven(message)}"
        self._host.say(said)

    async def _try(self, who: str, digest: str, tried: str) -> None:
        """A decision that is not allowed, or on an old text; it must be refused."""
        try:
            await messages.decide(
                self._host.engine, INCIDENT, actor=Actor.at_terminal(who), digest=digest
            )
        except DomainError as refusal:
            self._story.refusals.append(Refusal(who, tried, refusal.what))
            self._host.say(f"{who} tries {tried}: refused")
            return
        self._host.say(f"{who} was allowed {tried}")

    async def _die_midway(self, message: MessageStatus) -> None:
        """Kill the worker with SIGKILL once a quarter of the mail is out, and not all of it."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            if asyncio.get_running_loop().time() > deadline:
                raise ClientError("The mail did not get under way.", "Look at the worker's log.")
            mails = await mails_of(self._host.engine, INCIDENT, message)
            mail = next((one for one in mails if one.audience != SUBSCRIBERS), None)
            if mail is not None and mail.counts.went_out * 4 >= mail.counts.recipients:
                break
            await asyncio.sleep(0.02)
        self._story.killed_at, self._story.of = mail.counts.went_out, mail.counts.recipients
        await self._host.kill_worker()

    # --- waiting ------------------------------------------------------------------------------

    async def _settled(self, number: int) -> None:
        await self._until(_ended, number, "every channel settling")

    async def _until(self, done: Callable[[MessageStatus], bool], number: int, what: str) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            status = await self._patiently(lambda: incident_status(self._host.engine, INCIDENT))
            message = status.messages[number - 1]
            if done(message) or _ended(message) or _asks_a_person(message):
                return
            await asyncio.sleep(0.25)
        raise ClientError(f"Gave up waiting for {what}.", "Look at the worker's log.")

    async def _arrived(self) -> None:
        """Wait until the provider has reported what became of every mail."""
        status = await incident_status(self._host.engine, INCIDENT)
        self._host.say("waiting for the provider's last delivery events")
        last, patience = -1, 0
        while patience < 120:
            waiting = 0
            for message in status.messages:
                for mail in await mails_of(self._host.engine, INCIDENT, message):
                    waiting += mail.counts.accepted + mail.counts.processed
            if waiting == 0:
                return
            patience = 0 if waiting != last else patience + 1
            last = waiting
            await asyncio.sleep(0.5)


def _proven(message: MessageStatus) -> str:
    """With what it is signed, in words."""
    if message.requires is Requirement.NONE:
        return "without a key"
    return f"with a {message.requires}"


def _ended(message: MessageStatus) -> bool:
    """Whether the message was approved and nothing of it is under way any more."""
    return message.approved_at is not None and message.phase is not MessagePhase.PUBLISHING


def _in_force(message: MessageStatus) -> bool:
    return message.phase is MessagePhase.IN_FORCE


def _asks_a_person(message: MessageStatus) -> bool:
    """Whether mail waits for somebody to resume it, as it would for ever in a scripted story."""
    whys = (one.explanation for one in message.outcomes if one.explanation is not None)
    return any(why.next_step.action is Action.RESUME for why in whys)
