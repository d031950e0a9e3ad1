"""Trying the saved replies of a plan: whether each wording fits the channels that answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from channels.contract import Channel
from channels.reply_rules import unfit_for
from client.trial_days import SHORT
from domain.errors import Problem
from domain.playbook import Playbook
from domain.playbook_faults import at_its_place, problem_at
from domain.playbook_replies import RepliesPlan, saved_problems
from domain.saved_replies import with_facts
from domain.yaml_places import PlacedYaml


def reply_problems(
    plan: Playbook, replies: RepliesPlan, placed: PlacedYaml, channels: Sequence[Channel]
) -> Iterator[Problem]:
    """What is wrong with the replies, with its place in the file.

    Beside it, each wording that a channel could not carry, whatever is known.

    What long facts make too long is left out on the day, and approvers see that.
    """
    if replies.free is None and not replies.saved:
        step = "Add `saved:` with answers, or `free:` with the roles that may write their own."
        yield problem_at(placed, ("replies",), "replies lets nothing out.", step)
    wrong = saved_problems(replies, plan.fact_names)
    yield from (at_its_place(placed, one) for one in wrong)
    broken = {one.place[:5] for one in wrong}
    known = {**SHORT.facts, **plan.facts}
    for channel in channels:
        if not channel.capabilities.listens:
            at = ("replies", "channels", replies.channels.index(channel.name))
            detail = f"{channel.name} cannot be listened to, so there is nobody to answer there."
            yield problem_at(placed, at, detail, "Take it out.")
            continue
        for place, reply in enumerate(replies.saved):
            for number, wording in enumerate(reply.wordings):
                why = unfit_for(channel, with_facts(wording, known), links=reply.links)
                where = ("replies", "saved", place, "wordings", number)
                if why is None or where in broken:
                    continue
                links = "Take the link out, or write `links: true` beside `wordings`."
                step = links if "link" in why.split(",")[0] else "Say it in fewer words."
                yield problem_at(placed, where, f"the wording {why}.", step)
