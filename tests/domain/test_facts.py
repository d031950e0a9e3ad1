"""Facts are filled in as they are learnt, and a resolution needs four of them."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from domain.facts import REQUIRED_TO_RESOLVE, Facts, missing_facts, missing_for_people


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


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2026-11-28 09:00 UTC", "2026-11-28 09:00 UTC"),
        ("2026-11-28T10:00:30+01:00", "2026-11-28 09:00:30 UTC"),
        ("2026-11-28 10:00 Europe/Berlin", "2026-11-28 09:00 UTC"),
        # The clocks have this hour twice: what counts from the first ends sooner.
        ("2026-10-25 02:30 Europe/Berlin", "2026-10-25 00:30 UTC"),
        ("  ", None),
    ],
)
def test_a_moment_is_typed_with_its_zone_and_kept_in_utc(typed: str, kept: str | None) -> None:
    words = Facts.model_validate({"aware_at": typed}).model_dump(mode="json")
    assert words["aware_at"] == kept
    assert Facts.model_validate(words).model_dump(mode="json") == words


@pytest.mark.parametrize(
    ("name", "typed", "why"),
    [
        ("aware_at", "2026-11-28 09:00", "zone"),
        ("aware_at", "2026-11-28 UTC", "time"),
        ("aware_at", "2026-03-29 02:30 Europe/Berlin", "zone"),  # skipped there
        ("aware_at", "2026-11-28 09:00 ../UTC", "zone"),
        ("aware_at", "0001-01-01 00:00 +14:00", "zone"),
        ("aware_at", "9999-12-31 23:00 UTC", "between"),
        ("people_count", "some", "number"),
        ("malicious", "perhaps", "yes or no"),
    ],
)
def test_what_is_no_moment_no_number_and_no_answer_is_refused(
    name: str, typed: str, why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        Facts.model_validate({name: typed})


def test_what_is_for_authorities_is_known_and_never_in_copy() -> None:
    typed = {"people_count": "1,200", "aware_at": "2026-11-28 09:00 UTC", "malicious": "no"}
    facts = Facts.model_validate(typed)
    assert facts.filled() == {"people_count": "1,200"}
    assert facts.known() == facts.filled() | {
        "aware_at": "2026-11-28 09:00 UTC",
        "malicious": "no",
    }


def test_people_concerned_are_told_nature_contact_consequences_and_measures() -> None:
    assert missing_for_people(["what_happened", "fix"]) == [
        "contact (contact_point)",
        "consequences (consequences)",
    ]
    assert missing_for_people(["what_happened", "contact_point", "consequences", "doing"]) == []
