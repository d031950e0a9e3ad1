"""Reply rules: the saved replies of an incident and who may reply freely, as they are signed.

What was signed is a form: wordings in which only the author's name is a blank still. Facts are
filled in before, so that approvers read what people will read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from enum import StrEnum

from pydantic import Field

from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep
from domain.ids import ChannelName
from domain.model import Value
from domain.plural import plural
from domain.public_text import fault_in
from domain.reply_text import forbidden_in, has_link, risky
from domain.roster import Person, Role

__all__ = [
    "AUTHOR",
    "AUTHOR_LIMIT",
    "FreeCheck",
    "FreeReplies",
    "ReplyRules",
    "SavedReply",
    "author_fault",
    "blanks_in",
    "fill",
    "forbidden_in",
    "made_by",
    "risky",
    "with_facts",
]

AUTHOR = "{{ author }}"
"""The blank for the name of whoever is answered."""

AUTHOR_LIMIT = 60
"""The most characters that fill the blank."""

_BLANK = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_HANDLE = re.compile(r"@[\w.-]{1,50}(?:@[\w.-]{1,50})?")


class FreeCheck(StrEnum):
    """What a free reply needs beside somebody who may write it.

    *role*: nothing. *second_person*: somebody else who may, for each. *sample*: that for a share.
    """

    ROLE = "role"
    SECOND_PERSON = "second_person"
    SAMPLE = "sample"


class FreeReplies(Value):
    """Who may reply in their own words: ``people``, as they were in the roster when it was signed.

    ``sample`` is the share of replies, from 0 to 1, that a second person reads if ``check`` says
    so. ``links`` lets them have links where those cost extra.
    """

    roles: tuple[Role, ...]
    people: tuple[Person, ...]
    check: FreeCheck = FreeCheck.SECOND_PERSON
    sample: float = 0.1
    links: bool = False

    def may(self, person: str) -> bool:
        """Whether ``person`` may reply freely, or agree to another's reply."""
        return any(
            one.id == person and not set(one.roles).isdisjoint(self.roles) for one in self.people
        )

    @property
    def in_words(self) -> str:
        """Who may, and what is checked: ``dana, sam (support); a second person reads each``."""
        people = f"{', '.join(one.id for one in self.people)} ({' or '.join(self.roles)})"
        if self.check is FreeCheck.ROLE:
            return people
        share = "each" if self.check is FreeCheck.SECOND_PERSON else f"{self.sample:.0%} of them"
        return f"{people}; a second person reads {share}"

    def in_sample(self, text: str) -> bool:
        """Whether a reply is of those that a second person reads: the same text always is."""
        drawn = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        return drawn < self.sample * 2**64


class SavedReply(Value):
    """A right answer, prepared. ``title`` is the question in words.

    ``wordings`` have the facts filled in. ``facts`` are the names of those that they show,
    ``unset`` those of them that were not known: then it cannot be sent. Nor can it on the channels
    of ``unfit``, for which a wording is too long or has a link that costs extra.
    """

    name: str
    title: str
    wordings: tuple[str, ...]
    facts: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    unfit: tuple[ChannelName, ...] = ()


