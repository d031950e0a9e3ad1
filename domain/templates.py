"""Turns a template file and what is known into the copy of one channel.

Copy with a subject is mail. Its HTML is made from its text, unless a file of the same name with
``.html`` before ``.j2`` writes its own. ``[[code]]`` stays as it is: it is filled in for each
recipient, long after the copy was signed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import Field

from domain.copy_check import ANY, Names, find_problems
from domain.copy_language import OUTPUT_LIMIT, WRITTEN_AT, fill
from domain.errors import DomainError, PlaybookInvalid, Problem
from domain.facts import COPY_FACTS
from domain.ids import ChannelName, Slug
from domain.mail_html import html_page
from domain.message import MessageKind, Voice
from domain.model import Value
from domain.offer import OfferTerms
from domain.public_text import ADDRESS_START, fault_in, is_blank, link_fault, refuse_faulty
from domain.template_file import Part, read_template
from domain.times import UtcTime

SUBJECT_LIMIT = 250
LINK_LIMIT = 2000

_LINK = re.compile(ADDRESS_START + r"[^\s<>\"]+")


class RenderContext(Value):
    """What a template may show. ``facts`` are texts by name; ``ordinal`` counts within the kind.

    ``unsubscribe_link`` and ``manage_link`` are the places for each recipient's own, where the mail
    has them. ``at`` is when it is written: a time on another day is shown with its day.
    ``not_ours`` are channels in quarantine, without the one that this is for.
    """

    incident: Slug
    title: str
    company: str
    kind: MessageKind
    ordinal: int = Field(ge=1)
    mark: str = ""
    voice: Voice | None = None
    facts: dict[str, str] = Field(default_factory=dict)
    link: str | None = None
    next_update_by: UtcTime | None = None
    offer: OfferTerms | None = None
    unsubscribe_link: str | None = None
    manage_link: str | None = None
    at: UtcTime | None = None
    not_ours: tuple[ChannelName, ...] = ()

    def values(self) -> dict[str, object]:
        """The values by the names that templates use, with groups as mappings."""
        plain = ("incident", "title", "company", "ordinal", "mark", "link", "next_update_by")
        return {
            **{name: getattr(self, name) for name in plain},
            "unsubscribe_link": self.unsubscribe_link,
            "manage_link": self.manage_link,
            "not_ours": " or ".join(self.not_ours),
            WRITTEN_AT: self.at,
            "kind": self.kind.value.replace("_", " "),
            "voice": dict(self.voice) if self.voice else {},
            "facts": {name: text.strip() for name, text in self.facts.items()},
            "offer": dict(self.offer) if self.offer else {},
        }


class Rendered(Value):
    """One channel's words, before the channel itself has rendered them."""

    text: str
    subject: str | None = None
    html: str | None = None
    link: str | None = None


def template_name(kind: MessageKind, channel: str) -> str:
    """``<kind>.<channel>.j2``."""
    return f"{kind.value}.{channel}.j2"


def html_template_name(kind: MessageKind, channel: str) -> str:
    """``<kind>.<channel>.html.j2``, which need not be there."""
    return f"{kind.value}.{channel}.html.j2"


def render(
    kind: MessageKind, channel: str, files: Mapping[str, str], context: RenderContext
) -> Rendered:
    """Fill in the template of one kind and channel.

    ``files`` are a playbook's files by name. Raises ``PlaybookInvalid`` naming the file, the line
    and each value that is not filled yet: at most one of the subject, link, text and HTML each.
    """
    file = template_name(kind, channel)
    if file not in files:
        raise PlaybookInvalid(
            [Problem(file, "there is no such file.", next_step="Add it to the playbook's folder.")]
        )
    names = template_names_for(frozenset(context.facts))
    values = context.values()
    problems: list[Problem] = []

    def filled(part: Part, name: str = file, *, html: bool = False) -> str:
        found = find_problems(part.source, name, names, html=html, first_line=part.line)
        problems.extend(found)
        try:
            if found:
                return ""
            text = fill(part.source, name, values, html=html, first_line=part.line)
            # Before it is tidied, which would hide some of what must not be there.
            fault = fault_in(text.replace(context.mark, "") if context.mark else text)
            if fault is not None:
                detail = f"once it is filled in, it {fault}"
                problems.append(Problem(name, detail, next_step=fault.next_step))
            return text
        except PlaybookInvalid as error:
            problems.extend(error.problems)
            return ""

    parts = read_template(files[file], file)
    headers = {name: _one_line(filled(part)) for name, part in parts.headers.items()}
    text, subject, link = _tidy(filled(parts.body)), headers.get("subject"), headers.get("link")
    html = None
    own_html = html_template_name(kind, channel)
    if own_html in files:
        html = filled(Part(files[own_html], 1), own_html, html=True)
    elif subject:
        html = html_page(text, subject)
    if not problems:
        problems = [Problem(file, one) for one in _unfit(text, subject, link)]
    if problems:
        raise PlaybookInvalid(problems)
    return Rendered(text=text, subject=subject, html=html, link=link or None)


