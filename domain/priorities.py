"""Which mentions come first: rules that the playbook names, each with what it looks for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.likeness import words_of
from domain.mentions import Mention
from domain.model import Value, Written

ANY_ENDING = "*"


class MentionPriority(StrEnum):
    """How soon somebody should look at a mention."""

    NONE = "none"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """Its place in lists: 0 comes first."""
        return _RANKS[self]

    @classmethod
    def ranked(cls, rank: int) -> MentionPriority:
        """The priority of this rank."""
        return next((one for one, place in _RANKS.items() if place == rank), cls.NONE)


_RANKS = {MentionPriority.URGENT: 0, MentionPriority.HIGH: 1, MentionPriority.NONE: 2}

_Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Sign = Annotated[str, Field(min_length=1, max_length=100)]


class PriorityRule(Written):
    """Mentions with one of these signs have a priority, and show ``name`` as the reason.

    ``words`` are words or phrases, in any spelling; ``refund*`` is any word that begins so.
    ``authors`` are handles or ids as the platform has them. ``followers``: so many or more.
    """

    name: _Name
    level: Literal[MentionPriority.HIGH, MentionPriority.URGENT] = MentionPriority.HIGH
    words: tuple[_Sign, ...] = ()
    authors: tuple[_Sign, ...] = ()
    followers: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _looks_for_something(self) -> PriorityRule:
        if not (self.words or self.authors or self.followers):
            raise ValueError("needs `words`, `authors` or `followers`, or it finds nothing")
        for one in self.words:
            if not words_of(one):
                raise ValueError(f"has {one!r} among its words, in which there is no word")
        return self


class MentionsPlan(Written):
    """What the playbook says about mentions."""

    priority: tuple[PriorityRule, ...] = ()


class PriorityRules(Value):
    """The rules of a playbook, ready to judge with."""

    rules: tuple[PriorityRule, ...] = ()

    def judge(self, mention: Mention) -> tuple[MentionPriority, str]:
        """The highest priority that a rule gives to a mention, and the first such rule's name."""
        if not self.rules:
            return MentionPriority.NONE, ""
        said = f" {' '.join(words_of(mention.text))} "
        found = [one for one in self.rules if _finds(one, mention, said)]
        if not found:
            return MentionPriority.NONE, ""
        first = min(found, key=lambda one: one.level.rank)
        return first.level, first.name


def _finds(rule: PriorityRule, mention: Mention, said: str) -> bool:
    followers = mention.author.followers
    if rule.followers is not None and followers is not None and followers >= rule.followers:
        return True
    names = {_account(mention.author.handle), _account(mention.author.id)} - {""}
    if names & {_account(one) for one in rule.authors}:
        return True
    return any(_says(said, one) for one in rule.words)


def _says(said: str, sign: str) -> bool:
    words = " ".join(words_of(sign))
    if not words.isascii():
        # Some languages put no space between words.
        return words in said
    return f" {words}{'' if sign.endswith(ANY_ENDING) else ' '}" in said


def _account(name: str) -> str:
    return name.strip().removeprefix("@").casefold()
