"""Drawing a round's plan from its seed, with the faults that it will have."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from chaos.plan import (
    DISASTERS,
    EVERYTHING,
    LISTENING,
    REPLIES,
    Attack,
    CrowdScript,
    Fault,
    FaultAction,
    MessageScript,
    Point,
    Revising,
    RoundPlan,
    Signer,
    Wrong,
)
from domain.message import MessageKind

CHANNELS = ("email", "twitter", "facebook")
"""Those with a provider that can fail."""

POINTED = (*CHANNELS, "website")
"""Those with points at which a worker can be struck."""

_PROVIDERS = {"email": "sendgrid", "twitter": "twitter", "facebook": "facebook"}
_SIGNERS = {
    MessageKind.ANNOUNCEMENT: ("noor", "tomas", "ines"),
    MessageKind.PROGRESS_UPDATE: ("dana", "noor", "ines", "ravi"),
    MessageKind.RESOLUTION_NOTE: ("noor", "tomas", "olga"),
    MessageKind.GOODWILL_OFFER: ("noor", "tomas"),
    MessageKind.CORRECTION: ("noor", "tomas", "ines"),
}
_MUST = {MessageKind.RESOLUTION_NOTE: ("ines", "ravi"), MessageKind.GOODWILL_OFFER: ("lee", "olga")}
_MAILED_SAFETY = (MessageKind.ANNOUNCEMENT, MessageKind.RESOLUTION_NOTE, MessageKind.CORRECTION)

_DISASTER_IN = 0.2
"""The share of rounds in which a state is lost: each costs much of its round's time."""

_ANSWERED_WITHIN = timedelta(seconds=30)
"""How much longer a round with a crowd may take."""

_BACK_WITHIN = timedelta(seconds=40)
"""How much longer such a round may take until what is not settled counts as stuck."""

_SLOW_MAIL = Fault(
    FaultAction.PROVIDER,
    "sendgrid",
    rule=(
        ("provider", "sendgrid"),
        ("operation", "send"),
        ("kind", "latency"),
        ("times", 30),
        ("seconds", 0.4),
    ),
)
"""So that mail is under way when the ledger is put back."""

_ANYWHERE: tuple[Point, ...] = tuple(point for point in Point if point is not Point.BEFORE_COMMIT)
_WITHOUT_REQUEST = tuple(point for point in _ANYWHERE if point is not Point.REQUEST_LEFT)
"""Points that every attempt on every channel passes."""


