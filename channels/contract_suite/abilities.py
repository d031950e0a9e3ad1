"""The abilities that a channel may have besides, each skipped where it is not declared.

A class that has the method has the ability. All of them need a stand-in that shows its ``posts``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import (
    CannotExpress,
    CarriesImages,
    Channel,
    CredentialsExpire,
    Edits,
    Image,
    OutcomeUnknown,
    Publication,
    Refused,
    ReportsQuota,
    Unreachable,
)
from channels.contract_suite.attempts import (
    KEY,
    OTHER_WORDS,
    attempt,
    eventually,
    rendered,
    tell,
)
from channels.contract_suite.base import PromisesOfChannel
from channels.contract_suite.stand_in import (
    NOT_TAKEN,
    TAKEN,
    LookFault,
    Misbehaviour,
    Post,
    ShowsPosts,
    StandIn,
)

PICTURE = b"\x89PNG\r\n\x1a\n of a valve, closed"
ALT = "The valve, closed"
_LOST = [*NOT_TAKEN, *TAKEN]


class AbilitiesContract(PromisesOfChannel):
    """The promises of images, edits, quotas and credentials that expire."""

    @pytest.fixture
    def with_images(self, channel: Channel) -> CarriesImages:
        if not isinstance(channel, CarriesImages):
            pytest.skip("this channel does not declare CarriesImages")
        return channel

    @pytest.fixture
    def with_edits(self, channel: Channel) -> Edits:
        if not isinstance(channel, Edits):
            pytest.skip("this channel does not declare Edits")
        return channel

    @pytest.fixture
    def with_quota(self, channel: Channel) -> ReportsQuota:
        if not isinstance(channel, ReportsQuota):
            pytest.skip("this channel does not declare ReportsQuota")
        return channel

    @pytest.fixture
    def with_expiry(self, channel: Channel) -> CredentialsExpire:
        if not isinstance(channel, CredentialsExpire):
            pytest.skip("this channel does not declare CredentialsExpire")
        return channel

    # Images

    async def test_an_image_is_published_in_one_post_with_words_and_alt_text(
        self, provider: StandIn, channel: Channel, with_images: CarriesImages
    ) -> None:
        receipt = await with_images.publish_image(_publication(channel), _image(with_images))
        [post] = await _posts(provider)
        assert (post.id, post.text) == (receipt.id, rendered(channel).text)
        assert (post.image, post.alt) == (PICTURE, ALT)

    async def test_an_image_that_cannot_be_carried_is_found_before_anything_is_sent(
        self, provider: StandIn, channel: Channel, with_images: CarriesImages
    ) -> None:
        image = _image(with_images)
        for change in (
            {"alt": "  "},
            {"media_type": "image/of-tomorrow"},
            {"data": b"x" * (with_images.image_limit + 1)},
            {"data": b""},
        ):
            with pytest.raises(CannotExpress):
                await with_images.publish_image(
                    _publication(channel), image.model_copy(update=change)
                )
        assert await provider.accepted() == []

    @pytest.mark.parametrize("how", _LOST, ids=lambda how: how.name.lower())
    async def test_an_image_without_a_clear_answer_is_unknown_and_not_sent_again(
        self, provider: StandIn, channel: Channel, with_images: CarriesImages, how: Misbehaviour
    ) -> None:
        await tell(provider, how)
        with pytest.raises(OutcomeUnknown):
            await with_images.publish_image(_publication(channel), _image(with_images))
        if how in TAKEN:
            await eventually(provider.accepted)
        assert len(await provider.accepted()) == (how in TAKEN)

    async def test_a_failed_upload_of_an_image_means_that_nothing_went_out(
        self, provider: StandIn, channel: Channel, with_images: CarriesImages
    ) -> None:
        # What publishes nothing by itself fails like a look.
        await tell(provider, LookFault.FAILS)
        with pytest.raises(Unreachable):
            await with_images.publish_image(_publication(channel), _image(with_images))
        assert await provider.accepted() == []

    # Edits

    async def test_an_edit_replaces_all_words_and_keeps_the_id(
        self, provider: StandIn, channel: Channel, with_edits: Edits
    ) -> None:
        before = await attempt(channel)
        copy = rendered(channel, OTHER_WORDS)
        after = await with_edits.edit(before, copy)
        [post] = await _posts(provider)
        assert (after.id, post.id, post.text) == (before.id, before.id, copy.text)

    async def test_a_post_that_is_gone_cannot_be_edited(
        self, channel: Channel, with_edits: Edits
    ) -> None:
        gone = (await attempt(channel)).model_copy(update={"id": "404404404"})
        with pytest.raises(Refused):
            await with_edits.edit(gone, rendered(channel, OTHER_WORDS))

    @pytest.mark.parametrize("how", _LOST, ids=lambda how: how.name.lower())
    async def test_an_edit_without_a_clear_answer_is_unknown(
        self, provider: StandIn, channel: Channel, with_edits: Edits, how: Misbehaviour
    ) -> None:
        receipt = await attempt(channel)
        await tell(provider, how)
        with pytest.raises(OutcomeUnknown):
            await with_edits.edit(receipt, rendered(channel, OTHER_WORDS))
        [post] = await _posts(provider)
        assert (OTHER_WORDS in post.text) == (how in TAKEN)

    # Quotas and credentials

    async def test_a_quota_is_read_without_publishing_and_falls_with_each_post(
        self, provider: StandIn, channel: Channel, with_quota: ReportsQuota
    ) -> None:
        before = await with_quota.quota()
        assert await provider.accepted() == []
        assert 0 <= before.remaining <= before.limit
        assert before.resets_at > datetime.now(UTC) - timedelta(minutes=1)
        await attempt(channel)
        assert (await with_quota.quota()).remaining < before.remaining

    async def test_the_end_of_credentials_is_a_time_in_utc(
        self, provider: StandIn, channel: Channel, with_expiry: CredentialsExpire
    ) -> None:
        end = await with_expiry.credentials_expire_at()
        assert end is None or end.utcoffset() == timedelta(0)
        assert await provider.accepted() == []

    @pytest.mark.parametrize(
        "how", [LookFault.CREDENTIALS_DEAD, LookFault.FORBIDDEN], ids=lambda how: how.name.lower()
    )
    async def test_a_quota_that_cannot_be_read_is_refused_and_not_made_up(
        self, provider: StandIn, with_quota: ReportsQuota, how: LookFault
    ) -> None:
        await tell(provider, how)
        with pytest.raises(Refused):
            await with_quota.quota()

    @pytest.mark.parametrize(
        "how", [LookFault.CREDENTIALS_DEAD, LookFault.FORBIDDEN], ids=lambda how: how.name.lower()
    )
    async def test_an_end_of_credentials_that_cannot_be_read_is_refused_and_not_made_up(
        self, provider: StandIn, with_expiry: CredentialsExpire, how: LookFault
    ) -> None:
        await tell(provider, how)
        with pytest.raises(Refused):
            await with_expiry.credentials_expire_at()


def _publication(channel: Channel) -> Publication:
    return Publication(KEY, rendered(channel))


def _image(channel: CarriesImages) -> Image:
    return Image(data=PICTURE, media_type=min(channel.image_types), alt=ALT)


async def _posts(provider: StandIn) -> list[Post]:
    posts = await provider.posts() if isinstance(provider, ShowsPosts) else None
    assert posts is not None, "a stand-in for this ability shows its posts(); MockProvider: posts="
    return posts
