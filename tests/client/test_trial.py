"""A plan that is called usable is usable: every message was written for every channel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from client.checks.playbooks import check_playbooks
from client.playbooks import Examined, examine_files
from domain.errors import PlaybookInvalid
from domain.message import MessageKind
from settings import HERE, Settings
from store.files.playbook_folder import read_playbook

SHIPPED = dict(read_playbook(HERE / "playbooks" / "site-compromised"))
PLAN = SHIPPED["playbook.yaml"]


@pytest.fixture(autouse=True)
def nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env`, no running stack."""
    monkeypatch.chdir(tmp_path)


def own(**more: str) -> Settings:
    return Settings(_env_file=None, **more)  # type: ignore[arg-type]  # texts, as in `.env`


def with_plan(old: str, new: str, **files: str) -> dict[str, str]:
    assert old in PLAN
    named = {name.replace("__", ".") + ".j2": text for name, text in files.items()}
    return {**SHIPPED, "playbook.yaml": PLAN.replace(old, new, 1), **named}


def line_of(text: str) -> int:
    """The line of the shipped plan that has it first, from 1."""
    return PLAN[: PLAN.index(text)].count("\n") + 1


def examined(files: Mapping[str, str], **settings: str) -> Examined:
    return examine_files(own(**settings), files)


def only(files: Mapping[str, str], **settings: str) -> str:
    (problem,) = examined(files, **settings).problems
    return f"{problem} {problem.next_step}"


def test_the_shipped_plan_can_be_used_without_any_credential() -> None:
    found = examined(SHIPPED)
    assert (found.problems, found.warnings, found.direct) == ((), (), {"email"})
    assert found.usable_plan() == found.playbook


@pytest.mark.parametrize(
    ("file", "copy", "says"),
    [
        (
            "announcement.twitter.j2",
            "link: {{ link }}\n---\n" + "x" * 290 + " {{ mark }}",
            "announcement.twitter.j2, line 3: twitter: the post is 71 too long",
        ),
        ("correction.facebook.j2", "x" * 63_300, "facebook: the post has 63,3"),
        ("announcement.email.j2", f"subject: {'x' * 260}\n---\nHello", "250 characters"),
    ],
)
def test_copy_that_never_fits_keeps_its_message_from_being_used(
    file: str, copy: str, says: str
) -> None:
    files = {**SHIPPED, file: copy}
    assert says in only(files)
    assert list(examined(files).unusable) == [MessageKind(file.partition(".")[0])]


@pytest.mark.parametrize(
    ("copy", "says"),
    [
        ("{{ facts.summary }} {{ facts.doing }} {{ mark }}", "with long facts"),
        ("{{ title }} " + "x" * 160 + " {{ mark }}", "with long facts"),
        ("{% if facts.doing %}a{% else %}" + "x" * 260 + "{% endif %}{{ mark }}", "few facts"),
        ("x" * 208 + " by {{ next_update_by | clock }}. {{ mark }}", "with long facts"),
    ],
)
def test_copy_that_fits_only_on_a_good_day_is_a_problem_and_no_obstacle(
    copy: str, says: str
) -> None:
    files = {**SHIPPED, "progress_update.twitter.j2": copy}
    assert says in only(files)
    found = examined(files)
    assert (dict(found.unusable), list(found.doubtful)) == ({}, [MessageKind.PROGRESS_UPDATE])
    assert found.usable_plan() is not None


def test_an_unknown_channel_is_one_problem_with_what_was_meant() -> None:
    said = only(with_plan("[twitter, facebook,", "[twiter, facebook,"))
    line = line_of("channels: [twitter, facebook,")
    assert said.startswith(
        f"playbook.yaml, line {line}, column 16: there is no channel called twiter."
    )
    assert "Did you mean twitter?" in said


@pytest.mark.parametrize("file", ["progress_update.fax.j2", "progress_update.email.html.j2"])
def test_copy_for_a_channel_that_the_message_does_not_go_to_is_a_problem(file: str) -> None:
    """It was a warning, or nothing, and whoever wrote it believed that it would go out."""
    files = {**SHIPPED, file: "We are on it."}
    assert f"{file}, line 1: is copy for " in only(files)
    found = examined(files)
    assert (found.usable_plan() is not None, found.playbook, dict(found.unusable)) == (
        True,
        None,
        {},
    )


def test_html_for_a_post_is_a_problem() -> None:
    files = {**SHIPPED, "progress_update.twitter.html.j2": "<p>We are on it.</p>"}
    assert "is HTML, and twitter takes posts" in only(files)


def test_a_post_that_gets_the_mark_as_a_last_line_is_a_warning_and_the_page_shows_its_own() -> None:
    unmarked = {f"announcement.{name}.j2": "Sorry." for name in ("twitter", "website")}
    (warning,) = examined({**SHIPPED, **unmarked}).warnings
    assert f"{warning} {warning.next_step}" == (
        "announcement.twitter.j2: does not show the mark, so the post gets it as a last line. "
        "Write {{ mark }} where it reads well."
    )


@pytest.mark.parametrize("proof", ["none", "key", "passkey"])
def test_a_gate_may_require_any_proof(proof: str) -> None:
    files = with_plan("      quorum: 2\n", f"      quorum: 2\n      requires: {proof}\n")
    found = examined(files)
    assert (found.problems, found.unusable) == ((), {})


