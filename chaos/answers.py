"""Comparing what the crowd got, by the sandbox's own book, with what the ledger says."""

from __future__ import annotations

import re
from collections import Counter

import httpx

from chaos.desk import EARLY, FREE, every_mention
from chaos.people import People
from chaos.record import Record
from chaos.speaking import SaidRow, said
from chaos.verdict import RoundVerdict
from chaos.world import World
from client import replies
from client.engine import Engine
from domain.ids import MessageRef
from domain.mentions import MentionState
from domain.message import MessageKind
from domain.publication import PublicationState
from domain.saved_replies import AUTHOR, ReplyRules
from domain.status import IncidentStatus
from store.desk.reading import MentionRow
from store.record import messages

_NAME = r"\S[^\n]{0,60}"


async def compare_answers(
    engine: Engine,
    incident: str,
    status: IncidentStatus,
    people: People,
    sandbox: httpx.AsyncClient,
    record: Record,
    world: World,
    verdict: RoundVerdict,
) -> None:
    """Enter into ``verdict`` each mention that was lost, doubled, or answered otherwise."""
    book = await said(sandbox)
    rows = await every_mention(engine, people)
    verdict.mentions += len(book)
    verdict.answers += sum(one.replies for one in book)
    known: dict[tuple[str, str], MentionRow] = {}
    # What was edited after its answer is open again: the answer is out and entered all the same.
    others = [row.number for row in rows if row.state is not MentionState.ANSWERED]
    current = await people.insist(lambda: replies.current_replies(engine, others))
    out = {n for n, reply in current.items() if reply.state is PublicationState.ACCEPTED}
    times = Counter((row.mention.channel, row.mention.id) for row in rows)
    for row in rows:
        known[row.mention.channel, row.mention.id] = row
    for one in book:
        place = (one.channel, one.id)
        there = known.get(place)
        entered = there is not None and there.number in out
        compare_mention(one, there, times[place], verdict, entered=entered)
    for detail in record.unknown_replies:
        verdict.find("given_up", detail)
    await _words(engine, incident, status, world, verdict)


def compare_mention(
    one: SaidRow,
    row: MentionRow | None,
    times: int,
    verdict: RoundVerdict,
    *,
    entered: bool = False,
) -> None:
    """Enter what is wrong with one mention, which is on the desk so many ``times``.

    ``entered``: the ledger has an answer that was accepted, whatever became of the mention later.
    """
    where = f"{one.channel} {one.id}"
    if one.replies > 1:
        verdict.find("answered_twice", f"{where} has {one.replies} answers", one.replies - 1)
    if times > 1:
        verdict.find("answered_twice", f"{where} is on the desk {times} times", times - 1)
    if row is None:
        if not one.deleted:
            verdict.find("unheard", where)
        return
    answered = entered or row.state is MentionState.ANSWERED
    if answered and not one.replies:
        verdict.find("lost", f"the answer to {where} that the ledger calls accepted")
    if one.replies and not answered:
        verdict.find("unentered", f"the answer to {where}: the mention is {row.state}")
    if not one.replies and not one.deleted and row.state is not MentionState.DISMISSED:
        verdict.find("unanswered", f"{where}: the mention is {row.state}")


async def _words(
    engine: Engine, incident: str, status: IncidentStatus, world: World, verdict: RoundVerdict
) -> None:
    """Every answer has the words of a signed form, or those that an agent chose, and is later."""
    opened = [
        one
        for one in status.messages
        if one.kind is MessageKind.REPLY_RULES and one.approved_at is not None
    ]
    patterns = [re.compile(re.escape(FREE).replace(r"\{\}", _NAME)), re.compile(re.escape(EARLY))]
    since = min((one.approved_at.timestamp() for one in opened if one.approved_at), default=None)
    for one in opened:
        ref = MessageRef(incident=incident, number=one.number, revision=one.revision)
        document = await messages.load_revision(await engine.ledger(), ref)
        if document.replies is not None and document.digest() == one.digest:
            patterns += _forms(document.replies)
    for channel, answers in world.answers.items():
        for answer in answers:
            if since is None or answer.at < since:
                verdict.find("unapproved", f"an answer on {channel} before the gate was open")
            if not any(one.fullmatch(answer.text) for one in patterns):
                verdict.find("unapproved", f"an answer on {channel} in words that nobody signed")


def _forms(rules: ReplyRules) -> list[re.Pattern[str]]:
    return [
        re.compile(_NAME.join(re.escape(part) for part in wording.split(AUTHOR)))
        for saved in rules.saved
        for wording in saved.wordings
    ]
