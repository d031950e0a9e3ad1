"""Two people record facts at once: nobody's words are lost, and the second is told of the first."""

from __future__ import annotations

import pytest

from client.facts import facts_of, read_facts, record_facts
from domain.actor import Actor
from domain.errors import DomainError
from tests.whole.response import Response


async def test_facts_based_on_an_older_draft_are_refused_and_nothing_is_lost(
    response: Response,
) -> None:
    await response.open(recipients=1)
    engine, slug = response.world.engine, response.slug
    both_read = await read_facts(engine, slug)
    first = {"summary": "Posts went out in customers' names."}
    await record_facts(engine, slug, actor=Actor.at_terminal("maya"), facts=first, known=both_read)

    second = {"fix": "All access tokens were replaced."}
    ines = Actor.at_terminal("ines")
    with pytest.raises(DomainError, match="maya"):
        await record_facts(
            engine,
            slug,
            actor=ines,
            facts=second,
            known=await facts_of(engine, slug, both_read.draft),
        )

    assert (await read_facts(engine, slug)).words == both_read.words | first
    await record_facts(engine, slug, actor=ines, facts=second, known=await read_facts(engine, slug))
    assert (await read_facts(engine, slug)).words == both_read.words | first | second


async def test_a_draft_of_another_incident_is_no_base_for_facts(
    response: Response, another: Response
) -> None:
    await response.open(recipients=1)
    await another.open(recipients=1)
    await response.record_facts()
    draft = (await read_facts(response.world.engine, response.slug)).draft

    with pytest.raises(DomainError, match="holds no facts"):
        await facts_of(another.world.engine, another.slug, draft)
