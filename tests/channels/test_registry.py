"""Channels are built from the environment, or say in one breath what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels import registry
from channels.configured import ChannelMisconfigured
from channels.contract import DirectChannel, PostChannel, Retracts, Template
from channels.replying import Replies
from domain.mentions import Mention
from domain.message import Voice

CONFIGURED = {
    "FRONTFOOT_EMAIL_API_KEY": "SG.secret-key",
    "FRONTFOOT_TWITTER_CONSUMER_KEY": "x-secret-1",
    "FRONTFOOT_TWITTER_CONSUMER_SECRET": "x-secret-2",
    "FRONTFOOT_TWITTER_TOKEN": "x-secret-3",
    "FRONTFOOT_TWITTER_TOKEN_SECRET": "x-secret-4",
    "FRONTFOOT_FACEBOOK_PAGE_ID": "100000000000001",
    "FRONTFOOT_FACEBOOK_PAGE_TOKEN": "fb-secret",
}
NAMES = ("email", "facebook", "twitter")


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine is configured with is no business of these tests."""
    for variable in list(os.environ):
        if variable.startswith("FRONTFOOT_"):
            monkeypatch.delenv(variable)


@pytest.fixture
def configured(unconfigured: None, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for variable, value in CONFIGURED.items():
        monkeypatch.setenv(variable, value)
    return monkeypatch


@pytest.mark.usefixtures("configured")
def test_every_channel_of_ours_is_built_under_its_name() -> None:
    built = registry.build(NAMES)
    assert {name: channel.name for name, channel in built.items()} == {n: n for n in NAMES}
    assert isinstance(built["email"], DirectChannel)
    assert not isinstance(built["email"], PostChannel)
    for name in ("facebook", "twitter"):
        assert isinstance(built[name], PostChannel)
        assert isinstance(built[name], Retracts)


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(ChannelMisconfigured) as caught:
        registry.build(["email", "twitter"])
    for variable in CONFIGURED:
        assert (variable in caught.value.what) == ("FACEBOOK" not in variable)
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FRONTFOOT_EMAIL_API_KEY", "SG.one two"),
        ("FRONTFOOT_EMAIL_API_KEY", "SG.broken\nkey"),
        ("FRONTFOOT_EMAIL_BASE_URL", "api.secret.example"),
        ("FRONTFOOT_EMAIL_BASE_URL", "https://user:secret@api.example"),
        ("FRONTFOOT_EMAIL_ASM_GROUP_ID", "secret"),
        ("FRONTFOOT_TWITTER_FIELDS", "secret.fields"),
        ("FRONTFOOT_FACEBOOK_PAGE_ID", "secret-page"),
        ("FRONTFOOT_FACEBOOK_VERSION", "26.0"),
        ("FRONTFOOT_FACEBOOK_READ_TIMEOUT", "0"),
    ],
)
def test_a_value_that_cannot_work_is_refused_at_the_start_and_not_shown(
    configured: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    configured.setenv(variable, value)
    with pytest.raises(ChannelMisconfigured) as caught:
        registry.build(NAMES)
    assert variable in caught.value.what
    assert value not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_white_space_of_a_pasted_key_does_no_harm(configured: pytest.MonkeyPatch) -> None:
    configured.setenv("FRONTFOOT_EMAIL_API_KEY", " SG.secret-key\n")
    assert registry.build(["email"])["email"].name == "email"


def test_a_file_stands_behind_the_environment(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("FRONTFOOT_EMAIL_API_KEY=SG.from-file\nFRONTFOOT_OTHER=1\n")
    assert "email" in registry.build(["email"], env_file=file)


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("name", NAMES)
def test_a_configured_channel_can_be_shown_without_its_secrets(name: str) -> None:
    shown = registry.masked(name)
    assert "secret" not in " ".join(shown.values())
    assert "set" in shown.values()
    assert shown[f"FRONTFOOT_{name.upper()}_BASE_URL"].startswith("https://")


def test_an_unknown_channel_is_told_which_there_are() -> None:
    with pytest.raises(
        ChannelMisconfigured, match="known are email, facebook, mastodon, smtp, twitter"
    ):
        registry.build(["pigeon"])


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    for number, line in enumerate(lines):
        metadata = folder / f"stranger{number}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: stranger{number}\n")
        (metadata / "entry_points.txt").write_text(f"[frontfoot.channels]\n{line}\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("pigeon = no_such_module:ADAPTER",), "cannot be loaded"),
        (("pigeon = channels.sendgrid:NO_SUCH",), "cannot be loaded"),
        (
            ("pigeon = channels.sendgrid:SendGridChannel",),
            "is not a channels.adapter.Adapter",
        ),
        (
            (
                "pigeon = channels.sendgrid:ADAPTER",
                "pigeon = channels.twitter:ADAPTER",
            ),
            "Several installed packages",
        ),
    ],
)
def test_a_bad_entry_point_stops_the_worker_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], says: str
) -> None:
    installed(tmp_path, monkeypatch, *lines)
    with pytest.raises(ChannelMisconfigured, match=says) as caught:
        registry.build(["pigeon"])
    assert "pigeon" in caught.value.what