class ReplyRules(Value):
    """What may be replied in an incident, as its approvers sign it.

    ``channels`` are those that answer; on those of ``links_cost`` a link costs extra. ``facts`` has
    the incident's own facts that the saved replies show, as they were then; "" for one that was not
    known. With a word of ``risk_words`` in it a free reply needs a second person.
    """

    channels: tuple[ChannelName, ...] = Field(min_length=1)
    saved: tuple[SavedReply, ...] = ()
    free: FreeReplies | None = None
    risk_words: tuple[str, ...] = ()
    links_cost: tuple[ChannelName, ...] = ()
    facts: dict[str, str] = Field(default_factory=dict)

    @property
    def in_words(self) -> str:
        """What they let out, in a line."""
        many = plural(len(self.saved), "saved reply", "saved replies")
        free = f"; free replies by {self.free.in_words}" if self.free else "; no free replies"
        return f"{many} on {', '.join(self.channels)}{free}"

    def reply(self, name: str) -> SavedReply | None:
        """The saved reply of that name; None if there is none."""
        return next((one for one in self.saved if one.name == name), None)

    def changed(self, reply: SavedReply, known: Mapping[str, str]) -> tuple[str, ...]:
        """The facts of a saved reply that are not any more what they were when it was signed.

        ``known`` are the incident's facts now. While there are any, the reply is held.
        """
        return tuple(
            name
            for name in reply.facts
            if name in self.facts and known.get(name, "") != self.facts[name]
        )

    def why_not(
        self, reply: SavedReply, known: Mapping[str, str], incident: str
    ) -> Explanation | None:
        """Why a saved reply cannot be sent anywhere now; None if it can."""
        changed, said = self.changed(reply, known), f"Saved reply {reply.name}"
        if reply.unset:
            what = f"{said} shows facts that were not known: {', '.join(reply.unset)}."
            advice = "Record them, then propose the reply rules anew."
        elif changed:
            what = f"{said} is held: {', '.join(changed)} changed after it was signed."
            advice = "Propose the reply rules anew, and have them signed."
        else:
            return None
        step = NextStep(
            action=Action.PROPOSE, incident=incident, about="reply_rules", advice=advice
        )
        return Explanation(
            what=what, means="It cannot be sent until it is signed again.", next_step=step
        )

    def needs_second(self, text: str) -> str | None:
        """Why a second person has to agree to a free reply, as a sentence; None: nobody has to."""
        word = risky(text, self.risk_words)
        if word is not None:
            return f"It has the word {word!r}, which is on the list of risk words."
        if self.free is None or self.free.check is FreeCheck.ROLE:
            return None
        if self.free.check is FreeCheck.SECOND_PERSON:
            return "Here a second person reads every free reply."
        return (
            "It is one of those that a second person reads." if self.free.in_sample(text) else None
        )


def fill(wording: str, author: str) -> str:
    """A signed wording with the author's name in its blank.

    ``DomainError`` for a name that cannot stand in public: too long, with a link, and the like.
    """
    if AUTHOR not in wording:
        return wording
    fault = author_fault(author)
    if fault is not None:
        raise DomainError(
            f"The author's name cannot be used in a reply: {fault}.",
            "Use the author's handle, or a wording without the name.",
        )
    return wording.replace(AUTHOR, author)


def made_by(wording: str, text: str, authors: Collection[str] | None = None) -> bool:
    """Whether ``text`` is exactly that wording, with the same usable name in each of its blanks.

    ``authors`` are the only names that it may be; None: any that can be said.
    """
    parts = wording.split(AUTHOR)
    blanks = len(parts) - 1
    if not blanks:
        return text == wording
    size, rest = divmod(len(text) - sum(map(len, parts)), blanks)
    if rest or size < 1:
        return False
    author = text[len(parts[0]) : len(parts[0]) + size]
    known = authors is None or author in authors
    return known and author_fault(author) is None and author.join(parts) == text


def author_fault(author: str) -> str | None:
    """Why a name cannot fill the blank, such as ``it has a link``; None if it can."""
    if not author or author != author.strip():
        return "it is empty, or has white space around it"
    if len(author) > AUTHOR_LIMIT:
        return f"it is longer than {AUTHOR_LIMIT} characters"
    if len(author.splitlines()) > 1 or fault_in(author, one_line=True) is not None:
        return "it has more than one line, or characters that nobody sees"
    if _HANDLE.fullmatch(author):
        return None
    if "@" in author or "{{" in author or has_link(author):
        return "it has a link or an @ in it"
    return "it has a number or a code in it" if forbidden_in(author) is not None else None


def blanks_in(wording: str) -> list[str]:
    """The names of the blanks of a wording, in their order: ``author``, ``facts.<name>``."""
    return [one[1] for one in _BLANK.finditer(wording)]


def with_facts(wording: str, facts: Mapping[str, str]) -> str:
    """A wording of the playbook with the facts that are known filled in; other blanks stay.

    ``DomainError`` for a fact that has a blank in it, which would be filled in, too.
    """

    def known(blank: re.Match[str]) -> str:
        name = blank[1]
        text = facts.get(name.removeprefix("facts."), "") if name.startswith("facts.") else ""
        if "{{" in text:
            raise DomainError(
                f"The fact {name.removeprefix('facts.')} has {{{{ in it, which begins a blank.",
                "Record it without the braces, then propose again.",
            )
        return text or f"{{{{ {name} }}}}"

    return _BLANK.sub(known, wording)
