"""Next steps in the terminal's words: advice if there is any, then the command to type."""

from __future__ import annotations

from client.next_steps import WENT_OUT, next_steps
from domain.explanation import Action, Explanation, NextStep
from domain.promises import NEW_PROMISE
from domain.stage import Stage
from domain.status import IncidentStatus

_COMMANDS = {
    Action.OPEN: 'frontfoot open {incident} --title "What happened"',
    Action.LIST_INCIDENTS: "frontfoot list",
    Action.SHOW_STATUS: "frontfoot status {incident}",
    Action.SHOW_TIMELINE: "frontfoot timeline {incident}",
    Action.VERIFY_TIMELINE: "frontfoot timeline {incident} --verify",
    Action.AUDIT: "frontfoot audit {incident}",
    Action.RECORD_FACTS: "frontfoot facts {incident} --fix … --prevention … --owner … --due …",
    Action.PROPOSE: "frontfoot propose {incident} {kind}",
    Action.REVISE: "frontfoot revise {incident} {message}",
    Action.RELEASE: "frontfoot release {incident} {statement} --as PERSON",
    Action.PROPOSE_HOLDING: "frontfoot holding propose {playbook} --as PERSON",
    Action.LIST_HOLDING: "frontfoot holding list",
    Action.SHOW_SCORECARD: "frontfoot scorecard {incident}",
    Action.SHOW_FOLLOW_UP: "frontfoot follow-up {incident}",
    Action.SHOW_DEADLINES: "frontfoot deadlines {incident}",
    Action.SHOW_COPY: "frontfoot show {incident} {message}",
    Action.DECIDE: "frontfoot approve {incident} {message} --digest {digest} --as PERSON",
    Action.BREAK_GLASS: (
        "frontfoot break-glass {incident} {message} --digest {digest} --reason WHY --as PERSON"
    ),
    Action.REVIEW: "frontfoot review {incident} {message} --note WHAT --as PERSON",
    Action.DELEGATE: "frontfoot delegate {incident} --from PERSON --to PERSON --until 8h --as YOU",
    Action.WITHDRAW: "frontfoot withdraw {incident} {message}",
    Action.RETRY: "frontfoot retry {incident} {message} {channel}",
    Action.SETTLE: "frontfoot settle {incident} {message} {channel} --went-out",
    Action.LIST_UNKNOWN: "frontfoot settle {incident} {message} {channel} --list",
    Action.PAUSE: "frontfoot broadcast pause {incident} {message}",
    Action.RESUME: "frontfoot broadcast resume {incident} {message}",
    Action.STOP: "frontfoot broadcast stop {incident} {message}",
    Action.STOP_ALL: "frontfoot stop-all {incident}",
    Action.RESUME_ALL: "frontfoot resume-all {incident}",
    Action.LIFT_QUARANTINE: "frontfoot quarantine lift {channel} --as PERSON",
    Action.CLOSE: "frontfoot close {incident}",
    Action.CHECK: "frontfoot check",
    Action.CHECK_PLAYBOOK: "frontfoot playbook check {playbook}",
    Action.CHECK_PEOPLE: "frontfoot people check",
    Action.IMPORT_AUDIENCE: "frontfoot audience import FILE.csv --name {audience}",
    Action.IMPORT_SUBSCRIBERS: "frontfoot subscribers import FILE.csv",
    Action.SET_AUDIENCE: "frontfoot audience set {incident} {audience} --as PERSON",
    Action.IMPORT_CODES: "frontfoot codes import FILE.csv --pool {pool}",
    Action.LIST_SUPPRESSIONS: "frontfoot suppressions list --show",
    Action.SIGN_IN: "frontfoot sign-in",
    Action.CREATE_KEY: "frontfoot key create --as PERSON",
    Action.LIST_KEYS: "frontfoot key list",
    Action.LIST_TOKENS: "frontfoot token list",
    Action.CREATE_TOKEN: "frontfoot token create --person PERSON --scope SCOPE --as YOU",
    Action.LIST_WEBHOOKS: "frontfoot webhook list",
    Action.ENABLE_WEBHOOK: "frontfoot webhook enable {endpoint} --as PERSON",
    Action.REPLAY_WEBHOOKS: "frontfoot webhook replay {endpoint}",
    Action.ROTATE_WEBHOOK: "frontfoot webhook rotate {endpoint} --as PERSON",
    Action.LIST_MENTIONS: "frontfoot desk list --state all",
    Action.LIST_REPLIES: "frontfoot desk replies",
    Action.SETTLE_REPLY: "frontfoot desk settle {reply} --went-out",
    Action.LIST_CLUSTERS: "frontfoot desk clusters",
    Action.TEST_CONTACTS: "frontfoot people test {person}",
    Action.ENROL_KEY: "frontfoot key enrol PERSON PUBLIC --as YOU",
    # Passkeys are made on a page, and this opens the pages.
    Action.ENROL_PASSKEY: "frontfoot sign-in",
    Action.CONFIRM_PASSKEY: "frontfoot key confirm ID --as YOU",
    Action.ADMINISTRATE: "frontfoot key list",
    Action.START: "frontfoot up",
    Action.MIGRATE: "python -m store.migrate",
    Action.NEW_RECORD_KEY: "frontfoot record new-key FILE",
    Action.RECOVER_LEDGER: "frontfoot recover --ledger-behind {incident}",
    Action.RECOVER_INCIDENT: "frontfoot recover --temporal-lost {incident}",
}
_STEERING = (Action.PAUSE, Action.RESUME, Action.STOP)
_FOR_ONE_AUDIENCE = (*_STEERING, Action.RETRY, Action.SETTLE, Action.LIST_UNKNOWN)
_OR_NOT = "or --did-not-go-out, once you have looked at the platform"


