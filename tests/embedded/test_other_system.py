"""What the demo takes for a fault of its webhooks."""

from __future__ import annotations

from embedded.demo.other_system import Told

ALL = Told(
    types=("incident.opened", "message.told", "incident.closed"), entries=(1, 5, 9), repeated=1
)


def test_everything_in_order_is_right_though_something_came_twice() -> None:
    assert ALL.wrong() == []


def test_what_is_missing_late_or_left_is_said() -> None:
    assert "from its opening to its closing" in Told().wrong()[0]
    assert "to its closing" in ALL.model_copy(update={"types": ALL.types[:2]}).wrong()[0]
    assert "another order" in ALL.model_copy(update={"entries": (1, 9, 5)}).wrong()[0]
    assert "2 webhooks for helpdesk wait" in ALL.model_copy(update={"left": 2}).wrong()[0]
