"""Facts are filled in as they are learnt, and a resolution needs four of them."""

from __future__ import annotations

from datetime import date

from domain.facts import REQUIRED_TO_RESOLVE, Facts, missing_facts


def test_only_what_is_known_is_filled() -> None:
    facts = Facts(cause="A stolen key.", fix="  ")
    assert facts.filled() == {"cause": "A stolen key."}


def test_a_day_is_filled_in_as_people_write_days() -> None:
    assert Facts(prevention_due=date(2013, 11, 14)).filled() == {
        "prevention_due": "14 November 2013"
    }


def test_a_fix_without_a_prevention_resolves_nothing() -> None:
    assert missing_facts(["fix", "cause"]) == ["prevention", "prevention_owner", "prevention_due"]


def test_a_fix_and_an_owned_and_dated_prevention_resolve() -> None:
    assert missing_facts(REQUIRED_TO_RESOLVE) == []


def test_every_fact_says_what_to_write_there() -> None:
    assert [name for name, field in Facts.model_fields.items() if not field.description] == []
