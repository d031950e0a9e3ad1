"""Next steps as buttons: what each action is called on a page, and where it is done."""

from __future__ import annotations

from urllib.parse import urlencode

from domain.abilities import Ability
from domain.explanation import Action, NextStep
from domain.model import Value
from surfaces.console.abilities import need_of_page

_INCIDENT = "/incidents/{incident}"
_MESSAGE = _INCIDENT + "/messages/{message}"
_PLACES = {
    Action.CHECK: ("Check everything", "/readiness"),
    Action.CHECK_PEOPLE: ("See the people", "/people"),
    Action.OPEN: ("Open an incident", "/open"),
    Action.LIST_MENTIONS: ("See the mentions", "/desk?state=all"),
    Action.LIST_REPLIES: ("See the replies", "/desk/replies"),
    Action.SETTLE_REPLY: ("Settle the reply", "/desk/replies?which=unknown"),
    Action.LIST_CLUSTERS: ("See the clusters", "/desk/clusters"),
    Action.LIST_INCIDENTS: ("See all incidents", "/"),
    Action.SHOW_STATUS: ("See the incident", _INCIDENT),
    Action.SHOW_TIMELINE: ("See the timeline", _INCIDENT + "/timeline"),
    Action.VERIFY_TIMELINE: ("See the timeline", _INCIDENT + "/timeline"),
    Action.RECORD_FACTS: ("Record facts", _INCIDENT + "/facts"),
    Action.PROPOSE: ("Propose {kind}", _INCIDENT + "/propose"),
    Action.REVISE: ("Revise message {message}", _MESSAGE + "/revise"),
    Action.RELEASE: ("Release a holding statement", _INCIDENT + "/release"),
    Action.PROPOSE_HOLDING: ("Holding statements", "/holding"),
    Action.LIST_HOLDING: ("Holding statements", "/holding"),
    Action.SHOW_SCORECARD: ("See the promises", _INCIDENT),
    Action.SHOW_FOLLOW_UP: ("See the follow-up", _INCIDENT + "/follow-up"),
    Action.SHOW_DEADLINES: ("See the deadlines", _INCIDENT + "/deadlines"),
    Action.SHOW_COPY: ("Read message {message}", _MESSAGE + "/sign"),
    Action.DECIDE: ("Sign message {message}", _MESSAGE + "/sign"),
    Action.BREAK_GLASS: ("Open message {message} out of policy", _MESSAGE + "/gate"),
    Action.REVIEW: ("Review message {message}", _MESSAGE + "/gate"),
    Action.DELEGATE: ("Who signs for whom", _INCIDENT + "/delegations"),
    Action.WITHDRAW: ("Withdraw message {message}", _MESSAGE + "/withdraw"),
    Action.PAUSE: ("Pause the mail", _MESSAGE + "/mail"),
    Action.RESUME: ("Resume the mail", _MESSAGE + "/mail"),
    Action.STOP: ("Stop the mail", _MESSAGE + "/mail"),
    Action.RETRY: ("Retry {channel}", _MESSAGE + "/publications"),
    Action.SETTLE: ("Settle {channel}", _MESSAGE + "/publications"),
    Action.LIST_UNKNOWN: ("Settle {channel}", _MESSAGE + "/publications"),
    Action.ENROL_PASSKEY: ("Your passkeys", "/passkeys"),
    Action.CONFIRM_PASSKEY: ("Administration", "/administration"),
    Action.ADMINISTRATE: ("Administration", "/administration"),
    Action.LIST_TOKENS: ("Tokens", "/administration/tokens"),
    Action.CREATE_TOKEN: ("Tokens", "/administration/tokens"),
    Action.LIST_WEBHOOKS: ("Webhooks", "/administration/webhooks"),
    Action.ENABLE_WEBHOOK: ("Webhooks", "/administration/webhooks"),
    Action.REPLAY_WEBHOOKS: ("Webhooks", "/administration/webhooks"),
    Action.ROTATE_WEBHOOK: ("Webhooks", "/administration/webhooks"),
    Action.TEST_CONTACTS: ("Test contact methods", "/notifications"),
    Action.STOP_ALL: ("Stop everything", _INCIDENT + "/stop"),
    Action.RESUME_ALL: ("Resume everything", _INCIDENT + "/stop"),
    Action.LIFT_QUARANTINE: ("See the quarantine", "/quarantine"),
    Action.IMPORT_AUDIENCE: ("Import an audience", "/files/import"),
    Action.IMPORT_CODES: ("Import codes", "/files/import?kind=codes"),
    Action.LIST_SUPPRESSIONS: ("See the suppressions", "/files"),
    Action.CLOSE: ("Close the incident", _INCIDENT + "/close"),
}
_KINDS = {
    "announcement": "the announcement",
    "progress_update": "an update",
    "resolution_note": "the resolution",
    "goodwill_offer": "the offer",
    "correction": "a correction",
    "reply_rules": "the reply rules",
    "holding_statements": "the holding statements",
}


class Button(Value):
    """A link that looks like a button: its words, its page, and what that needs."""

    words: str
    href: str
    needs: Ability | None = None


def button_of(step: NextStep) -> Button | None:
    """The button of a step; None for one that this version of the console does not have."""
    found = _PLACES.get(step.action) if step.action is not None else None
    if found is None:
        return None
    words, place = found
    if ("{incident}" in place and not step.incident) or (
        "{message}" in place and step.message is None
    ):
        return None
    names = {
        "incident": step.incident,
        "message": step.message,
        "channel": step.channel,
        "kind": kind_words(step.about, "a message"),
    }
    href = place.format(**names)
    if step.action is Action.PROPOSE and step.about:
        href += f"?{urlencode({'kind': step.about})}"
    if step.channel and place.endswith(("/publications", "/mail")):
        query = {"channel": step.channel, "audience": step.audience}
        href += f"?{urlencode({name: one for name, one in query.items() if one})}"
    return Button(words=words.format(**names), href=href, needs=need_of_page(place))


def in_a_form(text: str) -> str:
    """``text`` about a file, with the names of the terminal's options as the form has them."""
    for option in ("--address-column", "--code-column"):
        text = text.replace(option, "the field “Column”")
    return text.replace("Name another file with --rejects", "Make room on the console's disk")


def kind_words(kind: str, otherwise: str = "") -> str:
    """``the announcement``, ``an update``: a kind of message in a sentence."""
    return _KINDS.get(kind, otherwise or kind.replace("_", " "))
