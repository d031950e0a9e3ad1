"""Facts: what is known so far, kept for the messages to come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import ValidationError

from client.asking import incident_status, tell
from client.deadlines import refuse_times_to_come
from client.drafting import kept_draft
from client.engine import Engine
from client.errors import WrongInput
from domain.actor import Actor
from domain.errors import DomainError
from domain.facts import FACT_LIMIT, Facts
from domain.limits import refuse_long
from domain.model import Value
from domain.status import IncidentStatus
from store.record import drafts
from workflows.contract.writing import RecordFacts


class KnownFacts(Value):
    """What is known, as it was recorded, and the draft with it, on which a change is based.

    ``words`` are fields of ``domain.facts.Facts``; another version may have recorded others.
    """

    draft: str | None
    words: dict[str, object]


async def read_facts(engine: Engine, slug: str) -> KnownFacts:
    """What is known about an incident now."""
    return await facts_of(engine, slug, (await incident_status(engine, slug)).facts)


async def facts_of(engine: Engine, slug: str, draft: str | None) -> KnownFacts:
    """What was known as of ``draft``, such as a form that somebody has just filled in.

    Raises ``DomainError`` if the incident has no such draft of facts.
    """
    if draft is None:
        return KnownFacts(draft=None, words={})
    found = await drafts.load(await engine.ledger(), draft)
    if (found.incident, found.kind) != (slug, "facts"):
        raise DomainError(
            f"Draft {draft[:8]} holds no facts of {slug}.",
            "Read the facts again, then record yours.",
        )
    return KnownFacts(draft=draft, words=found.body)


async def record_facts(
    engine: Engine,
    slug: str,
    *,
    actor: Actor,
    facts: Mapping[str, object],
    known: KnownFacts | None = None,
) -> IncidentStatus:
    """Add ``facts`` to those known so far; an empty value removes one.

    ``facts`` are fields of ``domain.facts.Facts``; their words stay in the ledger. ``known`` is
    what the author had read, by default what is known now: ``DomainError`` names what
    somebody else has changed since, and nothing is recorded.
    """
    for name, text in facts.items():
        refuse_long(f"The fact {name}", text.strip() if isinstance(text, str) else None, FACT_LIMIT)
    before = known or await read_facts(engine, slug)
    after = read_typed({**before.words, **facts})
    refuse_times_to_come(after, datetime.now(UTC))
    words = after.model_dump(mode="json", exclude_defaults=True)
    changed = [name for name in Facts.model_fields if words.get(name) != before.words.get(name)]

    async def record(draft: str) -> IncidentStatus:
        argument = RecordFacts(
            actor=actor,
            facts=draft,
            filled=tuple(after.known()),
            changed=tuple(changed),
            based_on=before.draft,
        )
        return await tell(engine, slug, "facts", argument, IncidentStatus)

    if before.draft is not None and not changed:
        return await record(before.draft)
    async with kept_draft(engine, slug, "facts", words, actor) as draft:
        return await record(draft)


def read_typed(facts: Mapping[str, object]) -> Facts:
    """``facts`` as people typed them; ``WrongInput`` names each that cannot be used."""
    try:
        return Facts.model_validate(facts)
    except ValidationError as error:
        faults = "; ".join(
            f"{one['loc'][0]} {one['msg'].removeprefix('Value error, ').rstrip('.')}"
            for one in error.errors(include_input=False, include_url=False)
        )
        raise WrongInput(
            f"These facts cannot be used: {faults}.",
            "Dates are written 2026-11-30, and times 2026-11-30 09:00 UTC or with another zone.",
        ) from error
