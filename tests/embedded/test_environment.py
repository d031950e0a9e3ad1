"""The secrets of a state folder: made once, kept, and never two folders' the same."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

from client.stack.ports import Ports
from embedded.environment import keep_secrets, stack_environment
from settings import Settings


def test_the_secret_of_a_folder_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first, second = keep_secrets(tmp_path, {}), keep_secrets(tmp_path, {})
    mode = stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode)
    assert (first == second, len(first["FRONTFOOT_CODE_SECRET"]) >= 32, mode) == (True, True, 0o600)


def test_two_folders_have_two_secrets(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert keep_secrets(tmp_path / "a", {}) != keep_secrets(tmp_path / "b", {})


def test_a_secret_of_ones_own_is_used_and_not_written_down(tmp_path: Path) -> None:
    own = {"FRONTFOOT_CODE_SECRET": "o" * 40, "FRONTFOOT_LINK_SECRET": "l" * 40}
    assert (keep_secrets(tmp_path, own), (tmp_path / "secrets.env").exists()) == (own, False)


def test_links_in_mail_of_before_a_restart_go_on_working(tmp_path: Path) -> None:
    """Whoever clicks does so days later; the secret of links is that of the folder."""
    first, second = keep_secrets(tmp_path, {}), keep_secrets(tmp_path, {})
    link = first["FRONTFOOT_LINK_SECRET"]
    assert link == second["FRONTFOOT_LINK_SECRET"]
    assert link != first["FRONTFOOT_CODE_SECRET"]


def test_the_secret_of_the_identity_provider_is_in_no_part_by_default(tmp_path: Path) -> None:
    """The console is given it by itself; a part that the public reaches must not have it."""
    given = {"FRONTFOOT_OIDC_CLIENT_SECRET": "s" * 40, "FRONTFOOT_PROOF_REQUIRED": "key"}
    made = stack_environment(
        Settings(state_dir=tmp_path),
        given,
        Ports(),
        webhooks="http://localhost:2",
        sandbox="http://localhost:1",
        live=False,
    )
    everywhere = {**made.clients, **made.parts, **made.worker, **made.access.environment}
    assert "FRONTFOOT_OIDC_CLIENT_SECRET" not in everywhere
    assert made.parts["FRONTFOOT_PROOF_REQUIRED"] == "key"


def test_in_a_rehearsal_everybody_has_a_phone_in_the_sandbox_and_live_nobody_has(
    tmp_path: Path,
) -> None:
    def parts(given: dict[str, str], *, live: bool) -> Mapping[str, str]:
        settings = Settings(state_dir=tmp_path, channels=("email",))
        return stack_environment(
            settings, given, Ports(), webhooks="http://w:2", sandbox="http://s:1", live=live
        ).parts

    own = {"FRONTFOOT_CONTACT_STAND_IN": ""}
    account = {
        "FRONTFOOT_EMAIL_API_KEY": "SG.k",
        "FRONTFOOT_EMAIL_FROM_ADDRESS": "a@example.com",
        "FRONTFOOT_EMAIL_FROM_NAME": "A",
    }
    assert parts({}, live=False)["FRONTFOOT_CONTACT_STAND_IN"] == "json://s:1/phones/"
    assert parts({}, live=False)["FRONTFOOT_CONTACT_TESTS"] == "false"
    assert not parts(own, live=False)["FRONTFOOT_CONTACT_STAND_IN"]
    assert "FRONTFOOT_CONTACT_STAND_IN" not in parts(account, live=True)
