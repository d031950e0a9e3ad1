"""Holding statements: words approved in advance as a form, with named blanks and nothing else.

A form is signed in peace. On the day one person on duty fills its blanks, from lists and clocks,
and it is out: no free text can get into it, so nobody has to read it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.ids import ChannelName, MessageRef
from domain.message_kind import MessageKind
from domain.model import Value, Written
from domain.public_text import PublicLine, PublicLink
from domain.suggest import did_you_mean
from domain.times import UtcTime, show_day, show_on_its_day
from domain.voice import Voice

FIRST_WORD, STILL_WORKING = "first_word", "still_working"
"""The statement for the first minutes, and the one that goes out by itself."""

NEXT_UPDATE_BY = "next_update_by"
"""The blank that every statement may have: the promise that goes out with it."""

WARNED_BEFORE = timedelta(days=14)
"""How long before an approval ends the readiness page says so."""

BLANK = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
"""A blank in the words of a statement; its name is the group."""


class BlankType(StrEnum):
    """What may be filled in: a part of the product, a moment, or one of some options."""

    COMPONENT = "component"
    TIME = "time"
    CHOICE = "choice"


class Blank(Written):
    """One blank. ``options`` are those of a choice; a component's are the playbook's."""

    type: BlankType
    options: tuple[PublicLine, ...] = ()


class Statement(Value):
    """One statement as it is signed: its words with blanks, and what each blank may be."""

    name: str
    kind: MessageKind
    channels: tuple[ChannelName, ...]
    text: str
    blanks: dict[str, Blank] = Field(default_factory=dict)

    def blanks_shown(self) -> tuple[str, ...]:
        """The names of the blanks in its words, in their order."""
        return tuple(dict.fromkeys(BLANK.findall(self.text)))

    def fill(self, values: Mapping[str, str], next_update_by: datetime | None, at: datetime) -> str:
        """Its words with ``values`` in the blanks, as they are read at ``at``.

        ``DomainError`` for a blank without a value, and for a value that was not signed.
        """
        shown = self.blanks_shown()
        strangers = sorted(set(values) - set(shown) - {NEXT_UPDATE_BY})
        if strangers:
            raise DomainError(
                f"Holding statement {self.name} has no blank {strangers[0][:40]!r}.",
                did_you_mean(strangers[0], shown or [NEXT_UPDATE_BY]),
            )
        filled = {name: self._value(name, values, next_update_by, at) for name in shown}
        return BLANK.sub(lambda found: filled[found[1]], self.text)

    def _value(
        self, name: str, values: Mapping[str, str], next_update_by: datetime | None, at: datetime
    ) -> str:
        if name == NEXT_UPDATE_BY:
            if next_update_by is None:
                raise DomainError(
                    f"Holding statement {self.name} says when the next word comes, and no time "
                    "was given.",
                    "Give the time of the next update, such as 45m.",
                )
            return show_on_its_day(next_update_by, at)
        given, blank = values.get(name, ""), self.blanks[name]
        if blank.type is BlankType.TIME:
            return show_on_its_day(_time(name, given), at)
        if given not in blank.options:
            raise DomainError(
                f"The blank {name} cannot be {given[:60]!r}."
                if given
                else f"The blank {name} is not filled in.",
                f"It is one of: {', '.join(blank.options)}.",
            )
        return given


class HoldingForms(Value):
    """All statements of a playbook as they are signed, until ``valid_until``.

    ``link`` is where the latest word is; a link may lead to one of ``origins`` and nowhere else.
    """

    playbook: str
    company: str
    statements: tuple[Statement, ...]
    valid_until: UtcTime
    voices: dict[ChannelName, Voice] = Field(default_factory=dict)
    link: PublicLink | None = None
    origins: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """What they let out, in a line."""
        names = ", ".join(one.name for one in self.statements)
        return f"{names}; until {show_day(self.valid_until)}"

    def statement(self, name: str) -> Statement:
        """The statement of that name; ``DomainError`` if none was signed."""
        for one in self.statements:
            if one.name == name:
                return one
        raise DomainError(f"No holding statement {name[:40]!r} was approved.", self.approve_again())

    def refuse_expired(self, at: datetime) -> None:
        """Raise ``DomainError`` if the approval has ended."""
        if at > self.valid_until:
            raise DomainError(
                f"The approval of the holding statements expired on {show_day(self.valid_until)}.",
                self.approve_again(),
                means="They cannot be published any more.",
            )

    def approve_again(self) -> NextStep:
        """Having them signed anew."""
        return NextStep(
            action=Action.PROPOSE_HOLDING,
            about=self.playbook,
            advice="Propose the holding statements of the playbook, and have them approved again.",
        )


class Released(Value):
    """What a message was made of: the signed ``form`` by its place and digest, and its blanks."""

    form: MessageRef
    digest: str
    statement: str
    blanks: dict[str, str] = Field(default_factory=dict)


def _time(name: str, given: str) -> datetime:
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise DomainError(
            f"The blank {name} is a time, and {given[:40]!r} is none that can be read.",
            "Write it as 2026-11-28T14:30Z, with its zone.",
        )
    return at
