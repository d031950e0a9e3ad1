"""A channel that answers, whose platform and failures a test has in its hands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from channels.contract import Publication
from domain.mentions import Mention
from domain.message import Copy
from domain.publication import Finding, Receipt, Sighting
from domain.replies import AccountLimit, ReplyTerms


class Forum:
    """A platform that shows what is under each post; ``fails`` and ``loses`` go wrong."""

    name = "forum"

    def __init__(self, *limits: AccountLimit) -> None:
        today = datetime.now(UTC).date()
        self.terms = ReplyTerms(checked_on=today, limits=limits)
        self.under: dict[str, list[str]] = {}
        self.tried: list[str] = []
        self.looked = 0
        self.fails: Exception | None = None
        # Taken by the platform, and the answer lost with this.
        self.loses: Exception | None = None
        self.look_fails: Exception | None = None
        # Posts that its lists do not show yet.
        self.lags = False

    def render_reply(self, text: str, to: Mention) -> Copy:
        return Copy(channel=self.name, text=text)

    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        self.tried.append(to.id)
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        self.under.setdefault(to.id, []).append(publication.copy.text)
        if self.loses is not None:
            raise self.loses
        return self._receipt(to)

    async def find_reply(self, to: Mention, since: datetime) -> Sighting:
        self.looked += 1
        if self.look_fails is not None:
            raise self.look_fails
        if self.lags or to.id not in self.under:
            return Sighting(finding=Finding.ABSENT)
        return Sighting(finding=Finding.FOUND, receipt=self._receipt(to))

    def _receipt(self, to: Mention) -> Receipt:
        return Receipt(id=f"re-{to.id}", url=f"https://forum.test/{to.id}", at=datetime.now(UTC))


class RereadForum(Forum):
    """One whose posts can be looked at again; ``shown`` is what it shows of them now."""

    def __init__(self, *limits: AccountLimit) -> None:
        super().__init__(*limits)
        self.shown: list[Mention] = []

    async def reread(self, mentions: Sequence[Mention]) -> Sequence[Mention]:
        wanted = {one.id for one in mentions}
        return [one for one in self.shown if one.id in wanted]
