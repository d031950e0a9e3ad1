"""How the Saturday went, by the ledger and by the sandbox's own records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import httpx
from pydantic import Field

from client.audit.model import AuditedDecision
from client.audit.proofs import audit_proofs
from client.broadcasts import unknown_batches
from client.codes import count_codes
from client.engine import Engine
from client.mail_progress import MailProgress, mails_of
from client.publications import list_publications
from client.stack.page_records import reconcile_page
from client.stack.sandbox_records import Reconciliation, mails_to, reconcile_mail, reconcile_posts
from client.timeline import verify_timeline
from domain.ids import SUBSCRIBERS
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.model import Value
from domain.plural import plural
from domain.publication import Outcome, PublicationState
from domain.status import IncidentStatus
from embedded.demo import crowd
from embedded.demo.crowd import CrowdWebhooks, Heard
from embedded.demo.desk import Answered, count_answers
from embedded.demo.faults import fired
from embedded.demo.other_system import Told, heard
from embedded.demo.silence import Silence, count_silence
from embedded.demo.story import INCIDENT, StoodIn, Story

MESSAGES = 7


class Score(Value):
    """The content of the scorecard; ``wrong`` has the reasons why it is not a pass.

    ``both`` has, for each customer who is a subscriber too, how many mails of which message the
    sandbox accepted for them.
    """

    status: IncidentStatus
    mail: Reconciliation
    posts: Reconciliation
    page: Reconciliation
    mails: tuple[MailProgress, ...]
    both: dict[str, dict[int, int]]
    first_accepted: dict[str, datetime] = Field(default_factory=dict)
    urls: dict[str, str]
    codes: int
    struck: dict[str, int]
    unknown: tuple[str, ...] = ()
    record_findings: tuple[str, ...]
    decisions: tuple[AuditedDecision, ...] = ()
    proof_findings: tuple[str, ...] = ()
    told: Told = Told()
    crowd: Heard = Heard()
    webhooks: CrowdWebhooks = CrowdWebhooks()
    desk: Answered = Answered()
    silence: Silence = Silence()
    wrong: tuple[str, ...] = ()

    def customers(self, number: int) -> MailProgress | None:
        """A message's mail to customers; None if it has none."""
        return self._mail(number, to_subscribers=False)

    def subscribers(self, number: int) -> MailProgress | None:
        """A message's mail to the subscribers of the status page; None if it has none."""
        return self._mail(number, to_subscribers=True)

    def _mail(self, number: int, *, to_subscribers: bool) -> MailProgress | None:
        for one in self.mails:
            if one.message == number and (one.audience == SUBSCRIBERS) is to_subscribers:
                return one
        return None


async def add_up(
    engine: Engine,
    sandbox: httpx.AsyncClient,
    website: httpx.AsyncClient,
    status: IncidentStatus,
    story: Story,
    *,
    webhooks: CrowdWebhooks | None = None,
) -> Score:
    """Compare the ledger with the sandbox's records, and with the status page as people read it."""
    rows = await list_publications(engine, INCIDENT)
    mails = [
        found for message in status.messages for found in await mails_of(engine, INCIDENT, message)
    ]
    first: dict[str, datetime] = {}
    for row in rows:
        if row.number == 1 and row.receipt is not None and row.started_at is not None:
            # A post that was found again has the platform's time, in whole seconds.
            first[row.channel] = max(row.receipt.at, row.started_at)
    decisions, unproven = await audit_proofs(engine, INCIDENT, status.messages)
    score = Score(
        status=status,
        mail=await reconcile_mail(engine, INCIDENT, sandbox),
        posts=await reconcile_posts(engine, INCIDENT, sandbox),
        page=await reconcile_page(engine, INCIDENT, website),
        mails=tuple(mails),
        both=await mails_to(engine, INCIDENT, sandbox, story.both),
        urls={
            f"{row.number}/{row.channel}": row.receipt.url
            for row in rows
            if row.receipt is not None and row.receipt.url
        },
        codes=await count_codes(engine, INCIDENT),
        struck=await fired(sandbox),
        unknown=tuple([one async for one in _unknown(engine, status)]),
        record_findings=tuple(one.what for one in (await verify_timeline(engine, INCIDENT)).found),
        decisions=decisions,
        told=await heard(engine, sandbox),
        crowd=await crowd.heard(engine, story.said),
        webhooks=webhooks or CrowdWebhooks(),
        desk=await count_answers(engine, sandbox, story.said),
        silence=await count_silence(engine, sandbox, website, status),
        proof_findings=tuple(one.explanation.what for one in unproven),
    )
    customers = score.customers(1)
    if customers is not None and customers.counts.first_accepted_at is not None:
        first["email"] = customers.counts.first_accepted_at
    changes = {"first_accepted": first, "wrong": tuple(_wrong(score, story))}
    return score.model_copy(update=changes)


