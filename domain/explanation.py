"""Explanations: the only form in which anything is told to a person.

What happened, what it means, what to do next. The next step is data, so that a terminal can show a
command where a page shows a button; this module knows of neither.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from domain.model import Value

LONGEST_TEXT = 500
"""The most characters of a sentence that are stored, because some of it comes from outside."""


class Action(StrEnum):
    """What a person can do in Frontfoot; each surface words it in its own way."""

    OPEN = "open"
    LIST_INCIDENTS = "list_incidents"
    SHOW_STATUS = "show_status"
    SHOW_TIMELINE = "show_timeline"
    VERIFY_TIMELINE = "verify_timeline"
    AUDIT = "audit"
    RECORD_FACTS = "record_facts"
    PROPOSE = "propose"
    REVISE = "revise"
    RELEASE = "release"
    PROPOSE_HOLDING = "propose_holding"
    LIST_HOLDING = "list_holding"
    SHOW_SCORECARD = "show_scorecard"
    SHOW_FOLLOW_UP = "show_follow_up"
    SHOW_DEADLINES = "show_deadlines"
    SHOW_COPY = "show_copy"
    DECIDE = "decide"
    BREAK_GLASS = "break_glass"
    REVIEW = "review"
    DELEGATE = "delegate"
    WITHDRAW = "withdraw"
    RETRY = "retry"
    SETTLE = "settle"
    LIST_UNKNOWN = "list_unknown"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    STOP_ALL = "stop_all"
    RESUME_ALL = "resume_all"
    LIFT_QUARANTINE = "lift_quarantine"
    CLOSE = "close"
    CHECK = "check"
    CHECK_PLAYBOOK = "check_playbook"
    CHECK_PEOPLE = "check_people"
    IMPORT_AUDIENCE = "import_audience"
    IMPORT_SUBSCRIBERS = "import_subscribers"
    SET_AUDIENCE = "set_audience"
    IMPORT_CODES = "import_codes"
    LIST_SUPPRESSIONS = "list_suppressions"
    SIGN_IN = "sign_in"
    CREATE_KEY = "create_key"
    LIST_KEYS = "list_keys"
    LIST_TOKENS = "list_tokens"
    CREATE_TOKEN = "create_token"
    LIST_WEBHOOKS = "list_webhooks"
    ENABLE_WEBHOOK = "enable_webhook"
    REPLAY_WEBHOOKS = "replay_webhooks"
    ROTATE_WEBHOOK = "rotate_webhook"
    LIST_MENTIONS = "list_mentions"
    LIST_REPLIES = "list_replies"
    SETTLE_REPLY = "settle_reply"
    LIST_CLUSTERS = "list_clusters"
    TEST_CONTACTS = "test_contacts"
    ENROL_KEY = "enrol_key"
    ENROL_PASSKEY = "enrol_passkey"
    CONFIRM_PASSKEY = "confirm_passkey"
    ADMINISTRATE = "administrate"
    START = "start"
    MIGRATE = "migrate"
    NEW_RECORD_KEY = "new_record_key"
    RECOVER_LEDGER = "recover_ledger"
    RECOVER_INCIDENT = "recover_incident"


Sentence = Annotated[str, StringConstraints(strip_whitespace=True)]


class NextStep(Value):
    """What to do next: something outside (``advice``, in words), an action of ours, or both.

    ``about`` is what else the action needs: the kind of a message to propose, or the name of a
    playbook or an endpoint.
    """

    action: Action | None = None
    incident: str = ""
    message: int | None = None
    channel: str = ""
    audience: str = ""
    about: str = ""
    advice: Sentence = ""

    def __bool__(self) -> bool:
        return self != _NOTHING

    def __str__(self) -> str:
        # Surfaces have words for the action; a log has its name.
        named = f"({self.action.value.replace('_', ' ')})" if self.action else ""
        return self.advice or named


_NOTHING = NextStep()


class Explanation(Value):
    """What happened, what it means, and what to do next. Contains no address, body or token."""

    what: Sentence
    means: Sentence = ""
    next_step: NextStep = _NOTHING

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.means, str(self.next_step)) if part)

    def capped(self) -> Explanation:
        """The same, cut to the length that is stored."""
        step = self.next_step.model_copy(update={"advice": _capped(self.next_step.advice)})
        return Explanation(what=_capped(self.what), means=_capped(self.means), next_step=step)

    def cleaned(self) -> Explanation:
        """The same, cut and without control characters, if a stranger may have written it."""
        step = self.next_step.model_dump()
        words = {name: _printable(text) for name, text in step.items() if isinstance(text, str)}
        return Explanation(
            what=_printable(self.what),
            means=_printable(self.means),
            next_step=self.next_step.model_copy(update=words | {"action": self.next_step.action}),
        )


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in _capped(text))


def explained(what: str, next_step: NextStep | str = "", *, means: str = "") -> Explanation:
    """An explanation whose next step may be plain advice."""
    step = NextStep(advice=next_step) if isinstance(next_step, str) else next_step
    return Explanation(what=what, means=means, next_step=step)


def _capped(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
