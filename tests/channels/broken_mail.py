"""Mail channels, readers of events and adapters, each with one mistake of a stranger's."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import orjson
from pydantic import Field, TypeAdapter
from pydantic_settings import BaseSettings, SettingsConfigDict

from channels.adapter import EventSource
from channels.batch import Addressees, Batch
from channels.configured import Key, Url
from channels.contract import Refused
from channels.contract_suite.adapter_contract import Package
from channels.contract_suite.mailer_channel import (
    ADAPTER,
    KINDS,
    SIGNATURE,
    MailerChannel,
    MailerEvents,
    MailerSettings,
    _Event,
)
from domain.delivery_events import HARD_BOUNCE, DeliveryEvent, EventsNotGenuine
from domain.message import Copy
from domain.publication import DeliveryState, Finding, Receipt, Sighting

Letter = dict[str, Any]


def sends(change: Callable[[Letter], None]) -> type[MailerChannel]:
    """A channel whose requests are changed by ``change`` on their way out."""

    class Changed(MailerChannel):
        def _request(
            self, method: str, *, json: object = None, params: dict[str, str] | None = None
        ) -> httpx.Request:
            letter = orjson.loads(orjson.dumps(json))
            if method == "POST":
                change(letter)
            return super()._request(method, json=letter, params=params)

    return Changed


def doubles_the_last(letter: Letter) -> None:
    letter["to"].append(letter["to"][-1])


def drops_the_last(letter: Letter) -> None:
    letter["to"] = letter["to"][:1]


def mixes_values(letter: Letter) -> None:
    for one in letter["to"]:
        one["values"] = letter["to"][0]["values"]


def mixes_keys(letter: Letter) -> None:
    for one in letter["to"]:
        one["delivery"] = letter["to"][0]["delivery"]


def forgets_values(letter: Letter) -> None:
    for one in letter["to"]:
        one["values"] = {"code": "[[code]]"}


def forgets_keys(letter: Letter) -> None:
    for one in letter["to"]:
        one["delivery"] = ""


def shows_everybody(letter: Letter) -> None:
    letter["cc"] = [one["address"] for one in letter["to"]]


def forgets(part: str) -> Callable[[Letter], None]:
    """A change that loses one part of the letter."""

    def change(letter: Letter) -> None:
        letter[part] = None

    change.__name__ = f"forgets_{part}"
    return change


def adds_a_footer(letter: Letter) -> None:
    letter["text"] += "\nSent with Mailer"


def changes_the_subject(letter: Letter) -> None:
    letter["subject"] = f"[Acme] {letter['subject']}"


def forgets_headers(letter: Letter) -> None:
    for one in letter["to"]:
        one["headers"] = {}


def forgets_one_click(letter: Letter) -> None:
    for one in letter["to"]:
        one["headers"].pop("List-Unsubscribe-Post", None)


def links_to_nowhere(letter: Letter) -> None:
    for one in letter["to"]:
        one["headers"].setdefault("List-Unsubscribe", "<None>")


class TakesLess(MailerChannel):
    """Refuses a batch that its capabilities promise to take."""

    async def send(self, batch: Batch) -> Receipt:
        if len(batch.addressees) > self.capabilities.batch_limit // 2:
            raise Refused("Mailer: too many.", "Send fewer.")
        return await super().send(batch)


class OneRequestEach(MailerChannel):
    """Sends a batch addressee by addressee."""

    async def send(self, batch: Batch) -> Receipt:
        for one in batch.addressees:
            receipt = await super().send(replace(batch, addressees=Addressees.of([one])))
        return receipt


class SearchesByTheStart(MailerChannel):
    """Takes the letter of another attempt or batch for the one it looks for."""

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        for other in (key, *(f"{key}{n}" for n in range(10)), f"{key[:-3]}11.1"):
            sighting = await super().find(other, copy, since)
            if sighting.finding is not Finding.ABSENT:
                return sighting
        return sighting


class HalfFilledIn(MailerChannel):
    """Sends to whoever lacks a value as to everybody else."""

    async def send(self, batch: Batch) -> Receipt:
        people = [one._replace(values={"code": "", **one.values}) for one in batch.addressees]
        return await super().send(replace(batch, addressees=Addressees.of(people)))


class Reader(MailerEvents):
    """The reader of the example, as somebody else might write it."""

    def read_events(self, body: bytes, headers: Mapping[str, str]) -> list[DeliveryEvent]:
        super().read_events(body, headers)
        return [self.read(one) for one in TypeAdapter(list[_Event]).validate_json(body)]

    def read(self, one: _Event) -> DeliveryEvent:
        kind = KINDS[one.what]
        return DeliveryEvent(one.id, kind, one.at, one.batch, one.delivery, self.reason(one))

    def reason(self, one: _Event) -> str | None:
        if KINDS[one.what] is not DeliveryState.BOUNCED:
            return None
        return HARD_BOUNCE if one.permanent else "blocked"


class EveryBounceIsHard(Reader):
    def reason(self, one: _Event) -> str | None:
        return HARD_BOUNCE


class NoBounceIsHard(Reader):
    def reason(self, one: _Event) -> str | None:
        return "bounced"


class FailsAtWhatIsNew(Reader):
    def read(self, one: _Event) -> DeliveryEvent:
        assert one.what in KINDS, "what is that?"
        return super().read(one)


class NeedsTheBatchKey(Reader):
    def read_events(self, body: bytes, headers: Mapping[str, str]) -> list[DeliveryEvent]:
        return [one for one in super().read_events(body, headers) if one.batch_key]


class ComparesText(MailerEvents):
    def read_events(self, body: bytes, headers: Mapping[str, str]) -> list[DeliveryEvent]:
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, headers.get(SIGNATURE, "")):
            raise EventsNotGenuine("The signature does not fit.")
        return super().read_events(body, headers)


VALUES = {"base_url": "https://mailer.example", "token": "mail-token"}
MAILER = Package("mailer", ADAPTER, VALUES, secrets=("mail-token",))


class WrongPrefix(MailerSettings):
    model_config = SettingsConfigDict(env_prefix="MAILER_")


class SilentField(MailerSettings):
    base_url: Url
    token: Key


class ShownToken(MailerSettings):
    token: str = Field(description="token that may send")  # type: ignore[assignment]


class GivenTheToken(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_MAILER_")

    token: Key = Field(description="token that may send")


MISNAMED = replace(MAILER, name="letters")
ILL_NAMED = replace(MAILER, name="Mailer")
WITHOUT_EVENTS = replace(MAILER, adapter=replace(ADAPTER, events=None))
WITHOUT_A_PLACE = replace(MAILER, adapter=replace(ADAPTER, look_for=""))
WITH_WRONG_PREFIX = replace(MAILER, adapter=replace(ADAPTER, settings=WrongPrefix))
WITH_SILENT_FIELD = replace(MAILER, adapter=replace(ADAPTER, settings=SilentField))
WITH_SHOWN_TOKEN = replace(MAILER, adapter=replace(ADAPTER, settings=ShownToken))
WITH_TOKEN_OUTSIDE = replace(
    MAILER, adapter=replace(ADAPTER, events=EventSource(GivenTheToken, MailerEvents))
)
