"""Post channels with one mistake in how they render, make their one attempt, or look for it."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime
from html import escape

import httpx

from channels.contract import (
    CannotExpress,
    ChannelError,
    Health,
    OutcomeUnknown,
    Publication,
    Refused,
    Template,
    Throttled,
    Unreachable,
)
from channels.contract_suite.webhook_channel import LIMIT, WebhookChannel
from channels.looking import SLACK
from channels.wording import copy_of_post
from domain.message import Copy
from domain.publication import Finding, Receipt, Sighting


def with_text(publication: Publication, text: str) -> Publication:
    return Publication(publication.key, publication.copy.model_copy(update={"text": text}))


# --- what is published


class AddsAWordOfItsOwn(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        text = f"{publication.copy.text}\nSent by our bot"
        return await super().publish(with_text(publication, text))


class ChangesTheSpaces(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        text = " ".join(publication.copy.text.split())
        return await super().publish(with_text(publication, text))


class KnowsAsciiOnly(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        text = publication.copy.text.encode("ascii", "ignore").decode()
        return await super().publish(with_text(publication, text))


class EscapesForAPage(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        return await super().publish(with_text(publication, escape(publication.copy.text)))


class SendsATitleBesides(WebhookChannel):
    def _request(
        self,
        method: str,
        *,
        json: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> httpx.Request:
        more = {**json, "title": "Important news"} if json else None
        return super()._request(method, json=more, params=params)


class SplitsThePost(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        first, _, rest = publication.copy.text.partition("\n")
        await super().publish(with_text(publication, first))
        return await super().publish(with_text(publication, rest))


class TriesTwice(WebhookChannel):
    kinds: tuple[type[ChannelError], ...] = (ChannelError,)

    async def publish(self, publication: Publication) -> Receipt:
        try:
            return await super().publish(publication)
        except self.kinds:
            return await super().publish(publication)


class TriesAConnectionTwice(TriesTwice):
    kinds = (Unreachable,)


class TriesLater(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        try:
            return await super().publish(publication)
        except OutcomeUnknown:
            self.later = asyncio.create_task(self._again(publication))
            raise

    async def _again(self, publication: Publication) -> None:
        await asyncio.sleep(30)
        await super().publish(publication)


class SwallowsACancellation(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        try:
            return await super().publish(publication)
        except asyncio.CancelledError:
            raise OutcomeUnknown("Webhook: cancelled.") from None


# --- which error it is


class Means(WebhookChannel):
    """Reads answers in a way of its own."""

    def meaning(self, error: ChannelError) -> ChannelError:
        return error

    async def publish(self, publication: Publication) -> Receipt:
        try:
            return await super().publish(publication)
        except ChannelError as error:
            raise self.meaning(error) from None


class NotSentWhenUnknown(Means):
    says = ""

    def meaning(self, error: ChannelError) -> ChannelError:
        if isinstance(error, OutcomeUnknown) and self.says in error.message:
            return Unreachable("Webhook: not sent.", "It is tried again.")
        return error


class NotSentWhenBrokenOff(NotSentWhenUnknown):
    says = "ReadError"


class NotSentAfter408(NotSentWhenUnknown):
    says = "408"


class NotSentAfter502(NotSentWhenUnknown):
    says = "502"


class NotSentAfter504(NotSentWhenUnknown):
    says = "504"


class ThrottledAfter503(Means):
    def meaning(self, error: ChannelError) -> ChannelError:
        if isinstance(error, OutcomeUnknown) and "503" in error.message:
            return Throttled("Webhook: busy.", until=datetime.now(UTC))
        return error


class NotSentWithoutAnId(NotSentWhenUnknown):
    says = "could not be read"


class UnknownWithoutAConnection(Means):
    def meaning(self, error: ChannelError) -> ChannelError:
        return OutcomeUnknown("Webhook: unknown.") if isinstance(error, Unreachable) else error


class UnknownAfterARefusal(Means):
    def meaning(self, error: ChannelError) -> ChannelError:
        return OutcomeUnknown("Webhook: unknown.") if type(error) is Refused else error


class RaisesWhatItGets(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        answer = await self._client.send(
            self._request("POST", json={"text": publication.copy.text}), follow_redirects=False
        )
        answer.raise_for_status()
        return Receipt(id=answer.json()["id"], at=datetime.now(UTC))


class QuotesTheProvider(Means):
    def meaning(self, error: ChannelError) -> ChannelError:
        error.add_note("it said: slow down, dear sender")
        error.detail = "dear sender"  # type: ignore[attr-defined]
        return error


class KeepsTheContext(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        try:
            return await super().publish(publication)
        except ChannelError as error:
            raise Refused("Webhook: no.", "Look.") from error


class PrintsItsToken(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        print("posting with", self._settings.token.get_secret_value())
        return await super().publish(publication)


class ShowsItsToken(WebhookChannel):
    def __repr__(self) -> str:
        return f"WebhookChannel({self._settings.token.get_secret_value()})"


# --- receipts


class ReceiptWithoutId(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        return (await super().publish(publication)).model_copy(update={"id": " "})


class OneIdForAll(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        return (await super().publish(publication)).model_copy(update={"id": "posted"})


class ReceiptOfLongAgo(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        long_ago = datetime(1970, 1, 1, tzinfo=UTC)
        return (await super().publish(publication)).model_copy(update={"at": long_ago})


# --- rendering


class RendersTheTime(WebhookChannel):
    def render(self, template: Template) -> Copy:
        copy = super().render(template)
        return copy.model_copy(update={"text": f"{copy.text}\n{datetime.now(UTC):%d %b %Y}"})


class RendersByChance(WebhookChannel):
    def render(self, template: Template) -> Copy:
        copy = super().render(template)
        return copy.model_copy(update={"text": f"{copy.text}\n{random.choice('a')}"})


class RendersWhatWasPublished(WebhookChannel):
    published = 0

    def render(self, template: Template) -> Copy:
        copy = super().render(template)
        return copy.model_copy(update={"text": f"{copy.text}\nPost {self.published}"})

    async def publish(self, publication: Publication) -> Receipt:
        self.published += 1
        return await super().publish(publication)


class FailsWithoutAVoice(WebhookChannel):
    def render(self, template: Template) -> Copy:
        assert template.voice is not None
        return super().render(template)


class RendersPersonalFields(WebhookChannel):
    def render(self, template: Template) -> Copy:
        text = f"{template.text}\n{template.mark}"
        if not template.text.strip():
            raise CannotExpress("webhook: empty.", "Write something.")
        return copy_of_post(template, self.name, text)


class FindsItTooLongAtTheWire(WebhookChannel):
    def render(self, template: Template) -> Copy:
        whole = template.text
        short = super().render(template.model_copy(update={"text": whole[:20]}))
        return short.model_copy(update={"text": short.text.replace(whole[:20], whole, 1)})

    async def publish(self, publication: Publication) -> Receipt:
        if len(publication.copy.text) > LIMIT:
            raise Refused("Webhook: too long.", "Shorten it.")
        return await super().publish(publication)


# --- looking and checking


class MatchesTheWords(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        first = copy.text.partition("\n")[0]
        return await super().find(key, copy.model_copy(update={"mark": first}), since)


class MatchesAnyPost(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        return await super().find(key, copy.model_copy(update={"mark": "UTC"}), since)


class FindsTheNewest(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        found = await super().find(key, copy, since)
        if found.receipt is None:
            return found
        begun = (since - SLACK).isoformat()
        answer = await self._client.send(self._request("GET", params={"since": begun}))
        newest = answer.json()["posts"][0]["id"]
        return found.model_copy(update={"receipt": found.receipt.model_copy(update={"id": newest})})


class AbsentAfterOnePage(WebhookChannel):
    looks = 0

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        found = await super().find(key, copy, since)
        if found.finding is Finding.CANNOT_TELL:
            return Sighting(finding=Finding.ABSENT)
        return found


class AbsentWhenNull(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        answer = await self._client.send(self._request("GET", params={"since": str(since)}))
        if answer.content in (b"", b"null"):
            return Sighting(finding=Finding.ABSENT)
        return await super().find(key, copy, since)


class AbsentWhenGone(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        found = await super().find(key, copy, since)
        gone = found.finding is Finding.CANNOT_TELL and "404" in found.why
        return Sighting(finding=Finding.ABSENT) if gone else found


class PublishesWhileLooking(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        sighting = await super().find(key, copy, since)
        await self.publish(Publication(key, copy))
        return sighting


class ChecksByPublishing(WebhookChannel):
    async def check(self) -> Health:
        test = Copy(channel=self.name, text="A test, please ignore")
        try:
            await self.publish(Publication("check", test))
        except ChannelError as error:
            return Health(ok=False, detail=str(error))
        return Health(ok=True, detail="Webhook: works.")


class BlocksWhileChecking(WebhookChannel):
    async def check(self) -> Health:
        time.sleep(0.3)
        return await super().check()


class BlocksAtTheEnd(WebhookChannel):
    async def close(self) -> None:
        time.sleep(0.3)
        await super().close()


class ChecksUnplanned(WebhookChannel):
    async def check(self) -> Health:
        answer = await self._client.send(self._request("GET", params={"since": "2013-10-26"}))
        answer.json()["posts"].copy()
        return await super().check()
