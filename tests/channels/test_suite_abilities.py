"""The contract suite catches what a stranger gets wrong about a declared ability."""

from __future__ import annotations

from datetime import datetime

import pytest

from channels.contract import ChannelError, Image, Publication, Quota, Refused, Unreachable
from channels.contract_suite.board_channel import BoardChannel
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.example_providers import board_provider
from channels.contract_suite.stand_in import LookFault, Misbehaviour
from channels.http import utc_now
from domain.message import Copy
from domain.publication import Receipt
from tests.channels.flaws import CAUGHT, Flaw, keep


class ForgetsAlt(BoardChannel):
    async def publish_image(self, publication: Publication, image: Image) -> Receipt:
        return await super().publish_image(publication, image.model_copy(update={"alt": "image"}))


class PostsTheImageApart(BoardChannel):
    async def publish_image(self, publication: Publication, image: Image) -> Receipt:
        await self.publish(publication)
        return await super().publish_image(publication, image)


class TakesAnyImage(BoardChannel):
    def _check_image(self, image: Image) -> None:
        pass


class TriesTheImageTwice(BoardChannel):
    async def publish_image(self, publication: Publication, image: Image) -> Receipt:
        try:
            return await super().publish_image(publication, image)
        except ChannelError:
            return await super().publish_image(publication, image)


class FailedUploadIsRefused(BoardChannel):
    async def publish_image(self, publication: Publication, image: Image) -> Receipt:
        try:
            return await super().publish_image(publication, image)
        except Unreachable:
            raise Refused("board: no upload.", "Look.") from None


class PostsInsteadOfEditing(BoardChannel):
    async def edit(self, receipt: Receipt, copy: Copy) -> Receipt:
        return await self.publish(Publication("edit", copy))


class EditsAtAnyPrice(BoardChannel):
    async def edit(self, receipt: Receipt, copy: Copy) -> Receipt:
        try:
            return await super().edit(receipt, copy)
        except Refused:
            return receipt


class NotEditedWhenUnknown(BoardChannel):
    async def edit(self, receipt: Receipt, copy: Copy) -> Receipt:
        try:
            return await super().edit(receipt, copy)
        except ChannelError:
            raise Unreachable("board: not edited.", "It is tried again.") from None


class MakesUpItsQuota(BoardChannel):
    async def quota(self) -> Quota:
        return Quota(limit=50, remaining=50, resets_at=utc_now())


class AsksForItsQuotaByPosting(BoardChannel):
    async def quota(self) -> Quota:
        await self._post({"text": "How much is left?"})
        return await super().quota()


class MakesUpItsEnd(BoardChannel):
    async def credentials_expire_at(self) -> datetime | None:
        try:
            return await super().credentials_expire_at()
        except ChannelError:
            return None


class EndsInLocalTime(BoardChannel):
    async def credentials_expire_at(self) -> datetime | None:
        end = await super().credentials_expire_at()
        return end.replace(tzinfo=None) if end else None


SUITE = ChannelContract()
CARRIES = SUITE.test_an_image_is_published_in_one_post_with_words_and_alt_text
QUOTA = SUITE.test_a_quota_is_read_without_publishing_and_falls_with_each_post
LOST = {"how": Misbehaviour.FAILS_BEFORE}
FLAWS = [
    Flaw("alt", CARRIES, ForgetsAlt),
    Flaw("apart", CARRIES, PostsTheImageApart),
    Flaw(
        "any image",
        SUITE.test_an_image_that_cannot_be_carried_is_found_before_anything_is_sent,
        TakesAnyImage,
    ),
    Flaw(
        "twice",
        SUITE.test_an_image_without_a_clear_answer_is_unknown_and_not_sent_again,
        TriesTheImageTwice,
        LOST,
    ),
    Flaw(
        "upload",
        SUITE.test_a_failed_upload_of_an_image_means_that_nothing_went_out,
        FailedUploadIsRefused,
    ),
    Flaw("posts", SUITE.test_an_edit_replaces_all_words_and_keeps_the_id, PostsInsteadOfEditing),
    Flaw("gone", SUITE.test_a_post_that_is_gone_cannot_be_edited, EditsAtAnyPrice),
    Flaw("edit", SUITE.test_an_edit_without_a_clear_answer_is_unknown, NotEditedWhenUnknown, LOST),
    Flaw("made up", QUOTA, MakesUpItsQuota),
    Flaw("by posting", QUOTA, AsksForItsQuotaByPosting),
    Flaw(
        "made up in silence",
        SUITE.test_a_quota_that_cannot_be_read_is_refused_and_not_made_up,
        MakesUpItsQuota,
        {"how": LookFault.FORBIDDEN},
    ),
    Flaw(
        "no end",
        SUITE.test_an_end_of_credentials_that_cannot_be_read_is_refused_and_not_made_up,
        MakesUpItsEnd,
        {"how": LookFault.FORBIDDEN},
    ),
    Flaw("local", SUITE.test_the_end_of_credentials_is_a_time_in_utc, EndsInLocalTime),
]


@pytest.mark.parametrize("flaw", FLAWS, ids=str)
async def test_the_suite_catches(flaw: Flaw) -> None:
    await keep(flaw.promise, board_provider(), **flaw.given)
    with pytest.raises(CAUGHT):
        await keep(flaw.promise, board_provider(flaw.broken), **flaw.given)
