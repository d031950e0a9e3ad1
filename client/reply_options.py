"""What somebody can answer to one mention now: saved replies with their words, and free words."""

from __future__ import annotations

from client.answering import refuse_private, rules_for
from client.engine import Engine
from client.errors import WrongInput
from client.replies import replies_to
from client.reply_wordings import Wordings
from client.saved_replies import ReplyRulesView, SavedReplyView
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Explanation
from domain.mentions import MentionState
from domain.model import Value
from store.desk import reply_rows
from store.desk.reading import MentionRow
from store.desk.reply_rows import ReplyRow


class SavedOption(Value):
    """A saved reply as this mention would get it; ``why_not``: why it cannot be sent."""

    name: str
    title: str
    wording: int = 0
    text: str = ""
    why_not: str = ""


class ReplyOptions(Value):
    """How a mention can be answered, and every reply to it so far, the last one at the end.

    ``current`` is the reply that answers it, will or perhaps did. ``refused`` says why nothing can
    be answered at all; ``free`` whether they may use their own words.
    """

    replies: tuple[ReplyRow, ...]
    current: ReplyRow | None
    saved: tuple[SavedOption, ...] = ()
    free: bool = False
    refused: Explanation | None = None

    @property
    def failed(self) -> ReplyRow | None:
        """The last reply, if it did not go out and there is no other."""
        return self.replies[-1] if self.replies and self.current is None else None


async def reply_options(engine: Engine, row: MentionRow, *, actor: Actor) -> ReplyOptions:
    """How ``actor`` can answer a mention, as of now."""
    rows = tuple(await replies_to(engine, row.number))
    current = next((one for one in rows if one.state in reply_rows.LIVE), None)
    if current is not None or row.state is not MentionState.OPEN:
        return ReplyOptions(replies=rows, current=current)
    try:
        refuse_private(row)
        rules = await rules_for(engine, row)
    except DomainError as error:
        return ReplyOptions(replies=rows, current=None, refused=error.explanation)
    free, wordings = rules.rules.free, Wordings(await engine.ledger())
    saved = []
    for one in rules.saved:
        await wordings.look_up(rules, one.name, [row])
        saved.append(_option(rules, one, row, wordings))
    return ReplyOptions(
        replies=rows,
        current=None,
        # Those that can be sent come first.
        saved=tuple(sorted(saved, key=lambda one: bool(one.why_not))),
        free=free is not None and free.may(actor.person),
    )


def _option(
    rules: ReplyRulesView, reply: SavedReplyView, row: MentionRow, wordings: Wordings
) -> SavedOption:
    named = SavedOption(name=reply.name, title=reply.title)
    if reply.why_not is not None:
        return named.model_copy(update={"why_not": reply.why_not.what})
    try:
        place, text = wordings.choose(rules, reply.name, row)
    except (DomainError, WrongInput) as error:
        return named.model_copy(update={"why_not": error.explanation.what})
    return named.model_copy(update={"wording": place, "text": text})
