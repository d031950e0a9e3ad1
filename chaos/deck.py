"""Dealing: the cards of torment there are, and a round's plan drawn from its seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

from chaos.plan import (
    Deed,
    MessageScript,
    Point,
    Revising,
    RoundPlan,
    Signer,
    Torment,
    Wrong,
)
from domain.message import MessageKind

CHANNELS = ("email", "twitter", "facebook")
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

_ANYWHERE = tuple(point for point in Point if point is not Point.BEFORE_COMMIT)
"""Points that every attempt on every channel passes."""


def draw(seed: int, recipients: int) -> RoundPlan:
    """The round that belongs to ``seed``."""
    dice = random.Random(seed)
    kinds = [MessageKind.ANNOUNCEMENT]
    kinds += [MessageKind.PROGRESS_UPDATE] * dice.randint(1, 3)
    if dice.random() < 0.4:
        kinds.append(MessageKind.CORRECTION)
    kinds.append(MessageKind.RESOLUTION_NOTE)
    if dice.random() < 0.7:
        kinds.append(MessageKind.GOODWILL_OFFER)
    hands = _deal(dice, kinds)
    return RoundPlan(
        seed=seed,
        recipients=recipients,
        workers=dice.choice((1, 2, 2)),
        batch_size=max(1, recipients // dice.choice((10, 25, 40))),
        in_flight=dice.choice((1, 4, 8)),
        messages=tuple(_message(dice, kind, hand) for kind, hand in zip(kinds, hands, strict=True)),
    )


def signers(dice: random.Random, kind: MessageKind) -> tuple[Signer, ...]:
    """People whose signatures together open the gate of ``kind`` in the shipped playbook."""
    who = [dice.choice(_SIGNERS[kind])]
    if kind in _MUST:
        who.append(dice.choice([one for one in _MUST[kind] if one not in who]))
        dice.shuffle(who)
    return tuple(Signer(one, dice.random() < 0.5) for one in who)


def _message(dice: random.Random, kind: MessageKind, hand: tuple[Torment, ...]) -> MessageScript:
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
        overtaken=kind is MessageKind.PROGRESS_UPDATE and dice.random() < 0.6,
        torments=hand,
    )


def _deal(dice: random.Random, kinds: list[MessageKind]) -> list[tuple[Torment, ...]]:
    """A hand for each message: two to four cards, at most one that ends or stops a worker."""
    deck = list(_cards(dice))
    dice.shuffle(deck)
    hands: list[tuple[Torment, ...]] = []
    for kind in kinds:
        hand: list[Torment] = []
        for card in list(deck):
            if len(hand) >= dice.randint(2, 4):
                break
            if _fits(card, kind, hand):
                hand.append(card)
                deck.remove(card)
        hands.append(tuple(hand))
    return hands


def _fits(card: Torment, kind: MessageKind, hand: list[Torment]) -> bool:
    mailed = kind is not MessageKind.PROGRESS_UPDATE
    if not mailed and card.target in ("email", "sendgrid", "webhooks"):
        return False
    if dict(card.rule).get("kind") == "events_lose" and kind not in _MAILED_SAFETY:
        # Goodwill mail whose events are lost asks a person about all of its batches at once.
        return False
    if card.point is Point.BEFORE_COMMIT and kind is not MessageKind.GOODWILL_OFFER:
        return False
    heavy = [one for one in hand if _stops_a_worker(one)]
    return not (heavy and _stops_a_worker(card))


def _stops_a_worker(card: Torment) -> bool:
    return card.point is not None or card.target == "worker"


def _cards(dice: random.Random) -> Iterator[Torment]:
    def moment(most: float = 3.0) -> float:
        return round(dice.uniform(0, most), 2)

    for process in ("worker", "temporal", "sandbox", "webhooks"):
        yield Torment(Deed.KILL, process, at=moment())
        seconds = round(dice.uniform(0.5, 2.5), 2)
        yield Torment(Deed.FREEZE, process, at=moment(), seconds=seconds)
    yield Torment(Deed.POINT_KILL, "email", point=Point.BEFORE_COMMIT)
    for point in _ANYWHERE:
        for channel in CHANNELS:
            yield Torment(Deed.POINT_KILL, channel, point=point)
    for channel in CHANNELS:
        point = dice.choice(_ANYWHERE)
        # Longer than the heartbeat's time-out: somebody else has taken over when it wakes up.
        seconds = dice.choice((3.0, 14.0, 26.0))
        yield Torment(Deed.POINT_FREEZE, channel, seconds=seconds, point=point)
        # Past the heartbeat, the looks and the window: whoever waits has given this attempt up.
        yield Torment(
            Deed.POINT_HOLD,
            channel,
            seconds=dice.choice((3.0, 14.0, 30.0)),
            point=dice.choice((Point.AFTER_ROW, Point.AFTER_ANSWER)),
        )
    yield Torment(Deed.LOCK, at=moment(1.5), seconds=dice.choice((0.5, 2.0, 5.0)))
    yield Torment(Deed.LOCK, at=moment(3.0), seconds=dice.choice((1.0, 4.0)))
    yield Torment(Deed.FULL, at=moment(1.5), seconds=dice.choice((1.0, 3.0)))
    for _ in range(2):
        jump = dice.choice((-3600.0, -90.0, -5.0, 5.0, 90.0, 3600.0))
        yield Torment(Deed.CLOCK, at=moment(1.0), seconds=jump)
    yield from _provider_cards(dice)


def _provider_cards(dice: random.Random) -> Iterator[Torment]:
    def fault(provider: str, operation: str, kind: str, **more: object) -> Torment:
        rule = {"provider": provider, "operation": operation, "kind": kind, "times": 1, **more}
        return Torment(Deed.PROVIDER, provider, rule=tuple(rule.items()))

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