def command_of(step: NextStep) -> str:
    """The command to type, with capitals for what the step does not say; "" without an action."""
    if step.action is None:
        return ""
    command = _COMMANDS[step.action].format(
        incident=step.incident or "SLUG",
        message=step.message or "N",
        channel=step.channel or "CHANNEL",
        audience=step.audience or "customers",
        kind=step.about or "KIND",
        digest=step.about or "DIGEST",
        playbook=step.about or "FOLDER",
        pool=step.about or "POOL",
        endpoint=step.about or "NAME",
        reply=step.about or "R",
        statement=step.about or "STATEMENT",
        person=step.about or "PERSON",
    )
    if step.action is Action.REVISE and step.about == NEW_PROMISE:
        command += " --next-update-by 45m"
    if step.action in _STEERING and step.channel:
        command += f" --channel {step.channel}"
    if step.action in _FOR_ONE_AUDIENCE and step.audience:
        command += f" --audience {step.audience}"
    return command


def in_words(step: NextStep) -> str:
    """A next step as one sentence that ends with what to type."""
    command = command_of(step)
    if not command:
        return step.advice
    alternative = f" ({_OR_NOT})" if _is_open(step) else ""
    if not step.advice:
        return command + alternative
    # A question keeps its mark: "Is it the right file? frontfoot …".
    lead = step.advice.removesuffix(".")
    colon = "" if lead.endswith("?") else ":"
    return f"{lead}{colon} {command}{alternative}"


def happened(explanation: Explanation) -> str:
    """What happened and what it means."""
    return f"{explanation.what} {explanation.means}".strip()


def told(explanation: Explanation) -> str:
    """What happened, what it means and what to do next, in one paragraph."""
    return f"{happened(explanation)} {in_words(explanation.next_step)}".strip()


def next_lines(status: IncidentStatus) -> list[str]:
    """What somebody could type now, the most urgent first; each line fits on a screen."""
    lines: list[str] = []
    for step in next_steps(status):
        lines.append(command_of(step))
        if _is_open(step):
            lines.append(f"  … {_OR_NOT}")
    if status.stage is Stage.CLOSED:
        return [f"Closed. Its record: {line}" for line in lines]
    return [f"{'      ' if place else 'Next: '}{line}" for place, line in enumerate(lines)]


def _is_open(step: NextStep) -> bool:
    """Whether a person still has to find out which of two answers to give."""
    unsettled = step.action is Action.SETTLE and step.about != WENT_OUT
    return unsettled or step.action is Action.SETTLE_REPLY
