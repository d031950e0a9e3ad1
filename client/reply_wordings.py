"""Which wording of a saved reply somebody gets: neighbours get different ones, nobody the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from channels import registry
from channels.contract import CannotExpress
from channels.replying import Replies
from client.errors import WrongInput
from client.saved_replies import ReplyRulesView
from domain.errors import DomainError
from domain.mentions import Author, Mention
from domain.saved_replies import author_fault, fill
from store.desk import reply_rows
from store.desk.reading import MentionRow
from store.kernel.database import Database

Wording = tuple[int, str]
"""Its place among the wordings, counted from 0, and its text for somebody."""


class Wordings:
    """Chooses wordings for many mentions; a text is given out once for each channel.

    A platform may refuse what an account has said lately, and people notice it.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._used: dict[str, set[str]] = {}
        self._channels: dict[str, Replies] = {}

    async def look_up(self, rules: ReplyRulesView, saved: str, rows: Sequence[MentionRow]) -> None:
        """See which texts were used before, for all of ``rows`` at once."""
        wanted: dict[str, set[str]] = {}
        for row in rows:
            said = (text for _, text in _candidates(rules, saved, row))
            wanted.setdefault(row.mention.channel, set()).update(said)
        for channel, texts in wanted.items():
            used = await reply_rows.used_before(self._db, channel, texts)
            self._used.setdefault(channel, set()).update(used)

    def choose(
        self, rules: ReplyRulesView, saved: str, row: MentionRow, wanted: int | None = None
    ) -> Wording:
        """A wording for a mention that nobody got yet; ``look_up`` was asked before.

        ``wanted``: only the one in that place. Raises ``DomainError`` if there is none, and
        ``WrongInput`` if it does not fit the channel.
        """
        channel = row.mention.channel
        if channel in rules.reply(saved).unfit:
            raise WrongInput(
                f"Saved reply {saved} does not fit {channel}.",
                "Choose another, or answer in your own words.",
            )
        used = self._used.setdefault(channel, set())
        for place, text in _candidates(rules, saved, row):
            if text not in used and wanted in (None, place):
                self.refuse_unfit(row.mention, text)
                used.add(text)
                return place, text
        raise DomainError(
            f"Saved reply {saved} has no wording left for this author.",
            "Choose another, or answer in your own words.",
            means="Each was used already, or has a blank that the author's name cannot fill.",
        )

    def refuse_unfit(self, mention: Mention, text: str) -> None:
        """Raise ``WrongInput`` for what the mention's channel cannot carry."""
        name = mention.channel
        if name not in self._channels:
            channel, _ = registry.build_to_render(name)
            if not isinstance(channel, Replies):
                raise WrongInput(
                    f"{name} cannot be answered from here.",
                    "Answer on the platform, and dismiss the mention as answered elsewhere.",
                )
            self._channels[name] = channel
        try:
            self._channels[name].render_reply(text, mention)
        except CannotExpress as error:
            raise WrongInput(error.explanation.what, error.explanation.next_step) from error


def _candidates(rules: ReplyRulesView, saved: str, row: MentionRow) -> Iterator[Wording]:
    """Every wording that can be said to the author, the one whose turn it is first."""
    wordings = rules.reply(saved).wordings
    author = row.mention.author
    for turn in range(len(wordings)):
        place = (row.number + turn) % len(wordings)
        try:
            yield place, fill(wordings[place], _called(author))
        except DomainError:
            continue


def _called(author: Author) -> str:
    """What a reply calls somebody: the handle, or the name where the handle cannot be said.

    Who writes a mail has an address for a handle, and on Mastodon many have one like an address.
    """
    fits = author.handle and author_fault(author.handle) is None
    return author.handle if fits else author.name
