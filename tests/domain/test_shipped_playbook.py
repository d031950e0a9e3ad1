"""The playbook in the box works as it is, on the first day, with nothing known and with much."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from channels.twitter.weighted import LIMIT, LINK, weighted_length
from domain.errors import PlaybookInvalid
from domain.facts import COPY_FACTS, REQUIRED_TO_RESOLVE, Facts
from domain.message import MessageKind, mark_of
from domain.playbook import Playbook
from domain.playbook_files import examine_playbook
from domain.templates import RenderContext, Rendered, render

NOW = datetime(2013, 9, 26, 14, 5, tzinfo=UTC)
FULL = Facts(
    summary="spam posts went out through some customers' accounts",
    what_happened="Somebody used keys that were taken from us to post in customers' names.",
    started="about 13:10 UTC today",
    scope="About one account in sixteen.",
    not_affected="Passwords, card numbers and drafts.",
    cause="A copy of our access keys was not encrypted.",
    doing="We have stopped all posting and are replacing every key.",
    action_for_customers="Delete posts that you did not write.",
    fix="Every stolen key is void.",
    prevention="Keys are encrypted wherever they are stored, and a test refuses any that are not.",
    prevention_owner="Head of Security",
    prevention_due=date(2013, 11, 14),
    wrong="That no account was touched.",
    right="Some were: about one in sixteen.",
)
LONG = Facts(
    **{
        name: "word " * 390 for name in COPY_FACTS if name not in ("prevention_due", "people_count")
    },
    prevention_due=date(2013, 9, 30),
)
# A progress update is no mail: nobody wants one every half hour.
COPY = [
    (kind, channel)
    for kind in MessageKind
    if kind.published
    for channel in ("email", "twitter", "facebook")
    if (kind, channel) != (MessageKind.PROGRESS_UPDATE, "email")
]
POSTS = [one for one in COPY if one[1] != "email"]


def made(
    playbook: Playbook,
    files: Mapping[str, str],
    kind: MessageKind,
    channel: str,
    facts: Facts = FULL,
    next_update_by: datetime | None = NOW,
    at: datetime = NOW,
) -> Rendered:
    context = RenderContext(
        incident="site-down",
        title="Spam from customers' accounts",
        company=playbook.company,
        kind=kind,
        ordinal=12,
        mark=mark_of("hacked", kind, 12, NOW),
        voice=playbook.voices.get(channel),
        facts={**playbook.facts, **facts.filled()},
        link=playbook.link,
        next_update_by=next_update_by,
        offer=playbook.offer,
        at=at,
    )
    return render(kind, channel, files, context)


def test_it_has_neither_problems_nor_warnings(shipped_files: Mapping[str, str]) -> None:
    examined = examine_playbook(shipped_files)
    assert (examined.problems, examined.warnings) == ((), ())


@pytest.mark.parametrize(("kind", "channel"), COPY)
def test_every_message_can_be_written_once_everything_is_known(
    shipped_playbook: Playbook, shipped_files: Mapping[str, str], kind: MessageKind, channel: str
) -> None:
    copy = made(shipped_playbook, shipped_files, kind, channel)
    assert mark_of("hacked", kind, 12, NOW) in copy.text
    assert (copy.subject is not None) == (channel == "email")
    assert not [sign for sign in ("{{", "{%", "{#", ": None", "None.") if sign in copy.text]


@pytest.mark.parametrize(
    ("kind", "channel"),
    [one for one in COPY if one[0] not in (MessageKind.RESOLUTION_NOTE, MessageKind.CORRECTION)],
)
@pytest.mark.parametrize("next_update_by", [NOW, None])
def test_the_first_word_does_not_wait_for_any_fact(
    shipped_playbook: Playbook,
    shipped_files: Mapping[str, str],
    kind: MessageKind,
    channel: str,
    next_update_by: datetime | None,
) -> None:
    copy = made(shipped_playbook, shipped_files, kind, channel, Facts(), next_update_by)
    assert "Spam from customers' accounts" in copy.text


@pytest.mark.parametrize("missing", REQUIRED_TO_RESOLVE)
def test_the_mail_that_says_it_is_over_cannot_be_written_without_fix_and_prevention(
    shipped_playbook: Playbook, shipped_files: Mapping[str, str], missing: str
) -> None:
    empty = None if missing == "prevention_due" else ""
    known = FULL.model_copy(update={missing: empty})
    with pytest.raises(PlaybookInvalid, match=f"facts.{missing} }}}} is not filled yet"):
        made(shipped_playbook, shipped_files, MessageKind.RESOLUTION_NOTE, "email", known)


@pytest.mark.parametrize(
    "facts", [FULL, LONG, Facts(fix="x", wrong="x", right="x")], ids=["full", "long", "short"]
)
@pytest.mark.parametrize("kind", [one for one in MessageKind if one.published])
def test_a_tweet_fits_however_long_the_facts_are(
    shipped_playbook: Playbook,
    shipped_files: Mapping[str, str],
    kind: MessageKind,
    facts: Facts,
) -> None:
    owned = facts.model_copy(
        update={name: getattr(facts, name) or getattr(FULL, name) for name in REQUIRED_TO_RESOLVE}
    )
    # The promise is for another day, whose name and month are the longest there are.
    copy = made(
        shipped_playbook,
        shipped_files,
        kind,
        "twitter",
        owned,
        next_update_by=datetime(2026, 9, 30, 23, 59, tzinfo=UTC),
        at=datetime(2026, 9, 29, 1, 0, tzinfo=UTC),
    )
    assert weighted_length(copy.text) + 1 + LINK <= LIMIT


@pytest.mark.parametrize(("kind", "channel"), POSTS)
def test_no_code_is_ever_posted_for_all_to_see(
    shipped_playbook: Playbook, shipped_files: Mapping[str, str], kind: MessageKind, channel: str
) -> None:
    assert "[[" not in made(shipped_playbook, shipped_files, kind, channel).text


def test_each_customer_gets_a_code_by_mail_in_both_of_its_forms(
    shipped_playbook: Playbook, shipped_files: Mapping[str, str]
) -> None:
    mail = made(shipped_playbook, shipped_files, MessageKind.GOODWILL_OFFER, "email")
    assert "\n[[code]]\n" in mail.text
    assert "[[code]]" in (mail.html or "")


def test_the_resolution_says_who_answers_for_the_prevention_and_by_when(
    shipped_playbook: Playbook, shipped_files: Mapping[str, str]
) -> None:
    mail = made(shipped_playbook, shipped_files, MessageKind.RESOLUTION_NOTE, "email")
    assert "Head of Security, by 14 November 2013" in mail.text


@pytest.mark.parametrize(
    ("kind", "channel"),
    [one for one in COPY if one[0] in (MessageKind.ANNOUNCEMENT, MessageKind.PROGRESS_UPDATE)],
)
def test_people_are_told_when_they_will_hear_from_us_next(
    shipped_playbook: Playbook, shipped_files: Mapping[str, str], kind: MessageKind, channel: str
) -> None:
    text = made(shipped_playbook, shipped_files, kind, channel).text
    assert "14:05 UTC" in text.replace(mark_of("hacked", kind, 12, NOW), "")


@pytest.mark.parametrize("kind", list(MessageKind))
def test_every_message_can_be_signed_while_any_one_person_is_out_of_reach(
    shipped_playbook: Playbook, kind: MessageKind
) -> None:
    gate = shipped_playbook.gate_of(kind)
    assert gate is not None
    holders = {person.id: set(person.roles) for person in shipped_playbook.roster}
    for away in holders:
        here = [roles & set(gate.roles) for one, roles in holders.items() if one != away]
        present = set().union(*here)
        assert len([one for one in here if one]) >= gate.quorum + 1
        assert set(gate.must_include) <= present


def test_a_million_customers_fit_the_budget(shipped_playbook: Playbook) -> None:
    assert shipped_playbook.offer is not None
    shipped_playbook.offer.refuse_over_budget(1_000_000)


def test_a_history_gets_no_wording_of_a_saved_reply(shipped_playbook: Playbook) -> None:
    travels = shipped_playbook.without_words().model_dump_json()
    assert "It has been a long day here" not in travels
    kept = Playbook.model_validate_json(travels)
    assert kept.gate_of(MessageKind.REPLY_RULES) == shipped_playbook.gate_of(
        MessageKind.REPLY_RULES
    )
