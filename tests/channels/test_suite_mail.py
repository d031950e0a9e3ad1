"""The contract suite catches what a stranger gets wrong about mail, its events and its adapter."""

from __future__ import annotations

import inspect

import pytest

from channels.contract_suite.adapter_contract import AdapterContract
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.events_contract import EventsContract
from channels.contract_suite.example_providers import Feed, mail_provider
from channels.contract_suite.mailer_channel import MailerChannel, MailerEvents
from tests.channels import broken_mail as broken
from tests.channels.flaws import CAUGHT, Flaw, called_with, keep

SUITE = ChannelContract()
OWN = SUITE.test_each_addressee_gets_one_mail_with_the_own_values_and_key
ARRIVES = SUITE.test_mail_arrives_with_words_sender_and_reply_address
ONE_CLICK = SUITE.test_mail_programs_are_offered_to_unsubscribe_with_one_click

CHANGES = [
    (OWN, broken.doubles_the_last),
    (OWN, broken.drops_the_last),
    (OWN, broken.mixes_values),
    (OWN, broken.mixes_keys),
    (OWN, broken.forgets_values),
    (OWN, broken.forgets_keys),
    (SUITE.test_no_addressee_sees_the_address_of_another, broken.shows_everybody),
    *((ARRIVES, broken.forgets(part)) for part in ("text", "html", "from", "reply_to")),
    (SUITE.test_mail_says_exactly_what_was_signed, broken.adds_a_footer),
    (SUITE.test_mail_says_exactly_what_was_signed, broken.changes_the_subject),
    (ONE_CLICK, broken.forgets_headers),
    (ONE_CLICK, broken.forgets_one_click),
    (
        SUITE.test_mail_without_a_link_to_unsubscribe_has_no_header_for_it,
        broken.links_to_nowhere,
    ),
]
FLAWS = [
    *(Flaw(change.__name__, promise, broken.sends(change)) for promise, change in CHANGES),
    Flaw("takes less than it says", SUITE.test_a_full_batch_is_taken, broken.TakesLess),
    Flaw("one request each", SUITE.test_a_batch_is_one_request, broken.OneRequestEach),
    *(
        Flaw(
            f"searches by the start of {key}",
            SUITE.test_a_look_does_not_take_the_same_words_under_another_mark_for_ours,
            broken.SearchesByTheStart,
            {"mark": "Notice 1, 09:00 UTC", "key": key},
        )
        for key in ("0123456789abcdef.1.17", "0123456789abcdef.11.1")
    ),
    Flaw(
        "sends to who lacks a value",
        SUITE.test_who_lacks_a_value_is_named_and_gets_nothing_half_filled_in,
        broken.HalfFilledIn,
    ),
]


@pytest.mark.parametrize("flaw", FLAWS, ids=str)
async def test_the_suite_catches_what_addressees_would_get(flaw: Flaw) -> None:
    await keep(flaw.promise, mail_provider(MailerChannel), **flaw.given)
    with pytest.raises(CAUGHT):
        await keep(flaw.promise, mail_provider(flaw.broken), **flaw.given)


EVENTS = EventsContract()
GARBAGE = EVENTS.test_a_delivery_with_garbage_for_a_signature_is_not_believed
BOUNCES = EVENTS.test_only_a_bounce_that_will_not_get_better_is_a_hard_one
READERS = [
    Flaw("every bounce is hard", BOUNCES, broken.EveryBounceIsHard),
    Flaw("no bounce is hard", BOUNCES, broken.NoBounceIsHard),
    Flaw(
        "fails at a kind that is new",
        EVENTS.test_an_event_of_an_unknown_kind_is_passed_over,
        broken.FailsAtWhatIsNew,
    ),
    Flaw(
        "needs the batch key",
        EVENTS.test_an_event_with_one_of_our_keys_is_about_our_mail,
        broken.NeedsTheBatchKey,
        {"batch_key": None, "delivery_key": "0123456789abcdef.1"},
    ),
    Flaw("compares text", GARBAGE, broken.ComparesText, {"garbage": "sch\u00f6n"}),
]


@pytest.mark.parametrize("flaw", READERS, ids=str)
def test_the_suite_catches_a_reader_of_events_that(flaw: Flaw) -> None:
    def kept(kind: type[MailerEvents]) -> None:
        flaw.promise(**called_with(flaw.promise, {**flaw.given, "feed": Feed(kind)}))

    kept(MailerEvents)
    with pytest.raises(CAUGHT):
        kept(flaw.broken)


ADAPTERS = AdapterContract()
ONE_WORD = ADAPTERS.test_entry_point_and_channel_are_one_word
PACKAGES = [
    Flaw("another name", ONE_WORD, broken.MISNAMED),
    Flaw("a name that no playbook can hold", ONE_WORD, broken.ILL_NAMED),
    Flaw(
        "another prefix",
        ADAPTERS.test_the_variables_of_the_settings_begin_with_the_name,
        broken.WITH_WRONG_PREFIX,
    ),
    Flaw(
        "events announced that nobody reads",
        ADAPTERS.test_events_are_announced_if_and_only_if_they_can_be_read,
        broken.WITHOUT_EVENTS,
    ),
    Flaw(
        "no place to look",
        ADAPTERS.test_whoever_looks_by_hand_for_a_batch_is_told_where,
        broken.WITHOUT_A_PLACE,
    ),
    Flaw(
        "a variable without words",
        ADAPTERS.test_every_variable_that_must_be_set_says_what_it_is_for,
        broken.WITH_SILENT_FIELD,
    ),
    Flaw(
        "a token in plain text",
        ADAPTERS.test_a_configured_channel_is_shown_without_its_secrets,
        broken.WITH_SHOWN_TOKEN,
    ),
    Flaw(
        "the key that sends on the internet's side",
        ADAPTERS.test_whoever_reads_events_is_not_given_what_sends,
        broken.WITH_TOKEN_OUTSIDE,
    ),
]


@pytest.mark.parametrize("flaw", PACKAGES, ids=str)
async def test_the_suite_catches_an_adapter_with(flaw: Flaw) -> None:
    async def kept(package: object) -> None:
        told = flaw.promise(package=package)
        if inspect.isawaitable(told):
            await told

    await kept(broken.MAILER)
    with pytest.raises(CAUGHT):
        await kept(flaw.broken)