@pytest.mark.parametrize(
    ("least", "own", "required"),
    [("passkey", "key", "passkey"), ("key", "none", "key"), ("key", "passkey", "passkey")],
)
def test_an_installation_may_ask_for_more_than_a_gate_does(
    least: str, own: str, required: str
) -> None:
    files = with_plan("      quorum: 2\n", f"      quorum: 2\n      requires: {own}\n")
    plan = examined(files, proof_required=least).plan
    assert plan is not None
    asked = {kind: message.gate.requires for kind, message in plan.messages.items()}
    assert required in asked.values()
    assert set(asked.values()) <= {required, least}


@pytest.mark.parametrize("channels", ["email,twitter,facebook,website", "mastodon"])
def test_a_channel_that_no_worker_serves_is_a_warning(channels: str) -> None:
    files = with_plan(
        "[twitter, facebook,", "[mastodon, facebook,", progress_update__mastodon="x {{ mark }}"
    )
    del files["progress_update.twitter.j2"]
    found = examined(files, channels=channels)
    named = {name for name in ("mastodon", "twitter") for one in found.warnings
             if f"sends to {name}" in one.detail}  # fmt: skip
    assert found.problems == ()
    assert named == ({"twitter"} if channels == "mastodon" else {"mastodon"})


def test_a_servers_own_limit_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    files = with_plan(
        "[twitter, facebook,",
        "[mastodon, facebook,",
        progress_update__mastodon="x" * 400 + " {{ mark }}",
    )
    del files["progress_update.twitter.j2"]
    assert examined(files).problems == ()
    monkeypatch.setenv("FRONTFOOT_MASTODON_MAX_CHARACTERS", "300")
    assert "mastodon: the post is" in only(files)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("address: noor@example.com", "address: noor@example"),
        ("address: noor@example.com", "address: Noor <noor@example.com>"),
        ("reply_to: help@example.com", "reply_to: help.example.com"),
    ],
)
def test_a_bad_sender_is_one_problem_at_its_line_for_all_mail(old: str, new: str) -> None:
    said = only(with_plan(old, new))
    assert said.startswith(f"playbook.yaml, line {line_of(old)}, column 5: email: ")
    assert new.partition(": ")[2] not in said


def test_a_sender_that_the_worker_may_know_is_asked_for_only_where_we_know_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = with_plan("    address: noor@example.com\n", "")
    assert examined(files).problems == ()
    monkeypatch.setenv("FRONTFOOT_EMAIL_API_KEY", "SG.x")
    assert "this mail has no sender" in only(files)
    monkeypatch.setenv("FRONTFOOT_EMAIL_FROM_ADDRESS", "noor@example.com")
    assert examined(files).problems == ()


def test_a_value_that_this_plan_never_has_is_found() -> None:
    files = {**SHIPPED, "goodwill_offer.twitter.j2": "{{ offer.expires | day }} {{ mark }}"}
    assert only(files).startswith("goodwill_offer.twitter.j2, line 1: {{ offer.expires }} is not")


def test_an_unguarded_unsubscribe_link_is_found_where_there_are_no_links() -> None:
    mail = f"{SHIPPED['goodwill_offer.email.j2']}\n{{{{ unsubscribe_link }}}}"
    files = {**SHIPPED, "goodwill_offer.email.j2": mail}
    assert "unsubscribe_link }} is not filled yet" in only(files)
    linked = {"public_url": "https://example.com", "link_secret": "s" * 40}
    assert examined(files, **linked).problems == ()


def test_a_plan_opens_with_what_can_be_used_and_names_the_rest() -> None:
    broken = {
        "goodwill_offer.email.j2": "subject: Sorry\n---\n[[ code ]]",
        "correction.twitter.j2": "{{ facts.wrnog }}",
        "unused.twitter.j2": "{{ nothing }}",
    }
    missing = {k: v for k, v in SHIPPED.items() if k != "resolution_note.email.j2"}
    found = examined({**missing, **broken})
    assert (found.playbook, len(found.problems)) == (None, 4)
    assert set(found.unusable) == {"goodwill_offer", "correction", "resolution_note"}
    assert found.usable_plan().name == "site-compromised"


@pytest.mark.parametrize(
    "files",
    [
        {**SHIPPED, "announcement.twitter.j2": "{company} {{ mark }}"},
        {**SHIPPED, "announcement.facebook.j2": ""},
        {k: v for k, v in SHIPPED.items() if k != "announcement.email.j2"},
        with_plan("  announcement:", "  anouncement:"),
        {**SHIPPED, "playbook.yaml": "title: 'It's down'"},
        {},
    ],
)
def test_without_an_announcement_that_can_be_used_nothing_is_opened(
    files: Mapping[str, str],
) -> None:
    with pytest.raises(PlaybookInvalid):
        examined(files).usable_plan()


def test_a_plan_without_an_announcement_is_refused_with_the_reason() -> None:
    start, end = PLAN.index("  announcement:"), PLAN.index("  # Keeps the promise")
    files = {**SHIPPED, "playbook.yaml": PLAN[:start] + PLAN[end:]}
    with pytest.raises(PlaybookInvalid, match="has no announcement"):
        examined(files).usable_plan()


def test_check_tries_the_installed_playbooks(tmp_path: Path) -> None:
    folder = tmp_path / "books" / "mine"
    folder.mkdir(parents=True)
    for name, text in {**SHIPPED, "announcement.twitter.j2": "x" * 400}.items():
        (folder / name).write_text(text, encoding="utf-8")
    (result,) = check_playbooks(own(playbooks_dir=str(folder.parent)))
    assert (result.ok, "1 problem" in result.explanation.what) == (False, True)
