"""The templates of a plan: which there must be, and what each may contain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.errors import PlaybookInvalid, Problem
from domain.ids import SUBSCRIBERS
from domain.message import CLASS_OF, PERSONAL_FIELD, MessageClass, MessageKind
from domain.playbook import PAGE_CHANNEL, Playbook
from domain.suggest import did_you_mean
from domain.template_file import read_template, without_comments
from domain.templates import html_template_name, template_name, template_problems
from domain.yaml_places import Plain

TEMPLATE_ENDING = ".j2"
_YES = ("true", "yes", "on")
Planned = Mapping[str, tuple[MessageKind, str]]
"""File name -> the kind and the channel that it is for, or ``subscribers``."""


def planned_templates(content: Plain) -> Planned:
    """What the plan needs, read from the plain file, so that it works on a broken plan."""
    planned = {}
    messages = content.get("messages") if isinstance(content, dict) else None
    for name, plan in messages.items() if isinstance(messages, dict) else ():
        channels = plan.get("channels") if isinstance(plan, dict) else None
        if name not in list(MessageKind) or not isinstance(channels, list):
            continue
        kind = MessageKind(name)
        for channel in channels:
            if isinstance(channel, str):
                planned[template_name(kind, channel)] = (kind, channel)
        if isinstance(content, dict) and _tells_subscribers(content, plan, channels):
            planned[template_name(kind, SUBSCRIBERS)] = (kind, SUBSCRIBERS)
    return planned


def _tells_subscribers(content: Mapping[str, Plain], plan: Plain, channels: list[Plain]) -> bool:
    """``Playbook.tells_subscribers``, of the plain file."""
    told = plan.get(SUBSCRIBERS) if isinstance(plan, dict) else None
    if not isinstance(content.get(SUBSCRIBERS), dict):
        return False
    # Scalars of the plain file are texts.
    return PAGE_CHANNEL in channels if told is None else str(told).lower() in _YES


def templates_in(files: Mapping[str, str]) -> list[str]:
    """The names of the template files."""
    return sorted(name for name in files if name.endswith(TEMPLATE_ENDING))


def form_problems(content: Plain, planned: Planned, files: Mapping[str, str]) -> Iterable[Problem]:
    """Templates that are missing, and what can never work in those that are there."""
    yield from _missing(planned, files)
    yield from _strangers(planned, files)
    facts = _own_facts(content)
    for name in templates_in(files):
        yield from template_problems(name, files[name], facts)


def content_problems(
    playbook: Playbook, planned: Planned, files: Mapping[str, str]
) -> Iterable[Problem]:
    """Copy that its channel could not carry, as far as that can be known here.

    Each file must be there and be readable.
    """
    mail = mail_channels(playbook, planned, files)
    for name, (kind, channel) in sorted(planned.items()):
        if channel in mail and "subject" not in read_template(files[name], name).headers:
            step = "Begin it with `subject: …`, then a line of three hyphens (---)."
            yield Problem(name, "a mail needs a subject.", 1, next_step=step)
        own_html = html_template_name(kind, channel)
        if own_html in files and channel not in mail:
            detail = f"is HTML, and {channel} takes posts, which have none."
            yield Problem(own_html, detail, 1, next_step="Remove the file.")
        if channel == SUBSCRIBERS:
            yield from _codes_for_subscribers(name, files)
        else:
            yield from _personal(name, kind, channel in mail, files)


def mail_channels(playbook: Playbook, planned: Planned, files: Mapping[str, str]) -> frozenset[str]:
    """The channels that this playbook writes to as mail: by a subject, or a sender's address."""
    subjects = {channel for name, (_, channel) in planned.items() if _has_subject(name, files)}
    speaking = {channel for channel, voice in playbook.voices.items() if voice.address}
    writing = set() if playbook.subscribers is None else {playbook.subscribers.channel, SUBSCRIBERS}
    return frozenset(subjects | speaking | writing)