async def _unknown(engine: Engine, status: IncidentStatus) -> AsyncIterator[str]:
    """Every batch of which nobody knows whether it went out."""
    for message in status.messages:
        for outcome in message.outcomes:
            if outcome.audience is None or outcome.state is not PublicationState.UNKNOWN:
                continue
            for batch in await unknown_batches(
                engine, INCIDENT, message.number, outcome.channel, outcome.audience
            ):
                yield (
                    f"message {message.number} on {outcome.destination}, batch {batch.number}: "
                    f"nobody knows whether its {plural(batch.recipients, 'mail')} went out "
                    f"(key {batch.key} at the provider)"
                )


def _wrong(score: Score, story: Story) -> list[str]:
    """Everything that makes this run fail, in words."""
    wrong: list[str] = [*score.unknown]
    if story.broke_off:
        wrong.append(f"the story did not come to its end: {story.broke_off}")
    for name, public, compared in (
        ("mail", "sandbox", score.mail),
        ("posts", "sandbox", score.posts),
        ("website", "page", score.page),
    ):
        if not compared.agrees or not compared.accepted:
            wrong.append(
                f"{name}: ledger and {public} differ: {compared.lost} lost, "
                f"{compared.doubled} doubled, "
                f"{compared.unentered} not in our ledger, {compared.accepted} accepted"
            )
    for message in score.status.messages:
        if message.phase not in (MessagePhase.SETTLED, MessagePhase.IN_FORCE):
            wrong.append(f"message {message.number} is {message.phase}, not settled")
        for outcome in message.outcomes:
            if outcome.state is not PublicationState.ACCEPTED:
                wrong.append(
                    f"message {message.number} on {outcome.destination} is {outcome.state}: "
                    f"{why(outcome)}"
                )
        for mail in (score.customers(message.number), score.subscribers(message.number)):
            if mail is None:
                continue
            people = mail.counts
            ended = people.delivered + people.bounced + people.dropped + people.suppressed
            if ended != people.recipients:
                wrong.append(
                    f"message {message.number}: {people.recipients - ended:,} mails have no end "
                    "yet (delivered, bounced, dropped or suppressed)"
                )
        if message.kind is MessageKind.REPLY_RULES or message.released:
            # Subscribers get no mail of either.
            continue
        if score.subscribers(message.number) is None:
            wrong.append(f"message {message.number} was not sent to the subscribers")
        twice = sum(mails.get(message.number) != 1 for mails in score.both.values())
        if twice:
            wrong.append(
                f"message {message.number}: {twice:,} customers who are subscribers too did not "
                "get exactly one mail"
            )
        mail = score.customers(message.number)
        if message.kind is MessageKind.GOODWILL_OFFER and mail is not None:
            due = mail.to_send
            if score.codes != due:
                wrong.append(f"{score.codes:,} codes for {due:,} recipients")
    if len(score.status.messages) != MESSAGES:
        wrong.append(f"{len(score.status.messages)} messages instead of {MESSAGES}")
    if story.killed_at is None or story.killed_at >= story.of:
        wrong.append("the worker was not killed in the middle of the broadcast")
    if len(story.refusals) != 4:
        wrong.append(f"{len(story.refusals)} wrong acts were refused instead of 4")
    wrong += [
        f"this fault never struck: {name}" for name, times in score.struck.items() if not times
    ]
    if not story.broke_off:
        wrong += _silence_and_promises(score, story.stood_in)
        wrong += score.silence.wrong()
    wrong += score.told.wrong()
    if not score.crowd.said and not story.broke_off:
        wrong.append("nobody said anything")
    wrong += score.crowd.wrong()
    wrong += score.webhooks.wrong()
    wrong += score.desk.wrong()
    wrong += score.record_findings
    wrong += _unproven(score)
    return wrong


def _silence_and_promises(score: Score, stood_in: StoodIn | None) -> list[str]:
    """What is not right with whoever never answered, and with what was promised in public."""
    card, wrong = score.status.scorecard, list[str]()
    if stood_in is None:
        wrong.append("nobody was asked in place of the approver who never answers")
    elif not _signed_by(score, stood_in):
        wrong.append(f"{stood_in.person} was asked and has not signed")
    if not card.promises or card.open or card.broken:
        wrong.append(f"{card.open} of {card.promises} promises are open, {card.broken} broken")
    return wrong


def _signed_by(score: Score, stood_in: StoodIn) -> bool:
    decisions = score.status.messages[stood_in.message - 1].decisions
    return any(one.actor.person == stood_in.person for one in decisions)


def _unproven(score: Score) -> list[str]:
    """Every decision whose proof was not verified by the audit, in words."""
    audited = {(one.message, one.person): one for one in score.decisions}
    wrong = list(score.proof_findings)
    for message in score.status.messages:
        for decision in message.decisions:
            person = decision.actor.person
            found = audited.get((message.number, person))
            if found is None or not found.verified_by:
                wrong.append(f"message {message.number}: nothing proves the decision by {person}")
    return wrong


def why(outcome: Outcome) -> str:
    """Why a channel is as it is; empty if there is nothing to say."""
    return outcome.explanation.what if outcome.explanation else ""