@pytest.mark.usefixtures("configured")
def test_a_package_cannot_take_over_a_channel_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, monkeypatch, "email = channels.twitter:ADAPTER")
    assert isinstance(registry.build(["email"])["email"], DirectChannel)


@pytest.mark.usefixtures("configured")
def test_a_channel_goes_by_the_name_that_it_is_installed_under(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package installed as "pigeon" brought "twitter", and pigeon's messages went there."""
    installed(tmp_path, monkeypatch, "pigeon = channels.twitter:ADAPTER")
    with pytest.raises(ChannelMisconfigured, match="'pigeon' calls itself 'twitter'") as caught:
        registry.build(["pigeon"])
    assert caught.value.explanation.means
    assert caught.value.next_step


@pytest.mark.parametrize("name", ["Pigeon", "carrier-pigeon", "2pigeons", "p" * 32])
def test_a_name_that_no_playbook_can_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    installed(tmp_path, monkeypatch, f"{name} = channels.twitter:ADAPTER")
    with pytest.raises(ChannelMisconfigured, match="cannot name a channel") as caught:
        registry.build([name])
    assert "lower-case letter" in caught.value.what


def test_listing_the_channels_loads_no_provider() -> None:
    script = (
        "import sys; from channels import registry; registry.known(); "
        "print(sorted({'aiosmtplib', 'httpx', 'requests', 'facebook'} & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[2]
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"


def test_copy_is_rendered_with_our_settings_where_only_the_secrets_are_kept_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A console has no credential, and shows from whom the mail will come all the same."""
    monkeypatch.setenv("FRONTFOOT_EMAIL_FROM_ADDRESS", "us@feather.example")
    channel, configured = registry.build_to_render("email")
    words = Template(
        text="We are down.", subject="Down", mark="Notice 1", voice=Voice(name="Feather")
    )
    copy = channel.render(words)
    assert not configured
    assert copy.voice is not None
    assert copy.voice.address == "us@feather.example"


def test_replies_by_mail_are_rendered_where_the_passwords_are_kept_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A username without its password could not be built, so nothing of the channel was shown."""
    for name in ("HOST", "USERNAME", "MAILBOX_HOST", "MAILBOX_USERNAME"):
        monkeypatch.setenv(f"FRONTFOOT_SMTP_{name}", "mail.example")
    monkeypatch.setenv("FRONTFOOT_SMTP_FROM_ADDRESS", "us@feather.example")
    channel, configured = registry.build_to_render("smtp")
    assert not configured
    assert isinstance(channel, Replies)
    now = datetime(2026, 11, 20, tzinfo=UTC)
    to = Mention(channel="smtp", id="1~2", text="Hello", written_at=now, changed_at=now)
    assert channel.render_reply("You are safe.", to).subject == "Re: Hello"
