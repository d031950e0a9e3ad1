"""Saved replies: the reply rules in force for an incident, and what lets a reply out by them."""

from __future__ import annotations

from client.engine import Engine
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep
from domain.ids import MessageRef, check_slug
from domain.message import Document, MessageKind
from domain.model import Value
from domain.plural import plural
from domain.replies import ReplyBasis, ReplyGround
from domain.saved_replies import ReplyRules, SavedReply
from store.record import drafts, incidents, messages, openings

REPLY_RULES = MessageKind.REPLY_RULES.value


class SavedReplyView(Value):
    """A saved reply as it was signed. ``why_not`` says why it cannot be sent now; None: it can.

    ``changed`` are the facts that hold it, because they changed since; see ``SavedReply`` for
    ``unset`` and ``unfit``.
    """

    name: str
    title: str
    wordings: tuple[str, ...]
    facts: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()
    why_not: Explanation | None = None


class ReplyRulesView(Value):
    """The reply rules in force: the message that they were signed in, and all that they let out."""

    incident: str
    number: int
    revision: int
    rules: ReplyRules
    saved: tuple[SavedReplyView, ...] = ()

    def reply(self, name: str) -> SavedReplyView:
        """The saved reply of that name; ``DomainError`` if there is none."""
        for one in self.saved:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.saved) or "none"
        raise DomainError(f"There is no saved reply {name[:40]!r}.", f"There are: {known}.")


async def reply_rules(engine: Engine, incident: str) -> ReplyRulesView | None:
    """What may be replied in an incident now; None if nothing may.

    Read from the ledger alone, so that it can be read while Temporal is down. ``DomainError`` if
    somebody changed the rules in the database.
    """
    ledger = await engine.ledger()
    slug = check_slug(incident)
    found = await incidents.find(ledger, slug)
    opening = await openings.newest_form(ledger, slug)
    if found is None or found.closed_at is not None or opening is None:
        return None
    ref = MessageRef(incident=slug, number=opening.number, revision=opening.revision)
    document = await messages.load_revision(ledger, ref)
    if document.replies is None or document.digest() != opening.digest:
        raise DomainError(
            f"The reply rules in message {opening.number} are not those that were signed.",
            "Propose them anew, and find out who may write to the database.",
            means="No reply goes out by them.",
        )
    rules, known = document.replies, await drafts.newest_facts(ledger, slug)
    return ReplyRulesView(
        incident=slug,
        number=opening.number,
        revision=opening.revision,
        rules=rules,
        saved=tuple(_view(rules, one, known, slug) for one in rules.saved),
    )


def _view(rules: ReplyRules, reply: SavedReply, known: dict[str, str], slug: str) -> SavedReplyView:
    return SavedReplyView(
        **dict(reply),
        changed=rules.changed(reply, known),
        why_not=rules.why_not(reply, known, slug),
    )


class Comparison(Value):
    """Rules at their gate beside those in force, in message ``number``: names of saved replies.

    ``gone`` are in force and would not be any more; ``others`` says whether the people who may
    reply freely, the checks or the channels differ.
    """

    number: int
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    others: bool = False


async def compared(engine: Engine, document: Document) -> Comparison | None:
    """What signing a document of reply rules would change; None without any in force before it."""
    rules = document.replies
    view = await reply_rules(engine, document.incident) if rules is not None else None
    if rules is None or view is None or view.number >= document.number:
        return None
    before = {one.name: one for one in view.rules.saved}
    after = {one.name: one for one in rules.saved}
    ours, theirs = (
        one.model_copy(update={"saved": (), "facts": {}}) for one in (rules, view.rules)
    )
    return Comparison(
        number=view.number,
        new=tuple(name for name in after if name not in before),
        changed=tuple(name for name in after if name in before and after[name] != before[name]),
        gone=tuple(name for name in before if name not in after),
        others=ours != theirs,
    )


async def held_notices(engine: Engine, incident: str) -> list[Explanation]:
    """What keeps saved replies that are in force from being sent, if anything does."""
    view = await reply_rules(engine, incident)
    held = [one for one in view.saved if one.changed] if view is not None else []
    if view is None or not held:
        return []
    facts = sorted({fact for one in held for fact in one.changed})
    replies = plural(len(held), "saved reply is", "saved replies are")
    return [
        Explanation(
            what=f"{replies} held: {', '.join(one.name for one in held)}.",
            means=f"They cannot be sent: {', '.join(facts)} changed after they were signed.",
            next_step=NextStep(
                action=Action.PROPOSE,
                incident=incident,
                about=REPLY_RULES,
                advice="Propose the reply rules anew, and have them signed.",
            ),
        )
    ]


def refuse_no_rules(view: ReplyRulesView | None, incident: str) -> ReplyRulesView:
    """The view, or ``DomainError`` that nothing may be replied in the incident yet."""
    if view is not None:
        return view
    raise DomainError(
        f"No reply rules are in force for {incident}.",
        NextStep(
            action=Action.PROPOSE,
            incident=incident,
            about=REPLY_RULES,
            advice="Propose them, and have them signed.",
        ),
        means="Nobody can be answered from here until then.",
    )


def ground_for_saved(view: ReplyRulesView, name: str, wording: int, by: str) -> ReplyGround:
    """What lets wording ``wording`` of a saved reply out, counted from 0; ``by`` is who sends it.

    ``DomainError`` if it cannot be sent now.
    """
    reply = view.reply(name)
    if reply.why_not is not None:
        raise DomainError.of(reply.why_not)
    if not 0 <= wording < len(reply.wordings):
        raise DomainError(
            f"Saved reply {name} has no wording {wording + 1}.",
            f"It has {len(reply.wordings)}.",
        )
    return ReplyGround(
        basis=ReplyBasis.FORM,
        incident=view.incident,
        number=view.number,
        revision=view.revision,
        saved=name,
        wording=wording,
        by=by,
    )


def ground_for_free(view: ReplyRulesView, by: str, second: str = "") -> ReplyGround:
    """What lets a free reply of ``by`` out, to which ``second`` agreed; "": nobody did.

    ``DomainError`` if ``by`` may not reply freely. ``view.rules.needs_second`` tells whether a text
    needs somebody.
    """
    free = view.rules.free
    if free is None or not free.may(by):
        who = f"Those who are {' or '.join(free.roles)} may. " if free else ""
        raise DomainError(
            f"{by[:40]} may not reply in their own words in {view.incident}.",
            f"{who}Use a saved reply.",
        )
    return ReplyGround(
        basis=ReplyBasis.ROLE,
        incident=view.incident,
        number=view.number,
        revision=view.revision,
        by=by,
        second=second,
    )
