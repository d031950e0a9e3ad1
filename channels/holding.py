"""Holding statements as each channel carries them: the same words in render and at the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from channels.contract import Channel, WritesPage
from channels.copies import final_copy, is_direct
from domain import templates
from domain.errors import DomainError
from domain.holding import Blank, BlankType, HoldingForms, Statement
from domain.message import Copy, mark_of
from domain.playbook import Playbook
from domain.playbook_holding import HoldingPlan, signed_statement, wording_problems

_LONGEST_ORDINAL = 99


def holding_forms_of(
    plan: Playbook, holding: HoldingPlan, channels: Mapping[str, Channel], at: datetime
) -> HoldingForms:
    """The statements as they are put before their gate at ``at``.

    ``channels`` has each channel of theirs. Raises ``DomainError`` for words that ``playbook
    check`` refuses, and ``CannotExpress`` for a statement that a channel could not carry, whatever
    its blanks are filled with.
    """
    components = [one.name for one in plan.page.components]
    for problem in wording_problems(holding, components, plan.messages):
        name = holding.statements[int(problem.place[2])].name
        raise DomainError(
            f"Holding statement {name} cannot be signed: it {problem.detail}.",
            problem.next_step or "Correct the playbook.",
        )
    statements = tuple(signed_statement(one, components) for one in holding.statements)
    names = sorted({name for one in statements for name in one.channels})
    for name in names:
        if is_direct(channels[name]):
            raise DomainError(
                f"Holding statements go to post channels, and {name} writes to people one by one.",
                "Take it out of their channels in the playbook.",
            )
    forms = HoldingForms(
        playbook=plan.name,
        company=plan.company,
        statements=statements,
        valid_until=at + holding.valid_for,
        voices={name: one.alone() for name, one in plan.voices.items() if name in names},
        link=plan.link,
        origins=_origins(plan, [channels[name] for name in names]),
    )
    for one in statements:
        _refuse_unfit(forms, one, channels, at)
    return forms


def statement_copy(
    channel: Channel, forms: HoldingForms, words: str, *, mark: str, link: str | None
) -> Copy:
    """What ``channel`` carries for a statement with filled blanks. Raises ``CannotExpress``."""
    if link is not None and origin_of(link) not in forms.origins:
        raise DomainError(
            "The link of this holding statement is not one that was approved with it.",
            forms.approve_again(),
        )
    rendered = templates.free_copy(words, channel.name, link=link)
    return final_copy(channel, rendered, mark=mark, voice=forms.voices.get(channel.name))


def origin_of(link: str) -> str:
    """The part of an address up to the host and port."""
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _origins(plan: Playbook, channels: list[Channel]) -> tuple[str, ...]:
    links = [plan.link] if plan.link else []
    links += [
        one.address_of("holding", "example", article=False)
        for one in channels
        if isinstance(one, WritesPage)
    ]
    return tuple(sorted({origin_of(one) for one in links}))


def _refuse_unfit(
    forms: HoldingForms, one: Statement, channels: Mapping[str, Channel], at: datetime
) -> None:
    later = at + timedelta(days=20)
    longest = {name: _longest(blank, later) for name, blank in one.blanks.items()}
    words = one.fill(longest, later, at)
    mark = mark_of("holding", one.kind, _LONGEST_ORDINAL, at)
    for name in one.channels:
        statement_copy(channels[name], forms, words, mark=mark, link=forms.link)


def _longest(blank: Blank, at: datetime) -> str:
    if blank.type is BlankType.TIME:
        return at.isoformat()
    return max(blank.options, key=len, default="")
