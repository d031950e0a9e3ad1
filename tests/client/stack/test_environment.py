"""Which accounts the parts of a stack speak to, and what they are told of ours."""

from __future__ import annotations

import pytest

from client.stack.accounts import choose_accounts, event_settings, without_secrets
from client.stack.environment import for_python, plain

OURS = ("email", "twitter", "facebook")
SANDBOX = "http://127.0.0.1:8090"
LIVE = {
    "FRONTFOOT_EMAIL_API_KEY": "SG.live",
    "FRONTFOOT_FACEBOOK_PAGE_ID": "42",
    "FRONTFOOT_FACEBOOK_PAGE_TOKEN": "page-live",
    "FRONTFOOT_FACEBOOK_APP_SECRET": "app-live",
    "FRONTFOOT_TWITTER_TOKEN": "half-live",
}


def test_with_nothing_set_every_channel_speaks_to_the_sandbox() -> None:
    chosen = choose_accounts(OURS, {}, SANDBOX, live=True)
    urls = {name: url for name, url in chosen.environment.items() if name.endswith("_BASE_URL")}
    assert (chosen.live, chosen.notices, set(urls.values()), len(urls)) == ((), (), {SANDBOX}, 3)


def test_credentials_that_are_set_are_used_and_told_loudly() -> None:
    chosen = choose_accounts(OURS, LIVE, SANDBOX, live=True)
    loud = [notice for notice in chosen.notices if notice.startswith("LIVE:")]
    assert (chosen.live, chosen.environment["FRONTFOOT_EMAIL_API_KEY"], len(loud)) == (
        ("email", "facebook"),
        "SG.live",
        2,
    )


@pytest.mark.parametrize(("live", "loud"), [(True, 1), (False, 0)])
def test_a_key_of_the_shop_is_told_loudly_wherever_the_mail_goes(live: bool, loud: int) -> None:
    chosen = choose_accounts(OURS, {"FRONTFOOT_STRIPE_API_KEY": "rk"}, SANDBOX, live=live)
    told = [notice for notice in chosen.notices if notice.startswith("LIVE:")]
    assert (chosen.live, len(told)) == ((), loud)


def test_half_of_the_credentials_means_the_sandbox_and_says_what_is_missing() -> None:
    chosen = choose_accounts(("twitter",), LIVE, SANDBOX, live=True)
    assert ("half-live" in chosen.environment.values(), chosen.notices) == (
        False,
        (
            "twitter speaks to the sandbox, because FRONTFOOT_TWITTER_CONSUMER_KEY, "
            "FRONTFOOT_TWITTER_CONSUMER_SECRET, FRONTFOOT_TWITTER_TOKEN_SECRET is not set.",
        ),
    )


def test_a_drill_gets_no_live_credential_whatever_is_set() -> None:
    chosen = choose_accounts(
        (*OURS, "pager"), {**LIVE, "FRONTFOOT_PAGER_KEY": "k"}, SANDBOX, live=False
    )
    assert (set(chosen.environment.values()) & {*LIVE.values(), "k"}, chosen.channels) == (
        set(),
        OURS,
    )


@pytest.mark.parametrize("live", [True, False])
def test_a_stand_in_of_ones_own_comes_before_the_sandbox_and_any_credential(live: bool) -> None:
    given = {**LIVE, "FRONTFOOT_FACEBOOK_STAND_IN_URL": "http://127.0.0.1:9400/"}
    chosen = choose_accounts(("facebook",), given, SANDBOX, live=live)
    assert (chosen.live, chosen.sandboxed) == ((), ("facebook",))
    assert chosen.environment["FRONTFOOT_FACEBOOK_BASE_URL"] == "http://127.0.0.1:9400"
    assert "page-live" not in chosen.environment.values()
    assert chosen.notices == ("facebook speaks to your stand-in at http://127.0.0.1:9400/.",)


@pytest.mark.parametrize(
    "url", ["https://graph.facebook.com", "http://10.0.0.7:9400", "127.0.0.1:9400", "http://["]
)
def test_a_stand_in_elsewhere_is_left_out(url: str) -> None:
    given = {**LIVE, "FRONTFOOT_FACEBOOK_STAND_IN_URL": url}
    chosen = choose_accounts(("facebook",), given, SANDBOX, live=True)
    assert (chosen.channels, len(chosen.notices)) == ((), 1)


def test_a_stand_in_that_the_adapter_cannot_speak_to_is_left_out() -> None:
    given = {"FRONTFOOT_SMTP_STAND_IN_URL": "http://127.0.0.1:9400"}
    chosen = choose_accounts(("smtp",), given, SANDBOX, live=True)
    assert (chosen.channels, "sandbox=" in chosen.notices[0]) == ((), True)


def test_a_package_on_the_path_of_the_caller_comes_behind_ours() -> None:
    ours, theirs = for_python({"PYTHONPATH": "/theirs"})["PYTHONPATH"].split(":")
    assert (ours == for_python({})["PYTHONPATH"], theirs) == (True, "/theirs")


def test_events_of_a_live_account_need_the_key_that_verifies_them() -> None:
    chosen = choose_accounts(("email",), LIVE, SANDBOX, live=True)
    assert chosen.event_channels == ()
    assert "FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY is not set" in " ".join(chosen.notices)


async def test_the_receiver_is_told_what_verifies_and_nothing_that_sends() -> None:
    given = {**LIVE, "FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY": "verifies"}
    chosen = choose_accounts(OURS, given, SANDBOX, live=True)
    told = await event_settings(chosen, given, SANDBOX)
    assert (chosen.event_channels, told) == (
        ("email",),
        {
            "FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY": "verifies",
            # X is not live here: what its webhook is verified with is the sandbox's.
            "FRONTFOOT_TWITTER_CONSUMER_SECRET": "sandbox-consumer-secret",
            "FRONTFOOT_TWITTER_USER_ID": "7000000001",
        },
    )


async def test_a_live_webhook_about_mentions_needs_all_that_verifies_it() -> None:
    given = {**LIVE, "FRONTFOOT_FACEBOOK_VERIFY_TOKEN": "agreed"}
    chosen = choose_accounts(("facebook",), given, SANDBOX, live=True)
    assert await event_settings(chosen, given, SANDBOX) == {
        "FRONTFOOT_FACEBOOK_APP_SECRET": "app-live",
        "FRONTFOOT_FACEBOOK_PAGE_ID": "42",
        "FRONTFOOT_FACEBOOK_VERIFY_TOKEN": "agreed",
    }


def test_the_sandbox_process_is_told_nothing_of_ours() -> None:
    given = {**LIVE, "PATH": "/bin", "TEMPORAL_API_KEY": "t", "AWS_SECRET_ACCESS_KEY": "a"}
    assert (plain(given), sorted(for_python(given))) == (
        {"PATH": "/bin"},
        ["PATH", "PYTHONPATH", "PYTHONUNBUFFERED"],
    )


def test_the_console_is_told_what_copy_looks_like_and_no_secret() -> None:
    given = {**LIVE, "FRONTFOOT_EMAIL_FROM_ADDRESS": "us@example.com", "FRONTFOOT_PAGER_KEY": "k"}
    shown = without_secrets(choose_accounts((*OURS, "pager"), given, SANDBOX, live=True))
    secrets = {value for name, value in given.items() if name.endswith(("KEY", "TOKEN", "SECRET"))}
    assert not secrets & set(shown.values())
    assert shown["FRONTFOOT_EMAIL_FROM_ADDRESS"] == "us@example.com"
    assert shown["FRONTFOOT_FACEBOOK_PAGE_ID"] == "42"
