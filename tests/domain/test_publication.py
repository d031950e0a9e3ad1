"""The named states in which every intent ends."""

from __future__ import annotations

import pytest

from domain.publication import DeliveryState, PublicationState


@pytest.mark.parametrize("state", list(PublicationState))
def test_only_what_is_planned_or_on_the_wire_is_still_under_way(state: PublicationState) -> None:
    assert state.settled is (state not in ("planned", "sending"))


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        (DeliveryState.ACCEPTED, DeliveryState.DELIVERED),
        (DeliveryState.PROCESSED, DeliveryState.BOUNCED),
        # Some servers take a mail first and bounce it afterwards.
        (DeliveryState.DELIVERED, DeliveryState.BOUNCED),
    ],
)
def test_a_later_word_is_stronger_evidence(weaker: DeliveryState, stronger: DeliveryState) -> None:
    assert stronger.rank > weaker.rank
