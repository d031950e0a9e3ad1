"""Voices: who speaks on a channel, at which stage, and at night; and who may speak as whom."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.contact import QuietHours
from domain.model import Value, unsaid
from domain.public_text import PublicLine, PublicText
from domain.roster import Role
from domain.stage import Stage


class Voice(Value):
    """Who speaks on a channel: sender name and address for mail, sign-off for posts."""

    name: PublicLine
    address: PublicLine | None = None
    reply_to: PublicLine | None = None
    sign_off: PublicText = ""


class SpokenVoice(Voice):
    """The voice of somebody. With ``spoken_by``, somebody of that role writes or signs it."""

    spoken_by: Role | None = Field(default=None, exclude_if=unsaid)

    def alone(self) -> Voice:
        """What approvers sign of it, and what goes out."""
        return Voice(
            name=self.name, address=self.address, reply_to=self.reply_to, sign_off=self.sign_off
        )


class NightVoice(SpokenVoice):
    """The voice between two hours of the day in ``zone``, an IANA time zone."""

    hours: QuietHours
    zone: str = "UTC"

    def speaks(self, at: datetime) -> bool:
        """Whether it is night at that moment."""
        return self.hours.cover(at.astimezone(ZoneInfo(self.zone)).time())


class VoicePlan(SpokenVoice):
    """Who speaks on a channel: usually, at some stages, and at night, which comes first."""

    by_stage: dict[Stage, SpokenVoice] = Field(default_factory=dict, exclude_if=unsaid)
    at_night: NightVoice | None = Field(default=None, exclude_if=unsaid)

    def speaking(self, stage: Stage | None, at: datetime) -> SpokenVoice:
        """Who speaks in a message of ``stage`` that is written at that moment."""
        if self.at_night is not None and self.at_night.speaks(at):
            return self.at_night
        return self if stage is None else self.by_stage.get(stage, self)

    def every(self) -> tuple[SpokenVoice, ...]:
        """Each voice that there is on the channel, the usual one first."""
        night = (self.at_night,) if self.at_night is not None else ()
        return (self, *self.by_stage.values(), *night)
