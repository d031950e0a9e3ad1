"""A message as somebody typed it into the form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

from starlette.datastructures import FormData

from client.errors import WrongInput
from client.incident_plan import Choices
from client.promised_time import promised_time, spelled
from domain.message import FREE_SUBJECT, FREE_TEXT, MessageKind
from domain.page_entry import ComponentState
from surfaces.console.typed_facts import TypedFacts

Choice = TypeVar("Choice", bound=str)

FOR, COMPONENT = "for:", "component:"
"""The beginnings of the names of fields for one channel, and for one component."""


class TypedMessage:
    """The fields of a form, and what they mean. ``fields`` are texts by name."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = fields

    @classmethod
    def of(cls, form: FormData) -> TypedMessage:
        """What a form has sent."""
        return cls(texts_of(form))

    @property
    def notify(self) -> bool:
        """Whether the subscribers of the status page are to be told."""
        return bool(self.fields.get("notify"))

    @property
    def promises_none(self) -> bool:
        """Whether a promise that there was is taken back."""
        return bool(self.fields.get("promise_none"))

    def kind(self) -> MessageKind:
        """The kind of message; ``WrongInput`` if none was chosen."""
        if self.fields.get("kind") not in set(MessageKind):
            raise WrongInput("No kind of message was chosen.", "Choose one.")
        return MessageKind(self.fields["kind"])

    def copy(self) -> dict[str, str] | None:
        """Free copy, or None for the template."""
        typed = self.fields
        if typed.get("words") != "own":
            return None
        copy = {FREE_TEXT: _lines(typed.get("text", ""))}
        if typed.get("subject", "").strip():
            copy[FREE_SUBJECT] = typed["subject"].strip()
        for name, text in typed.items():
            if name.startswith(FOR) and text.strip():
                copy[name.removeprefix(FOR)] = _lines(text)
        return copy

    def promise(self) -> datetime | None:
        """The time by which the next update is promised; ``WrongInput`` for no time."""
        text = self.fields.get("next_update_by", "").strip()
        return promised_time(text, datetime.now(UTC)) if text else None

    def promising(self, at: datetime) -> TypedMessage:
        """The same with that time as the promise."""
        return TypedMessage({**self.fields, "next_update_by": spelled(at)})

    def owner(self) -> str:
        """Who keeps that promise; "" for its author."""
        return self.fields.get("owner", "").strip()

    def kept_in(self, choices: Choices) -> Choices:
        """The choices, and what was typed that is not among them.

        A form has fewer choices while the incident or its plan cannot be read, and it must not
        lose what somebody has chosen before.
        """
        kind, owner = self.fields.get("kind", ""), self.owner()
        kinds = (MessageKind(kind),) if kind in set(MessageKind) else ()
        return Choices(
            kinds=_joined(choices.kinds, kinds),
            channels=_joined(choices.channels, self._filled(FOR)),
            components=_joined(choices.components, self._filled(COMPONENT)),
            people=_joined(choices.people, (owner,) if owner else ()),
        )

    def _filled(self, beginning: str) -> tuple[str, ...]:
        return tuple(
            name.removeprefix(beginning)
            for name, text in self.fields.items()
            if name.startswith(beginning) and text.strip()
        )

    def facts(self) -> TypedFacts:
        """The facts that were typed beside it; without words if there were none."""
        return TypedFacts.of(self.fields)

    def states(self) -> dict[str, ComponentState]:
        """The states that it sets on the status page, by component."""
        return {
            name.removeprefix(COMPONENT): ComponentState(state)
            for name, state in self.fields.items()
            if name.startswith(COMPONENT) and state in set(ComponentState)
        }


def texts_of(form: FormData) -> dict[str, str]:
    """The texts of a form by name, without its files."""
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


def _joined(choices: tuple[Choice, ...], typed: tuple[Choice, ...]) -> tuple[Choice, ...]:
    return tuple(dict.fromkeys((*choices, *typed)))


def _lines(text: str) -> str:
    # A form sends its lines as MIME does.
    return text.replace("\r\n", "\n")
