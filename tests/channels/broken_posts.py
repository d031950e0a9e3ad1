"""Post channels that a stranger might write, each with one mistake."""

from __future__ import annotations

import logging
import time
from datetime import datetime

from channels.contract import (
    BadCredentials,
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
from channels.contract_suite.webhook_channel import LIMIT, PROVIDER, Shown, Taken, WebhookChannel
from channels.http import Effect, ask_over, body_of, publish_over, utc_now
from channels.looking import SLACK
from channels.wording import bears_the_mark, copy_of_post, words_of_post
from domain.message import Copy
from domain.publication import Finding, Receipt, Sighting

ABSENT = Sighting(finding=Finding.ABSENT)


class AbsentWhenRefused(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        sighting = await super().find(key, copy, since)
        return ABSENT if sighting.finding is Finding.CANNOT_TELL else sighting


class AbsentWhenNothingWasSeen(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        try:
            return await super().find(key, copy, since)
        except ChannelError:
            return ABSENT


class ReadsOnePage(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        request = self._request("GET", params={"since": since.isoformat()})
        answer = await ask_over(self._client, request, provider=PROVIDER)
        for post in body_of(answer, Shown, Effect.REPEATABLE, PROVIDER).posts:
            if bears_the_mark(post.text, copy):
                receipt = Receipt(id=post.id, at=utc_now())
                return Sighting(finding=Finding.FOUND, receipt=receipt)
        return ABSENT


class AbsentWhenBrokenOff(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        try:
            return await super().find(key, copy, since)
        except Unreachable:
            return ABSENT


class AllowsNoSlack(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        return await super().find(key, copy, since + SLACK)


class LogsWhatItSees(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        answer = await self._client.send(self._request("GET", params={"since": str(since)}))
        logging.getLogger("webhook").debug("it shows %s", answer.text)
        return await super().find(key, copy, since)


class RefusedWhenUnreadable(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        request = self._request("POST", json={"text": publication.copy.text})
        answer = await publish_over(self._client, request, provider=PROVIDER)
        try:
            return Receipt(id=Taken.model_validate_json(answer.content).id, at=utc_now())
        except ValueError:
            raise Refused("Webhook: the answer is no JSON.", "Look at it.") from None


class ForgetsTheMark(WebhookChannel):
    def render(self, template: Template) -> Copy:
        return super().render(template).model_copy(update={"mark": ""})


class MeasuresTheTextAlone(WebhookChannel):
    def render(self, template: Template) -> Copy:
        if len(template.text) > LIMIT:
            raise CannotExpress("webhook: too long.", "Shorten it.")
        text = words_of_post(template, self.name, with_link=True)
        return copy_of_post(template, self.name, text)


class MeasuresBeforeTheLink(WebhookChannel):
    def render(self, template: Template) -> Copy:
        copy = super().render(template.model_copy(update={"link": None}))
        added = f"{copy.text}\n{template.link or ''}".strip()
        return copy.model_copy(update={"text": added, "link": template.link})


class DropsTheLink(WebhookChannel):
    def render(self, template: Template) -> Copy:
        return super().render(template.model_copy(update={"link": None}))


class DropsTheSignOff(WebhookChannel):
    def render(self, template: Template) -> Copy:
        return super().render(template.model_copy(update={"voice": None}))


class PublishesTheKey(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        text = f"{publication.copy.text}\n{publication.key}"
        copy = publication.copy.model_copy(update={"text": text})
        return await super().publish(Publication(publication.key, copy))


class CutsThePost(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        text = publication.copy.text.partition("\n")[0]
        copy = publication.copy.model_copy(update={"text": text})
        return await super().publish(Publication(publication.key, copy))


class BlocksWhilePublishing(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        time.sleep(0.3)
        return await super().publish(publication)


class BlocksWhileLooking(WebhookChannel):
    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        time.sleep(0.3)
        return await super().find(key, copy, since)


class AsksAgainTooEarly(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        try:
            return await super().publish(publication)
        except Throttled as error:
            raise Throttled(str(error), until=utc_now()) from None


class StopsTheChannelAtEveryNo(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        try:
            return await super().publish(publication)
        except Refused as error:
            raise BadCredentials(str(error), error.next_step) from None


class TakesA400ForUnknown(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        try:
            return await super().publish(publication)
        except Refused as error:
            raise OutcomeUnknown(str(error)) from None


class ChecksByRaising(WebhookChannel):
    async def check(self) -> Health:
        await ask_over(self._client, self._request("GET"), provider=PROVIDER)
        return Health(ok=True, detail="Webhook: the address answers.")


class AlwaysHealthy(WebhookChannel):
    async def check(self) -> Health:
        await super().check()
        return Health(ok=True, detail="Webhook: the address answers.")


class ChecksAloud(WebhookChannel):
    async def check(self) -> Health:
        token = self._settings.token.get_secret_value()
        health = await super().check()
        return health.model_copy(update={"detail": f"{health.detail} (token {token})"})


class LogsItsToken(WebhookChannel):
    async def publish(self, publication: Publication) -> Receipt:
        token = self._settings.token.get_secret_value()
        logging.getLogger("webhook").debug("posting with %s", token)
        return await super().publish(publication)


class LogsTheAnswer(WebhookChannel):
    async def check(self) -> Health:
        answer = await self._client.send(self._request("GET"))
        logging.getLogger("webhook").warning("it said %s", answer.text)
        return await super().check()
