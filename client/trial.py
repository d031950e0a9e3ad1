"""Trying a plan: every message written for every channel, as the worker would write it that day.

What is wrong with copy often shows only once it is filled in: a post that is too long, a sender
without an address. The facts of that day are not known, so the copy is tried with short ones, with
the longest that are sensible, and with none. Nothing is sent, and no credential is needed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from channels import registry
from channels.configured import ChannelMisconfigured
from channels.contract import CannotExpress, Channel
from channels.copies import is_direct, refuse_misplaced
from channels.writing import Writing
from client.holding_trial import holding_trial
from client.reply_trial import reply_problems
from client.stack import stack_file
from client.trial_days import LONG, NOON, NOTHING, SHORT, Day
from domain.errors import DomainError, PlaybookInvalid, Problem
from domain.ids import SUBSCRIBERS
from domain.message import MessageKind, Voice
from domain.playbook import Playbook
from domain.playbook_faults import problem_at
from domain.suggest import did_you_mean
from domain.template_file import read_template
from domain.templates import html_template_name, template_name
from domain.yaml_places import PlacedYaml
from settings import Settings

_PROBE = Voice(name="x", address="someone@example.com")


@dataclass
class Trial:
    """What was found: ``never`` works whatever is known, ``at_worst`` only with long facts.

    Both by the kind of message. ``direct`` are the channels that write to each recipient,
    ``unknown`` those that do not exist here.
    """

    never: dict[MessageKind, list[Problem]] = field(default_factory=dict)
    at_worst: dict[MessageKind, list[Problem]] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)
    direct: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)


def try_plan(
    settings: Settings,
    plan: Playbook,
    placed: PlacedYaml,
    files: Mapping[str, str],
    broken: Collection[str],
) -> Trial:
    """Write every message of the plan for every channel, but not from files that are ``broken``.

    Blocks while the channels' packages are imported.
    """
    trial = Trial()
    channels = _Channels(settings, plan, placed, trial)
    for kind, message in plan.messages.items():
        for name in message.channels:
            channel = channels.get(name)
            own = {template_name(kind, name), html_template_name(kind, name)}
            if channel is None or own & set(broken):
                continue
            configured = name in channels.configured
            _try(_Attempt(plan, placed, files, kind, channel, settings, configured), trial)
        told = plan.subscribers if plan.tells_subscribers(kind) else None
        channel = channels.get(told.channel) if told else None
        own = {template_name(kind, SUBSCRIBERS), html_template_name(kind, SUBSCRIBERS)}
        if channel is None or own & set(broken):
            continue
        configured = channel.name in channels.configured
        _try(_Attempt(plan, placed, files, kind, channel, settings, configured, SUBSCRIBERS), trial)
    if plan.replies is not None:
        answering = [one for name in plan.replies.channels if (one := channels.get(name))]
        found = reply_problems(plan, plan.replies, placed, answering)
        _add(trial.never, MessageKind.REPLY_RULES, found)
    if plan.holding is not None:
        names = {name for one in plan.holding.statements for name in one.channels}
        built = {name: one for name in names if (one := channels.get(name)) is not None}
        found = holding_trial(plan, plan.holding, placed, built)
        _add(trial.never, MessageKind.HOLDING_STATEMENTS, found)
    return trial


class _Channels:
    """The channels of a plan, built to render; what keeps one from it is found once.

    ``configured`` are those of which we know what the worker knows.
    """

    def __init__(
        self, settings: Settings, plan: Playbook, placed: PlacedYaml, trial: Trial
    ) -> None:
        self._settings, self._plan, self._placed, self._trial = settings, plan, placed, trial
        self.configured: set[str] = set()
        names = dict.fromkeys(
            name for message in plan.messages.values() for name in message.channels
        )
        if plan.replies is not None:
            names.update(dict.fromkeys(plan.replies.channels))
        if plan.holding is not None:
            names.update(dict.fromkeys(n for one in plan.holding.statements for n in one.channels))
        if plan.subscribers is not None:
            names[plan.subscribers.channel] = None
        self._built = {name: self._build(name) for name in names}

    def get(self, name: str) -> Channel | None:
        """The channel, if copy can be tried on it."""
        return self._built[name]

    def _build(self, name: str) -> Channel | None:
        known = registry.known()
        if name not in known:
            detail = f"there is no channel called {name}."
            self._trial.unknown.add(name)
            self._blame(name, detail, did_you_mean(name, known))
            return None
        if name not in self._settings.channels:
            self._trial.warnings.append(
                self._at(
                    name,
                    f"no worker here sends to {name}, because it is not in FRONTFOOT_CHANNELS.",
                    "Add it there with its credentials, or take it out of the plan.",
                )
            )
        try:
            channel, configured = registry.build_to_render(name, env_file=".env")
        except ChannelMisconfigured as error:
            detail = f"copy could not be tried on {name}. {error.what}"
            self._trial.warnings.append(self._at(name, detail, error.next_step))
            return None
        if is_direct(channel):
            self._trial.direct.add(name)
        if configured or self._is_stack_here():
            self.configured.add(name)
        return channel

    def _is_stack_here(self) -> bool:
        """Whether the worker runs on this machine, with the settings that are read here."""
        running = stack_file.read(self._settings.state_dir)
        return running is not None and running.runs()

    def _blame(self, name: str, detail: str, step: str) -> None:
        problem = self._at(name, detail, step)
        for kind, message in self._plan.messages.items():
            told = self._plan.subscribers if self._plan.tells_subscribers(kind) else None
            if name in message.channels or (told and told.channel == name):
                self._trial.never.setdefault(kind, []).append(problem)
        if self._plan.replies is not None and name in self._plan.replies.channels:
            self._trial.never.setdefault(MessageKind.REPLY_RULES, []).append(problem)

    def _at(self, name: str, detail: str, step: str) -> Problem:
        using = [(kind, one) for kind, one in self._plan.messages.items() if name in one.channels]
        replies = self._plan.replies
        if not using and replies is not None and name in replies.channels:
            at = ("replies", "channels", replies.channels.index(name))
            return problem_at(self._placed, at, detail, step)
        if not using:
            return problem_at(self._placed, (SUBSCRIBERS, "channel"), detail, step)
        kind, message = using[0]
        place = ("messages", kind.value, "channels", message.channels.index(name))
        return problem_at(self._placed, place, detail, step)


@dataclass(frozen=True)
class _Attempt:
    """One message for one channel; ``audience`` if that has copy of its own."""

    plan: Playbook
    placed: PlacedYaml
    files: Mapping[str, str]
    kind: MessageKind
    channel: Channel
    settings: Settings
    configured: bool
    audience: str | None = None

    @property
    def written_for(self) -> str:
        """What its template is named by."""
        return self.audience or self.channel.name

    def write(self, day: Day, *, links: bool, voice: Voice | None) -> bool:
        """Write it, and say whether the channel had to add the mark.

        Raises ``PlaybookInvalid``, ``CannotExpress`` or ``DomainError``.
        """
        name, audience = self.channel.name, self.audience
        writing = Writing(
            incident=self.plan.name[:48].strip("-"),
            title=day.title,
            plan=self.plan,
            kind=self.kind,
            ordinal=day.ordinal,
            at=NOON,
            files=self.files,
            facts=day.facts,
            draft={},
            link=self.plan.link,
            next_update_by=day.next_update_by,
            not_ours=day.not_ours,
            links=links,
        )
        rendered = writing.rendered(self.channel, audience, voice)
        copy = writing.final(self.channel, audience, voice, rendered)
        direct = [name] if is_direct(self.channel) else []
        linked = [name] if writing.is_linked(self.channel) else []
        refuse_misplaced(self.kind, [copy], direct=direct, linked=linked)
        return writing.mark in copy.text and writing.mark not in rendered.text

    def odd(self) -> Iterable[Problem]:
        """What is probably a mistake in what could be written."""
        if self.write(SHORT, links=True, voice=self._voice()):
            file = template_name(self.kind, self.written_for)
            detail = "does not show the mark, so the post gets it as a last line."
            yield Problem(file, detail, next_step="Write {{ mark }} where it reads well.")

    def problems(self, day: Day, *, links: bool, optional: bool = False) -> list[Problem]:
        """What is wrong on such a day; with ``optional``, unknown facts are no problem."""
        voice = self._voice()
        try:
            self.write(day, links=links, voice=voice)
        except PlaybookInvalid as error:
            return [] if optional else list(error.problems)
        except CannotExpress as error:
            place = self._wrong_in_voice(day, links=links, voice=voice)
            if place:
                return [problem_at(self.placed, place, error.message, error.next_step)]
            return [self._in_copy(error.message, error.next_step)]
        except DomainError as error:
            return [self._in_copy(error.what, error.next_step)]
        return []

    def _voice(self) -> Voice | None:
        """Who speaks; where the worker may know a sender's address and we do not, a stand-in."""
        usual = self.plan.voices.get(self.channel.name)
        voice = usual.alone() if usual is not None else None
        if self.configured or not is_direct(self.channel) or (voice and voice.address):
            return voice
        return (voice or _PROBE).model_copy(update={"address": _PROBE.address})

    def _in_copy(self, detail: str, step: str) -> Problem:
        file = template_name(self.kind, self.written_for)
        return Problem(file, detail, read_template(self.files[file], file).body.line, None, step)

    def _wrong_in_voice(self, day: Day, *, links: bool, voice: Voice | None) -> tuple[str, ...]:
        """The key without which, or with another value of which, the mail could be carried."""
        if not is_direct(self.channel):
            return ()
        place = ("voices", self.channel.name)
        given = voice or _PROBE.model_copy(update={"address": None})
        for key, value in (("reply_to", None), ("address", _PROBE.address)):
            try:
                self.write(day, links=links, voice=given.model_copy(update={key: value}))
            except (CannotExpress, DomainError):
                continue
            return (*place, key)
        return ()


def _try(attempt: _Attempt, trial: Trial) -> None:
    settings = attempt.settings
    links = bool(settings.public_url and settings.link_secret)
    never = attempt.problems(SHORT, links=True)
    if never:
        _add(trial.never, attempt.kind, never)
        return
    trial.warnings.extend(attempt.odd())
    # Links may be configured for the worker and not here.
    unlinked = attempt.problems(SHORT, links=links)
    if unlinked:
        _add(trial.at_worst, attempt.kind, unlinked)
        return
    worst = [_said("with long facts", one) for one in attempt.problems(LONG, links=links)]
    if not worst:
        little = attempt.problems(NOTHING, links=links, optional=True)
        worst = [_said("while few facts are known", one) for one in little]
    _add(trial.at_worst, attempt.kind, worst)


def _add(
    found: dict[MessageKind, list[Problem]], kind: MessageKind, problems: Iterable[Problem]
) -> None:
    for problem in problems:
        found.setdefault(kind, []).append(problem)


def _said(when: str, problem: Problem) -> Problem:
    cut = "A filter cuts a fact at a word: {{ facts.summary | short(60) }}."
    step = f"{problem.next_step} {cut}".strip()
    return problem._replace(detail=f"{when}: {problem.detail}", next_step=step)
