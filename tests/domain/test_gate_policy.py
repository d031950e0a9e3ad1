"""What a policy comes to for one message, at its severity; and policies that nobody could meet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from domain.gate_check import gate_problems
from domain.gate_policy import GateCase, GatePolicy, Requirement
from domain.roster import Person
from domain.severity import Severity

ROSTER = (
    Person(id="noor", roles=("founder", "security")),
    Person(id="tomas", roles=("legal",)),
    Person(id="lee", roles=("finance",)),
)


def policy(**said: Any) -> GatePolicy:
    return GatePolicy.model_validate({"roles": ["founder", "legal", "finance"], **said})


def test_it_says_something_else_at_another_severity() -> None:
    one = policy(
        quorum="2",
        by_severity={"1": {"quorum": "any"}, "3": {"quorum": "all", "requires": "key"}},
    )
    again = GatePolicy.model_validate_json(one.model_dump_json())

    worst, usual, least = (again.at(each) for each in Severity)

    assert [worst.quorum, usual.quorum, least.quorum] == [1, 2, 3]
    assert least.must_include == ("founder", "legal", "finance")
    assert (usual.requires, least.requires) == (Requirement.NONE, Requirement.KEY)
    assert again.at(None) == usual
    stricter = again.requiring(Requirement.PASSKEY)
    assert stricter.at(Severity.MINOR).requires is Requirement.PASSKEY


def test_finance_signs_what_costs_more_than_an_amount() -> None:
    one = policy(include_above={"worth": "1000.00", "roles": ["finance"]})

    cheap, _ = one.settled(GateCase(worth=Decimal(1000)))
    dear, why = one.settled(GateCase(worth=Decimal("1000.01")))

    assert (cheap.must_include, dear.must_include) == ((), ("finance",))
    assert why == ("finance must sign, because it is worth more than 1,000.00",)


def test_a_second_person_signs_what_goes_to_those_who_have_unsubscribed() -> None:
    one = policy(quorum_over_unsubscribes="2")

    assert one.settled(GateCase(overrides=False))[0].quorum == 1
    two, why = one.settled(GateCase(overrides=True))

    assert two.quorum == 2
    assert why == ("2 sign, because it goes to people who have unsubscribed, too",)


def test_tiers_name_the_roles_that_sign() -> None:
    one = GatePolicy.model_validate({"tiers": [["legal"], ["founder", "finance"]]})
    assert (one.roles, one.quorum) == (("legal", "founder", "finance"), 2)


@pytest.mark.parametrize(
    ("said", "place", "what"),
    [
        ({"quorum": "4"}, ("quorum",), "is 4, but only 3 in the roster"),
        (
            {"quorum_over_unsubscribes": "4"},
            ("quorum_over_unsubscribes",),
            "is 4, but only 3 in the roster",
        ),
        ({"by_severity": {"1": {"quorum": "4"}}}, ("by_severity", "1", "quorum"), "is 4, but"),
        (
            {"roles": ["founder", "press"], "include_above": {"worth": "1", "roles": ["press"]}},
            ("include_above",),
            "names press, which nobody in the roster is",
        ),
        (
            {"roles": ["founder", "security"], "quorum": "1", "tiers": [["founder"], ["security"]]},
            ("tiers",),
            "need one person each",
        ),
    ],
)
def test_a_gate_that_nobody_could_pass_is_refused(
    said: dict[str, Any], place: tuple[str, ...], what: str
) -> None:
    found = list(gate_problems(("gate",), policy(**said), ROSTER))
    assert [one.place for one in found] == [("gate", *place)]
    assert what in found[0].detail


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"by_severity": {"1": {"must_include": ["press"]}}}, "does not fit: must_include names"),
        ({"by_severity": {"4": {}}}, "Input should be 1, 2 or 3"),
        ({"tiers": [["press"]]}, "a tier names roles that may not sign here"),
        ({"expires_after": "0s"}, "never opens"),
        ({"quorum": "some"}, "valid integer"),
    ],
)
def test_what_contradicts_itself_is_refused(said: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        policy(**said)