def _own_facts(content: Plain) -> frozenset[str] | None:
    """The names of the plan's own facts; None if they could not be read."""
    if not isinstance(content, dict):
        return None
    if "facts" not in content and set(content) - set(Playbook.model_fields):
        # One of the keys that this file does not know may have been meant.
        return None
    facts = content.get("facts", {})
    return frozenset(facts) if isinstance(facts, dict) else None


def _missing(planned: Planned, files: Mapping[str, str]) -> Iterable[Problem]:
    for name in sorted(planned):
        if name not in files:
            kind, channel = planned[name]
            detail = f"is missing: {kind} is planned for {channel}, and has no copy."
            near = did_you_mean(name, set(templates_in(files)) - set(planned) or {name}, "{}")
            step = near if near.startswith("Did") and name not in near else "Add the file."
            yield Problem(name, detail, next_step=step)


def _strangers(planned: Planned, files: Mapping[str, str]) -> Iterable[Problem]:
    """Copy of a planned message for a channel that it does not go to."""
    for name in templates_in(files):
        kind, _, channel = name.removesuffix(TEMPLATE_ENDING).removesuffix(".html").partition(".")
        wanted = {file: to for file, (of, to) in planned.items() if of == kind}
        channels = sorted(wanted.values())
        # A misspelt channel also leaves its file missing, and that is told already.
        if channels and channel not in channels and all(file in files for file in wanted):
            detail = f"is copy for {channel}, and the {kind} does not go there."
            near = did_you_mean(channel, channels)
            add = f"Add {channel} to its channels in playbook.yaml, or remove the file."
            if channel == SUBSCRIBERS:
                add = f"Write `{SUBSCRIBERS}: true` in its plan, or remove the file."
            yield Problem(name, detail, 1, next_step=near if near.startswith("Did") else add)


def _has_subject(name: str, files: Mapping[str, str]) -> bool:
    try:
        return name in files and "subject" in read_template(files[name], name).headers
    except PlaybookInvalid:
        return False


def _personal(
    name: str, kind: MessageKind, mail: bool, files: Mapping[str, str]
) -> Iterable[Problem]:
    """Places for a recipient's own code where nobody has one, and mail that lacks it."""
    goodwill = CLASS_OF[kind] is MessageClass.GOODWILL
    html = name.removesuffix(TEMPLATE_ENDING) + ".html" + TEMPLATE_ENDING
    for file in [one for one in (name, html) if one in files]:
        copy = without_comments(files[file])
        found = PERSONAL_FIELD.search(copy)
        line = copy.count("\n", 0, found.start()) + 1 if found else None
        if found and not mail:
            detail = "a post is the same for everybody, so it cannot contain a [[field]]."
            yield Problem(file, detail, line, next_step="Take it out, or move it to the mail.")
        elif found and not goodwill:
            detail = "only a goodwill offer carries codes, and this is not one."
            yield Problem(file, detail, line, next_step=f"Take {found[0]} out.")
        elif mail and goodwill and not found:
            detail = "promises something to each recipient, and has no place for the code."
            yield Problem(file, detail, next_step="Write [[code]] where the code is to stand.")


def _codes_for_subscribers(name: str, files: Mapping[str, str]) -> Iterable[Problem]:
    """Places for a recipient's own code, where each subscriber gets the same words."""
    html = name.removesuffix(TEMPLATE_ENDING) + ".html" + TEMPLATE_ENDING
    for file in [one for one in (name, html) if one in files]:
        copy = without_comments(files[file])
        found = PERSONAL_FIELD.search(copy)
        if found:
            detail = f"subscribers have no {found[0]}: only mail to customers carries codes."
            line = copy.count("\n", 0, found.start()) + 1
            yield Problem(file, detail, line, next_step=f"Take {found[0]} out.")


def odd_templates(planned: Planned, files: Mapping[str, str]) -> Iterable[Problem]:
    """Templates that would work, but are probably a mistake."""
    used = set(planned) | {html_template_name(*one) for one in planned.values()}
    for name in templates_in(files):
        if name not in used:
            yield Problem(name, "is used by no message.", next_step=did_you_mean(name, planned))
