"""Each regulation's deadlines: when they start, when they end, and how they stand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.deadlines import (
    AuthorityNotified,
    Deadline,
    DeadlineState,
    counted_from,
    deadlines,
    next_rung,
    reached,
)
from domain.errors import DomainError
from domain.facts import Facts
from domain.regulations.applying import REGULATIONS, STEPS, WORDS, RegulationsPlan, step_named
from domain.regulations.us_business_days import is_business_day

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
EVERYTHING = RegulationsPlan(apply=WORDS, zone="Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(step: str, when: str, reason: str = "", recorded: datetime = NOW) -> AuthorityNotified:
    return AuthorityNotified(step=step, at=at(when), by="lena", reason=reason, recorded_at=recorded)


def one(
    step: str, facts: Facts, *notified: AuthorityNotified, now: datetime = NOW, zone: str = "UTC"
) -> Deadline:
    plan = RegulationsPlan(apply=WORDS, zone=zone)
    return next(x for x in deadlines(plan, facts, notified, now) if x.step == step)


@pytest.mark.parametrize(
    ("step", "facts", "due"),
    [
        ("gdpr33", {"aware_at": "2026-11-28 09:00 UTC"}, "2026-12-01 09:00"),
        # Through the night in which the clocks go back: 72 hours, not three days on the wall.
        ("gdpr33", {"aware_at": "2026-10-24 10:00 Europe/Berlin"}, "2026-10-27 08:00"),
        ("nis2_warning", {"aware_at": "2027-03-27 12:00 Europe/Berlin"}, "2027-03-28 11:00"),
        ("nis2_notification", {"aware_at": "2028-02-27 09:00 UTC"}, "2028-03-01 09:00"),
        ("cra_vulnerability_warning", {"aware_at": "2026-11-28 09:00 UTC"}, "2026-11-29 09:00"),
        ("cra_incident_notification", {"aware_at": "2026-11-28 09:00 UTC"}, "2026-12-01 09:00"),
        ("cert_in", {"aware_at": "2026-12-31 20:00 UTC"}, "2027-01-01 02:00"),
        # 14 days after a Monday: until the end of a Monday.
        (
            "cra_vulnerability_final",
            {"fix_available_at": "2026-11-30 08:00 UTC"},
            "2026-12-14 23:59:59",
        ),
        # The last of 14 days is a Saturday: until the end of the Monday.
        (
            "cra_vulnerability_final",
            {"fix_available_at": "2026-11-28 08:00 UTC"},
            "2026-12-14 23:59:59",
        ),
    ],
)
def test_a_deadline_is_counted_from_its_fact(step: str, facts: dict[str, str], due: str) -> None:
    assert one(step, Facts.model_validate(facts)).due == at(due)


@pytest.mark.parametrize(
    ("classified", "aware", "due", "starts_from"),
    [
        ("2026-11-28 12:00 UTC", "2026-11-28 09:00 UTC", "2026-11-28 16:00", "classified_at"),
        # 24 hours from awareness are over before the four hours.
        ("2026-11-29 08:00 UTC", "2026-11-28 09:00 UTC", "2026-11-29 09:00", "aware_at"),
        # Classified after those 24 hours: four hours from then, and not late before it began.
        ("2026-11-30 08:00 UTC", "2026-11-28 09:00 UTC", "2026-11-30 12:00", "classified_at"),
        ("", "2026-11-28 09:00 UTC", "2026-11-29 09:00", "aware_at"),
        ("2026-11-28 12:00 UTC", "", "2026-11-28 16:00", "classified_at"),
    ],
)
def test_dora_counts_from_its_classification_and_from_awareness(
    classified: str, aware: str, due: str, starts_from: str
) -> None:
    facts = Facts.model_validate({"classified_at": classified, "aware_at": aware})
    found = one("dora_initial", facts)
    assert (found.due, found.starts_from) == (at(due), starts_from)


@pytest.mark.parametrize(
    ("notified", "due"),
    [
        ("2026-01-31 10:00", "2026-03-02 23:59:59"),  # 28 February is a Saturday
        ("2028-01-31 10:00", "2028-02-29 23:59:59"),
        ("2027-12-15 10:00", "2028-01-17 23:59:59"),  # 15 January is a Saturday
        ("2026-11-30 10:00", "2026-12-30 23:59:59"),
    ],
)
def test_a_month_ends_on_the_day_of_its_number_or_on_its_last(notified: str, due: str) -> None:
    for before, final in (
        ("nis2_notification", "nis2_final"),
        ("dora_intermediate", "dora_final"),
        ("cra_incident_notification", "cra_incident_final"),
    ):
        assert one(final, Facts(), told(before, notified)).due == at(due)


def test_days_end_where_the_authority_is() -> None:
    found = one(
        "nis2_final", Facts(), told("nis2_notification", "2026-06-30 22:30"), zone="Europe/Berlin"
    )
    # In Berlin it was 1 July already, and the 1st of August is a Saturday.
    assert found.due == at("2026-08-03 21:59:59")


@pytest.mark.parametrize(
    ("material", "due"),
    [
        ("2026-11-30 10:00 America/New_York", "2026-12-04 22:30"),
        # Thanksgiving and a weekend between.
        ("2026-11-24 10:00 America/New_York", "2026-12-01 22:30"),
        # On a Saturday: Monday is the first of the four.
        ("2026-11-28 10:00 America/New_York", "2026-12-03 22:30"),
        # It is Sunday in London and still Saturday in New York; both begin on Monday.
        ("2026-11-29 03:00 UTC", "2026-12-03 22:30"),
        # Friday evening in New York is Saturday in UTC, and counts as Friday.
        ("2026-11-28 02:00 UTC", "2026-12-03 22:30"),
        # Independence Day on a Saturday is observed on Friday 3 July.
        ("2026-06-30 10:00 America/New_York", "2026-07-07 21:30"),
        # New Year's Day 2028 is a Saturday, observed on 31 December 2027.
        ("2027-12-28 10:00 America/New_York", "2028-01-04 22:30"),
        # Across the change of the clocks: half past five on the wall.
        ("2027-03-11 10:00 America/New_York", "2027-03-17 21:30"),
    ],
)
def test_the_sec_counts_its_own_business_days(material: str, due: str) -> None:
    facts = Facts.model_validate({"material_at": material})
    assert one("sec", facts).due == at(due)


def test_the_secs_holidays_are_those_of_the_federal_calendar() -> None:
    off = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    free = [day for day in off if day.weekday() < 5 and not is_business_day(day)]
    assert [f"{day:%m-%d}" for day in free] == [
        "01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26",
        "12-25",
    ]  # fmt: skip


def test_without_its_fact_a_deadline_has_not_started_and_says_which_is_missing() -> None:
    found = {x.step: x for x in deadlines(EVERYTHING, Facts(), [], NOW)}
    assert {x.state for x in found.values()} == {DeadlineState.NOT_STARTED}
    assert found["gdpr33"].missing == ("aware_at",)
    assert found["sec"].missing == ("material_at",)
    assert found["nis2_final"].missing == ("nis2_notification",)
    assert found["dora_initial"].missing == ("classified_at", "aware_at")


def test_a_deadline_is_open_then_near_then_late() -> None:
    facts = Facts.model_validate({"aware_at": "2026-11-28 09:00 UTC"})
    hours = [0, 57, 58, 72, 73]
    states = [one("gdpr33", facts, now=NOW + timedelta(hours=n)).state for n in hours]
    assert states == ["open", "open", "near", "near", "late"]


def test_what_was_notified_in_time_is_done_and_late_needs_its_reason() -> None:
    facts = Facts.model_validate({"aware_at": "2026-11-28 09:00 UTC"})
    to_the_second = one("gdpr33", facts, told("gdpr33", "2026-12-01 09:00"))
    assert to_the_second.state is DeadlineState.DONE
    silent = one("gdpr33", facts, told("gdpr33", "2026-12-01 09:00:01"))
    assert (silent.state, silent.reason_missing) == (DeadlineState.DONE_LATE, True)
    explained = one("gdpr33", facts, told("gdpr33", "2026-12-02 09:00", "The scope was unknown."))
    assert (explained.state, explained.reason_missing) == (DeadlineState.DONE_LATE, False)


def test_a_corrected_fact_moves_the_deadline_and_what_was_done_in_time_may_turn_late() -> None:
    first = Facts.model_validate({"aware_at": "2026-11-28 09:00 UTC"})
    right = Facts.model_validate({"aware_at": "2026-11-26 09:00 UTC"})
    done = told("gdpr33", "2026-11-30 09:00")
    assert one("gdpr33", first, done).state is DeadlineState.DONE
    assert one("gdpr33", right, done).state is DeadlineState.DONE_LATE
    assert counted_from(["aware_at"], ["sec", "gdpr33"]) == [
        "GDPR, Article 33: Notification of the authority"
    ]
    assert counted_from(["summary"], WORDS) == []


def test_what_was_recorded_last_about_a_step_counts() -> None:
    typo = told("nis2_notification", "2026-10-30 10:00", recorded=NOW)
    right = told("nis2_notification", "2026-11-30 10:00", recorded=NOW + timedelta(minutes=5))
    assert one("nis2_final", Facts(), right, typo).due == at("2026-12-30 23:59:59")


def test_gdpr_counts_once_personal_data_is_known_to_be_concerned() -> None:
    none, plan = RegulationsPlan(), RegulationsPlan(apply=("dora", "cra_incident"))
    assert deadlines(none, Facts(cross_border=True), [], NOW) == []
    for facts in (Facts(data_kinds="addresses"), Facts(people_count=3)):
        assert [x.step for x in deadlines(none, facts, [], NOW)] == ["gdpr33", "gdpr34"]
    assert deadlines(none, Facts(people_count=0), [], NOW) == []
    assert {x.regulation for x in deadlines(plan, Facts(), [], NOW)} == {"dora", "cra_incident"}
    notified = deadlines(none, Facts(), [told("cert_in", "2026-11-28 09:00")], NOW)
    assert [x.step for x in notified] == ["cert_in"]


def test_gdpr_34_has_no_number_of_hours_and_so_no_rung() -> None:
    found = one("gdpr34", Facts.model_validate({"aware_at": "2026-11-20 09:00 UTC"}))
    assert (found.state, found.due, found.rungs()) == (DeadlineState.OPEN, None, [])


def test_each_rung_is_reached_once_and_again_after_the_deadline_moved() -> None:
    facts = Facts.model_validate({"aware_at": "2026-11-28 09:00 UTC"})
    plan = RegulationsPlan(apply=("gdpr33",))

    def rung(hours: int, facts: Facts = facts) -> tuple[list[str], timedelta | None]:
        now = NOW + timedelta(hours=hours)
        found = deadlines(plan, facts, [], now)
        return [x.step for x in reached(found, now)], next_rung(found, now)

    assert rung(35) == ([], timedelta(hours=1))
    assert rung(36) == (["50/20261201T090000Z"], timedelta(hours=21, minutes=36))
    assert rung(72) == (["100/20261201T090000Z"], None)
    moved = Facts.model_validate({"aware_at": "2026-11-28 10:00 UTC"})
    assert rung(37, moved)[0] == ["50/20261201T100000Z"]
    ended = deadlines(plan, facts, [told("gdpr33", "2026-11-29 09:00")], NOW)
    assert (reached(ended, NOW + timedelta(days=9)), next_rung(ended, NOW)) == ([], None)


def test_the_page_of_deadlines_has_every_rule_as_it_is() -> None:
    written = (Path(__file__).parents[2] / "docs" / "deadlines.md").read_text(encoding="utf-8")
    for regulation in REGULATIONS:
        assert f"[{regulation.source}]({regulation.url})" in written
        for step in regulation.steps:
            starts = ", ".join(f"`{x.starts}`" for x in step.clocks)
            compared = "yes" if step.verified else "no"
            row = f"| `{step.id}` | {regulation.title} | {step.rule} | {starts} | {compared} |"
            assert row in written


def test_every_rule_has_its_source_and_starts_from_something_that_can_be_known() -> None:
    assert len(STEPS) == sum(len(x.steps) for x in REGULATIONS)
    for regulation in REGULATIONS:
        assert regulation.url.startswith("https://")
        assert regulation.source
        assert regulation.questions
        for question in regulation.questions:
            assert set(question.facts) <= set(Facts.model_fields)
        for step in regulation.steps:
            assert {x.starts for x in step.clocks} <= {*STEPS, *Facts.model_fields}
    with pytest.raises(DomainError, match="gdpr33"):
        step_named("gdpr3")


moments = st.timedeltas(timedelta(), timedelta(days=36_500)).map(lambda x: at("2000-01-01") + x)


@given(moments, st.sampled_from(["Europe/Berlin", "America/Santiago", "Pacific/Apia", "nowhere"]))
def test_every_deadline_ends_after_its_start_and_within_its_plain_length(
    start: datetime, zone: str
) -> None:
    facts = Facts(aware_at=start, material_at=start, classified_at=start, fix_available_at=start)
    done = [AuthorityNotified(step=x, at=start, by="lena", recorded_at=start) for x in STEPS]
    plan = RegulationsPlan(apply=WORDS, zone=zone)
    for found in deadlines(plan, facts, done, start):
        if found.due is not None:
            assert start < found.due <= start + timedelta(days=35)
            assert found.state is DeadlineState.DONE


@given(moments, moments)
def test_a_later_start_never_ends_sooner(first: datetime, second: datetime) -> None:
    earlier, later = sorted((first, second))
    for step, fact in (("sec", "material_at"), ("cra_vulnerability_final", "fix_available_at")):
        ends = [one(step, Facts.model_validate({fact: start})).due for start in (earlier, later)]
        assert ends == sorted(x for x in ends if x is not None)
