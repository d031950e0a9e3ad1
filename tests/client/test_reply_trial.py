"""``playbook check`` finds what a saved reply must not be, with its place in the file."""

from __future__ import annotations

import pytest

from domain.message import MessageKind
from tests.client.test_trial import PLAN, examined, line_of, nothing_configured, only, with_plan

__all__ = ["nothing_configured"]

_THANKS = (
    '        - "Thank you, {{ author }}. It has been a long day here, and that really helps."\n'
)
_KIND = (
    '        - "That is kind, {{ author }}, thank you. We will not rest until this is put right."\n'
)
_WORDINGS = "wordings:\n" + _THANKS
_ROLES = "roles: [comms_lead, support, founder]"
_CHANNELS = "channels: [twitter, facebook]\n  free"


def said(text: str) -> str:
    return f'        - "{text}"\n'


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        (_THANKS + _KIND, "", _WORDINGS, "has 2 wordings, not 3 to 5"),
        (_KIND, _THANKS.replace("Thank", "thank"), _KIND, "says the same as number 1"),
        (_KIND, said("Hi {{ autor }}!"), _KIND, "nobody fills: {{ autor }}. Did you mean"),
        (_KIND, said("{{ facts.fux }}"), _KIND, "nobody fills: {{ facts.fux }}. Did you mean"),
        (_KIND, said("Hi {author}!"), _KIND, "has {author}, which begins no blank"),
        (_KIND, said("{% if x %}"), _KIND, "has {%, which begins no blank"),
        (_KIND, said("Write to help@example.com"), _KIND, "has an e-mail address"),
        (_KIND, said("Call 030 12345678"), _KIND, "has a phone number"),
        (_KIND, said("Use 0123-4567-89ABC"), _KIND, "has what looks like a code"),
        (_KIND, said("x" * 281), _KIND, "for twitter: 281 weighted characters, of at most 280"),
        (
            _KIND,
            said("x" * 231 + "{{ author }}"),
            _KIND,
            "281 weighted characters with 50 for the author's name",
        ),
        (_KIND, said("See https://example.com/help"), _KIND, "has a link, which on twitter costs"),
        (
            _ROLES,
            "roles: [comms_lead, suport]",
            _ROLES,
            "names suport, which nobody in the roster is. Did you mean support?",
        ),
        (
            "    roles: [comms_lead, support, founder]\n    check: sample",
            "    roles: [finance_lead]\n    check: second_person",
            _ROLES,
            "names finance_lead, which nobody",
        ),
        (_CHANNELS, "channels: [email]\n  free", _CHANNELS, "email cannot be listened to"),
        (
            _CHANNELS,
            "channels: [twiter]\n  free",
            _CHANNELS,
            "no channel called twiter. Did you mean twitter?",
        ),
    ],
)
def test_each_mistake_has_its_place(old: str, new: str, place: str, says: str) -> None:
    told = only(with_plan(old, new))
    assert says in told
    assert f"playbook.yaml, line {line_of(place)}" in told


def test_an_incident_can_be_opened_whatever_is_wrong_with_a_wording() -> None:
    found = examined(with_plan(_KIND, said("{{ nobody }}")))
    assert list(found.unusable) == [MessageKind.REPLY_RULES]
    assert found.usable_plan().replies is not None


def test_a_link_that_is_meant_may_be_there() -> None:
    linked = PLAN.replace(_KIND, said("See https://example.com/help")).replace(
        "title: Thanks, and good luck", "title: Thanks, and good luck\n      links: true"
    )
    assert (
        examined(with_plan("name: site", "name: site") | {"playbook.yaml": linked}).problems == ()
    )


def test_they_are_no_message() -> None:
    kind = "  reply_rules: {channels: [twitter], gate: {roles: [founder]}}\n"
    problems = examined(with_plan("messages:\n", f"messages:\n{kind}")).problems
    assert "Plan them in `replies:`, beside `messages:`." in [one.next_step for one in problems]