def free_copy(
    text: str, channel: str, *, subject: str | None = None, link: str | None = None
) -> Rendered:
    """Free copy: used exactly as a person wrote it; template syntax in it means nothing.

    Raises ``DomainError`` for copy that no channel could carry; it names ``channel``.
    """
    refuse_faulty(text, f"The text for {channel}")
    refuse_faulty(subject or "", f"The subject for {channel}")
    words = _tidy(text)
    subject = _one_line(subject) if subject is not None else None
    unfit = _unfit(words, subject, link)
    if unfit:
        raise DomainError(
            f"The copy for {channel} cannot go out: {unfit[0]}", "Change it and propose it again."
        )
    return Rendered(
        text=words,
        subject=subject,
        html=html_page(words, subject) if subject else None,
        link=link or None,
    )


def template_problems(file: str, source: str, facts: frozenset[str] | None) -> list[Problem]:
    """Everything in a template file that can never work: its header, then its body.

    ``facts`` are the names that the playbook adds to those of ``Facts``; None if they could not be
    read, so that any may be meant.
    """
    names = template_names_for(facts)
    if len(source) > OUTPUT_LIMIT:
        detail = f"is longer than {OUTPUT_LIMIT:,} characters."
        return [Problem(file, detail, next_step="Is this really a template?")]
    if file.endswith(".html.j2"):
        return find_problems(source, file, names, html=True)
    try:
        parts = read_template(source, file)
    except PlaybookInvalid as error:
        return list(error.problems)
    found = [
        problem
        for part in (*parts.headers.values(), parts.body)
        for problem in find_problems(part.source, file, names, first_line=part.line)
    ]
    if not parts.body.source.strip():
        found.append(Problem(file, "is empty.", next_step="Write the copy below the header."))
    return found


def template_names_for(facts: frozenset[str] | None) -> Names:
    """What templates may name, in a playbook that has these facts of its own."""
    groups = {
        "voice": frozenset(Voice.model_fields),
        "facts": ANY if facts is None else frozenset(COPY_FACTS) | facts,
        "offer": frozenset(OfferTerms.model_fields),
    }
    return {name: groups.get(name) for name in RenderContext.model_fields if name != "at"}


def _tidy(text: str) -> str:
    """One kind of line end, nothing loose at the ends, no gaps where an ``{% if %}`` was false."""
    lines = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def _one_line(text: str) -> str:
    # A line end in a subject would begin another header of the mail.
    return " ".join(text.split())


def _unfit(text: str, subject: str | None, link: str | None) -> list[str]:
    found = []
    if is_blank(text):
        found.append("the text is empty.")
    if len(text) > OUTPUT_LIMIT:
        found.append(f"the text is longer than {OUTPUT_LIMIT:,} characters.")
    if subject is not None and not 0 < len(subject) <= SUBJECT_LIMIT:
        found.append(f"the subject must have 1 to {SUBJECT_LIMIT} characters.")
    if link and (len(link) > LINK_LIMIT or not _LINK.fullmatch(link)):
        found.append("the link must be one whole address that begins with https://.")
    elif link and link_fault(link):
        found.append(f"the link has {link_fault(link)}.")
    return found
