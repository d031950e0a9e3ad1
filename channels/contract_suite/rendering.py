"""What becomes of a template: everything that was signed is in the copy, or it is refused."""

from __future__ import annotations

import pytest

from channels.contract import CannotExpress, Channel, ChannelKind, Template
from channels.contract_suite.attempts import LINK, MARK, VOICE, WORDS, attempt, rendered
from channels.contract_suite.base import PromisesOfChannel
from channels.contract_suite.watching import asked_outside
from domain.message import PERSONAL_FIELD, Voice

_NO_SIGN_OFF = VOICE.model_copy(update={"sign_off": ""})
_ODD = (
    Template(text=WORDS),
    Template(text=WORDS, subject="", voice=VOICE),
    Template(text="", subject=WORDS, html=f"<p>{WORDS}</p>", voice=VOICE),
    Template(text=WORDS, subject="Two\nlines", mark=MARK, voice=VOICE),
    Template(text=f"{WORDS} [[code]]", subject="[[code]]", mark=MARK, voice=VOICE),
    Template(
        text="\U0001f6a8 \u969c\u5bb3 \u0000\u200f\r\n<b>&amp;", subject="\u00fc", voice=VOICE
    ),
    Template(text=WORDS, subject=WORDS, voice=Voice(name="Joel")),
    Template(text=WORDS * 20_000, subject=WORDS * 200, link=LINK, mark=MARK, voice=VOICE),
)


class RenderingContract(PromisesOfChannel):
    """The promises of ``render``."""

    async def test_rendering_the_same_template_gives_the_same_copy(self, channel: Channel) -> None:
        assert rendered(channel) == rendered(channel)
        assert rendered(channel).channel == channel.name

    async def test_rendering_asks_no_clock_no_chance_and_no_network(self, channel: Channel) -> None:
        """What approvers signed would come out different when it is published."""
        rendered(channel)
        assert not asked_outside(lambda: rendered(channel)), "render reads more than its template"

    async def test_rendering_does_not_depend_on_what_was_published(self, channel: Channel) -> None:
        before = rendered(channel)
        await attempt(channel)
        assert rendered(channel) == before

    @pytest.mark.parametrize("template", _ODD, ids=range(len(_ODD)))
    async def test_any_template_is_rendered_or_cannot_be_expressed(
        self, channel: Channel, template: Template
    ) -> None:
        """Nothing else is raised: the playbook's author gets to read why."""
        try:
            copy = channel.render(template)
        except CannotExpress:
            return
        if channel.capabilities.kind is ChannelKind.POST:
            assert not PERSONAL_FIELD.search(copy.text), "a post has no recipients"

    async def test_an_empty_message_cannot_be_expressed(self, channel: Channel) -> None:
        with pytest.raises(CannotExpress):
            channel.render(Template(text="  \n ", subject=" ", mark=MARK, voice=VOICE))

    async def test_what_is_too_long_is_found_before_any_gate(self, channel: Channel) -> None:
        limit = channel.capabilities.max_length
        if limit is None:
            pytest.skip("this channel has no limit")
        with pytest.raises(CannotExpress):
            channel.render(Template(text="x" * (limit + 1), subject="s", mark=MARK, voice=VOICE))

    async def test_a_post_is_measured_with_its_mark_and_its_link(self, channel: Channel) -> None:
        """What a provider finds too long is refused in the middle of an incident."""
        limit = channel.capabilities.max_length
        if limit is None or channel.capabilities.kind is not ChannelKind.POST:
            pytest.skip("this channel has no limit, or no marks")
        full = Template(text="x" * limit, voice=_NO_SIGN_OFF)
        assert channel.render(full).text == full.text
        with pytest.raises(CannotExpress):
            channel.render(full.model_copy(update={"mark": MARK}))
        with pytest.raises(CannotExpress):
            channel.render(full.model_copy(update={"voice": VOICE}))
        try:
            with_link = channel.render(full.model_copy(update={"link": LINK}))
        except CannotExpress:
            return
        # Room for it can be left only where it does not travel in the text.
        assert LINK not in with_link.text
        assert with_link.link == LINK

    async def test_a_limit_in_bytes_is_measured_in_bytes(self, channel: Channel) -> None:
        limit = channel.capabilities.max_length
        if limit is None or channel.capabilities.length_unit != "bytes":
            pytest.skip("this channel has no limit in bytes")
        with pytest.raises(CannotExpress):
            channel.render(Template(text="\u00fc" * (limit // 2 + 1), subject="s", voice=VOICE))

    async def test_the_copy_of_a_post_keeps_mark_link_and_sign_off(self, channel: Channel) -> None:
        if channel.capabilities.kind is not ChannelKind.POST:
            pytest.skip("mail is recognised by its key, and signed by its sender")
        copy = rendered(channel)
        assert copy.mark == MARK, "find cannot recognise the post without copy.mark"
        assert MARK in copy.text
        assert WORDS in copy.text
        assert VOICE.sign_off in copy.text
        assert LINK in (copy.link, *copy.text.split())

    async def test_mail_keeps_its_words_and_its_sender(self, channel: Channel) -> None:
        if channel.capabilities.kind is not ChannelKind.DIRECT:
            pytest.skip("a post has neither subject nor sender")
        subject = f"{WORDS}, and what to do now"
        copy = channel.render(
            Template(text=WORDS, subject=subject, html=f"<p>{WORDS}</p>", voice=VOICE)
        )
        assert (copy.text, copy.subject, copy.html) == (WORDS, subject, f"<p>{WORDS}</p>")
        assert isinstance(copy.voice, Voice)
        assert (copy.voice.address, copy.voice.reply_to) == (VOICE.address, VOICE.reply_to)