def draw(seed: int, recipients: int) -> RoundPlan:
    """The round of ``seed``."""
    dice = random.Random(seed)
    kinds = [MessageKind.ANNOUNCEMENT]
    kinds += [MessageKind.PROGRESS_UPDATE] * dice.randint(1, 3)
    if dice.random() < 0.4:
        kinds.append(MessageKind.CORRECTION)
    kinds.append(MessageKind.RESOLUTION_NOTE)
    if dice.random() < 0.7:
        kinds.append(MessageKind.GOODWILL_OFFER)
    faults = _draw_faults(dice, kinds)
    plan = RoundPlan(
        seed=seed,
        recipients=recipients,
        workers=dice.choice((1, 2, 2)),
        batch_size=max(1, recipients // dice.choice((10, 25, 40))),
        in_flight=dice.choice((1, 8, 16)),
        messages=tuple(
            _message(dice, kind, some) for kind, some in zip(kinds, faults, strict=True)
        ),
    )
    return _with_crowd(_with_disaster(plan))


def signers(dice: random.Random, kind: MessageKind) -> tuple[Signer, ...]:
    """People whose signatures together open the gate of ``kind`` in the shipped playbook."""
    who = [dice.choice(_SIGNERS[kind])]
    if kind in _MUST:
        who.append(dice.choice([one for one in _MUST[kind] if one not in who]))
        dice.shuffle(who)
    return tuple(Signer(one, dice.random() < 0.5) for one in who)


def _message(dice: random.Random, kind: MessageKind, faults: tuple[Fault, ...]) -> MessageScript:
    middle = kind in (MessageKind.PROGRESS_UPDATE, MessageKind.CORRECTION)
    withdrawn = dice.random() < (0.25 if middle else 0.12)
    return MessageScript(
        kind=kind,
        signers=signers(dice, kind),
        wrong=tuple(dice.sample(list(Wrong), dice.randint(0, 3))),
        revising=dice.choice((Revising.NO, Revising.NO, Revising.BEFORE, Revising.RACING)),
        withdrawn_after=round(dice.choice((0.0, dice.uniform(0, 0.5), dice.uniform(0, 4))), 2)
        if withdrawn
        else None,
        paused_for=round(dice.uniform(0.3, 4), 2)
        if kind is not MessageKind.PROGRESS_UPDATE and dice.random() < 0.25
        else None,
        apart=dice.choice((0.0, 0.0, 0.0, 0.4, 1.5)),
        overtaken=kind is MessageKind.PROGRESS_UPDATE and dice.random() < 0.6,
        faults=faults,
    )


def _draw_faults(dice: random.Random, kinds: list[MessageKind]) -> list[tuple[Fault, ...]]:
    """Two to four faults for each message, at most one of which ends or stops a worker."""
    left = list(_possible_faults(dice))
    dice.shuffle(left)
    drawn: list[tuple[Fault, ...]] = []
    for kind in kinds:
        chosen: list[Fault] = []
        for fault in list(left):
            if len(chosen) >= dice.randint(2, 4):
                break
            if _fits(fault, kind, chosen):
                chosen.append(fault)
                left.remove(fault)
        drawn.append(tuple(chosen))
    return drawn


def _with_disaster(plan: RoundPlan) -> RoundPlan:
    """Let some rounds lose a state."""
    # Dice of its own, so that a seed's other faults do not depend on it.
    dice = random.Random(f"disaster {plan.seed}")
    if dice.random() >= _DISASTER_IN:
        return plan
    plan = replace(plan, deadline=plan.deadline + _BACK_WITHIN)
    lost = Fault(dice.choice(DISASTERS), at=round(dice.uniform(0.05, 3), 2))
    if lost.action is FaultAction.LEDGER_RESTORED:
        return _restored(plan, replace(lost, seconds=round(dice.uniform(0.3, 4), 2)))
    if lost.action is FaultAction.TERMINATED:
        lost = replace(lost, target=dice.choice(("", EVERYTHING)))
    place = dice.randrange(len(plan.messages))
    messages = list(plan.messages)
    messages[place] = replace(messages[place], faults=(*messages[place].faults, lost))
    return replace(plan, messages=tuple(messages))


def _with_crowd(plan: RoundPlan) -> RoundPlan:
    """Let a crowd speak, and strike who listens and who answers.

    Not where the ledger is put back: a mention that comes anew belongs to whatever is open then.
    """
    faults = [fault for script in plan.messages for fault in script.faults]
    if any(fault.action is FaultAction.LEDGER_RESTORED for fault in faults):
        return plan
    dice = random.Random(f"crowd {plan.seed}")
    reading = Fault(
        FaultAction.POINT_KILL,
        LISTENING,
        point=dice.choice((Point.BEFORE_ROW, Point.AFTER_ROW)),
    )
    action = dice.choice((FaultAction.POINT_KILL, FaultAction.POINT_KILL, FaultAction.POINT_FREEZE))
    seconds = dice.choice((3.0, 14.0)) if action is FaultAction.POINT_FREEZE else 0.0
    point = dice.choice(_ANYWHERE)
    replying = Fault(action, REPLIES, point=point, seconds=seconds)
    lost = [
        _lost_answer(dice, provider, operation)
        for provider, operation in (("twitter", "post"), ("facebook", "comment"))
        for _ in range(dice.randint(0, 2))
    ]
    crowd = CrowdScript(
        waves=dice.randint(2, 4),
        each=dice.randint(6, 14),
        edited=dice.randint(0, 3),
        deleted=dice.randint(0, 3),
        faults=(*((reading,) if dice.random() < 0.6 else ()), replying, *lost),
    )
    return replace(plan, crowd=crowd, deadline=plan.deadline + _ANSWERED_WITHIN)


def _lost_answer(dice: random.Random, provider: str, operation: str) -> Fault:
    kinds = ("error_after", "drop_after", "half_answer", "network_hang", "drop_before", "latency")
    rule: dict[str, object] = {
        "provider": provider,
        "operation": operation,
        "kind": dice.choice(kinds),
        "times": dice.randint(1, 3),
        "after": dice.randint(0, 8),
    }
    if rule["kind"] == "latency":
        rule["seconds"] = round(dice.uniform(0.3, 5.5), 2)
    return Fault(FaultAction.PROVIDER, provider, rule=tuple(rule.items()))


def _restored(plan: RoundPlan, back: Fault) -> RoundPlan:
    """A round of one message, which the copy has; nothing else goes wrong, or is edited.

    What was written after the copy is gone for good: nobody could say of its text whether it may be
    public. And nothing is to excuse mail that is sent again.
    """
    first = plan.messages[0]
    message = MessageScript(
        kind=first.kind,
        signers=first.signers,
        wrong=first.wrong,
        paused_for=first.paused_for,
        apart=first.apart,
        faults=(_SLOW_MAIL, back),
    )
    return replace(plan, messages=(message,))


def _fits(fault: Fault, kind: MessageKind, chosen: list[Fault]) -> bool:
    mailed = kind is not MessageKind.PROGRESS_UPDATE
    if not mailed and fault.target in ("email", "sendgrid", "webhooks"):
        return False
    if dict(fault.rule).get("kind") == "events_lose" and kind not in _MAILED_SAFETY:
        # Goodwill mail whose events are lost asks a person about all of its batches at once.
        return False
    if fault.point is Point.BEFORE_COMMIT and kind is not MessageKind.GOODWILL_OFFER:
        return False
    heavy = [one for one in chosen if _stops_a_worker(one)]
    return not (heavy and _stops_a_worker(fault))


def _stops_a_worker(fault: Fault) -> bool:
    return fault.point is not None or fault.target == "worker"


def _possible_faults(dice: random.Random) -> Iterator[Fault]:
    def moment(most: float = 3.0) -> float:
        return round(dice.uniform(0, most), 2)

    for process in ("worker", "temporal", "sandbox", "webhooks"):
        yield Fault(FaultAction.KILL, process, at=moment())
        seconds = round(dice.uniform(0.5, 2.5), 2)
        yield Fault(FaultAction.FREEZE, process, at=moment(), seconds=seconds)
    yield Fault(FaultAction.POINT_KILL, "email", point=Point.BEFORE_COMMIT)
    for point in _ANYWHERE:
        for channel in POINTED:
            if point in _points_of(channel):
                yield Fault(FaultAction.POINT_KILL, channel, point=point)
    for channel in POINTED:
        point = dice.choice(_points_of(channel))
        # Longer than the heartbeat's time-out: another worker has taken over when it wakes up.
        seconds = dice.choice((3.0, 14.0, 26.0))
        yield Fault(FaultAction.POINT_FREEZE, channel, seconds=seconds, point=point)
        # Past the heartbeat, the looks and the window: everybody has given this attempt up.
        yield Fault(
            FaultAction.POINT_DELAY,
            channel,
            seconds=dice.choice((3.0, 14.0, 30.0)),
            point=dice.choice((Point.AFTER_ROW, Point.AFTER_ANSWER)),
        )
    yield Fault(FaultAction.LOCK, at=moment(1.5), seconds=dice.choice((0.5, 2.0, 5.0)))
    yield Fault(FaultAction.LOCK, at=moment(3.0), seconds=dice.choice((1.0, 4.0)))
    yield Fault(FaultAction.FULL, at=moment(1.5), seconds=dice.choice((1.0, 3.0)))
    for _ in range(2):
        jump = dice.choice((-3600.0, -90.0, -5.0, 5.0, 90.0, 3600.0))
        yield Fault(FaultAction.CLOCK, at=moment(1.0), seconds=jump)
    for attack in Attack:
        seconds = round(dice.uniform(2, 6), 2) if attack is Attack.HALF_SENT else 0.0
        yield Fault(FaultAction.ATTACK, attack, at=moment(1.5), seconds=seconds)
    yield from _provider_faults(dice)


def _provider_faults(dice: random.Random) -> Iterator[Fault]:
    def fault(provider: str, operation: str, kind: str, **more: object) -> Fault:
        rule = {"provider": provider, "operation": operation, "kind": kind, "times": 1, **more}
        return Fault(FaultAction.PROVIDER, provider, rule=tuple(rule.items()))

    for channel in CHANNELS:
        provider = _PROVIDERS[channel]
        operation = "send" if channel == "email" else "post"
        after = dice.randint(0, 6) if channel == "email" else 0
        for kind in ("error_before", "error_after"):
            yield fault(provider, operation, kind, status=dice.choice((500, 502, 503)), after=after)
        for kind in ("drop_before", "drop_after", "half_answer", "network_hang"):
            yield fault(provider, operation, kind, after=after)
        yield fault(
            provider,
            operation,
            "latency",
            seconds=round(dice.uniform(0.3, 5.5), 2),
            times=dice.randint(1, 3),
        )
        if channel != "facebook":
            # Facebook's own pauses count in minutes.
            yield fault(provider, operation, "throttle", seconds=1, times=2, after=after)
        if channel != "email":
            yield fault(provider, "list", "error_before", times=2)
            yield fault(provider, "delete", "error_after")
    for kind, more in (
        ("events_duplicate", {"probability": 0.3, "factor": 3, "times": None}),
        ("events_shuffle", {"times": None}),
        ("events_delay", {"seconds": round(dice.uniform(1, 5), 2), "times": None}),
        ("events_lose", {"probability": dice.choice((0.3, 1.0)), "times": None}),
    ):
        yield fault("sendgrid", "events", kind, **more)


def _points_of(channel: str) -> tuple[Point, ...]:
    """Where a worker can be struck; the website is files, and no request leaves for it."""
    return _ANYWHERE if channel in CHANNELS else _WITHOUT_REQUEST
