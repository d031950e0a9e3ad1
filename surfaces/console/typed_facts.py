"""Facts as somebody typed them into a form, and what others have recorded meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from client.engine import Engine
from client.facts import KnownFacts, facts_of, read_facts, record_facts
from domain.actor import Actor
from domain.facts import Facts

FACT, BASED_ON = "fact:", "facts_based_on"
"""The beginning of the name of a fact's field, and the field with the draft that was read."""


@dataclass(frozen=True)
class TypedFacts:
    """Facts by name, the draft that their author had read, and what changed since, by name."""

    words: Mapping[str, str]
    based_on: str
    meanwhile: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> TypedFacts:
        """What a form has sent; no words if it has no fields for them."""
        typed = {name: fields[FACT + name] for name in Facts.model_fields if FACT + name in fields}
        words = {name: text.replace("\r\n", "\n").strip() for name, text in typed.items()}
        return cls(words, fields.get(BASED_ON, ""))

    @classmethod
    def recorded(cls, known: KnownFacts) -> TypedFacts:
        """What is known, for a new form."""
        return cls(_texts(known), known.draft or "")

    @property
    def opened(self) -> bool:
        """Whether they need to be seen: nothing is known yet, or others have changed something."""
        return not any(self.words.values()) or bool(self.meanwhile)

    def facts(self) -> dict[str, object]:
        """As ``client.facts.record_facts`` takes them."""
        return {
            name: None if name == "prevention_due" and not text else text
            for name, text in self.words.items()
        }

    async def record(self, engine: Engine, slug: str, by: Actor) -> None:
        """Record what its author has changed, if anything.

        Raises ``DomainError`` if somebody else has changed the same, as ``record_facts`` does.
        """
        known = await facts_of(engine, slug, self.based_on or None)
        before = _texts(known)
        if any(text != before.get(name, "") for name, text in self.words.items()):
            await record_facts(engine, slug, actor=by, facts=self.facts(), known=known)

    async def after_refusal(self, engine: Engine, slug: str) -> TypedFacts:
        """The same words for another attempt, beside what others have recorded meanwhile."""
        before = _texts(await facts_of(engine, slug, self.based_on or None))
        known = await read_facts(engine, slug)
        now = _texts(known)
        changed = {
            name: now.get(name, "")
            for name, text in self.words.items()
            if now.get(name, "") not in (before.get(name, ""), text)
        }
        return TypedFacts(self.words, known.draft or "", changed)


def _texts(known: KnownFacts) -> dict[str, str]:
    return {name: str(text) for name, text in known.words.items() if text}
