"""Two terminals, everything real: `up` in one, an incident in the other."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from client import asking, incidents, same_ledger
from client.stack.processes import identity
from embedded import temporal_binary
from settings import HERE
from store.migrate import upgrade
from tests.terminal import Terminal, Up

pytestmark = pytest.mark.whole


def wait_for(look: Callable[[], Any], is_so: Callable[[Any], object], within: float = 120.0) -> Any:
    """What was seen once it was so; fails with what was seen last."""
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if is_so(seen):
            return seen
        assert time.monotonic() < deadline, f"it did not come about; seen last: {seen}"
        time.sleep(0.1)


def opened(terminal: Terminal, slug: str) -> None:
    lines = ["email,name", *(f"user{one}@example.org,User {one}" for one in range(200))]
    (terminal.folder / "customers.csv").write_text("\n".join(lines), encoding="utf-8")
    terminal.type("audience import customers.csv --name customers")
    # A title of its own: two posts with the same words in the same minute are one to the sandbox.
    title = f"Sign-in is down, {slug}"
    result = terminal.type(f'open {slug} --title "{title}" --audience customers --as maya')
    assert result.exit_code == 0, result.output


def proposed(terminal: Terminal, slug: str, kind: str = "announcement") -> dict[str, Any]:
    message: dict[str, Any] = terminal.read(f"propose {slug} {kind} --as maya")
    return message


def settled(terminal: Terminal, slug: str) -> dict[str, Any]:
    """The status once no message is under way."""
    seen: dict[str, Any] = wait_for(
        lambda: terminal.read(f"status {slug}"),
        lambda status: all(one["phase"] != "publishing" for one in status["messages"]),
    )
    return seen


def states(status: dict[str, Any], number: int = 1) -> dict[str, str]:
    outcomes = status["messages"][number - 1]["outcomes"]
    return {one["channel"]: one["state"] for one in outcomes}


def book_of(up: Up) -> dict[str, Any]:
    """What the sandbox's own books hold."""
    url = f"{up.stack()['addresses']['sandbox']}/_sandbox/books"
    with urllib.request.urlopen(url) as answer:
        book: dict[str, Any] = json.load(answer)
    return book


@pytest.fixture
def announced(second: Terminal, request: pytest.FixtureRequest) -> tuple[Terminal, str]:
    """An incident of this test's own, with an announcement at its gate."""
    slug = f"t-{zlib.crc32(request.node.name.encode()):08x}"
    opened(second, slug)
    proposed(second, slug)
    return second, slug


# --- the way through -------------------------------------------------------------------------


def test_a_signed_announcement_reaches_every_channel_once(
    up: Up, announced: tuple[Terminal, str]
) -> None:
    terminal, slug = announced
    before = book_of(up)
    digest = terminal.read(f"status {slug}")["messages"][0]["digest"]
    approved = terminal.type(f"approve {slug} 1 --digest {digest[:8]} --as noor")
    assert "goes out now" in approved.output
    status = settled(terminal, slug)
    after = book_of(up)
    grown = {
        name: after[name]["accepted"] - before[name]["accepted"] for name in ("twitter", "facebook")
    }
    assert (states(status), grown) == (
        dict.fromkeys(("email", "twitter", "facebook", "website"), "accepted"),
        {"twitter": 1, "facebook": 1},
    )


def test_the_status_page_shows_mail_signatures_links_and_the_next_command(
    announced: tuple[Terminal, str],
) -> None:
    terminal, slug = announced
    waiting = terminal.type(f"status {slug}").stdout
    digest = terminal.read(f"status {slug}")["messages"][0]["digest"]
    terminal.type(f"approve {slug} 1 --digest {digest} --as noor")
    settled(terminal, slug)
    page = terminal.type(f"status {slug}").stdout
    shown = [
        f"approve {slug} 1 --digest {digest[:8]}" in waiting,
        "We are sorry" in waiting,
        "[acknowledge]" in page,
        "approved by noor (founder)" in page,
        "200 of 200 accepted, 100 %" in page,
        "/acme/status/" in page,
        f"Next: frontfoot propose {slug} progress_update" in page,
    ]
    # Commands and links stay in one piece, to be copied.
    long = [line for line in page.splitlines() if len(line) > 80 and "frontfoot facts" not in line]
    assert (shown, [line for line in long if "://" not in line]) == ([True] * 7, []), page


def test_a_plain_temporal_signal_approves(up: Up, announced: tuple[Terminal, str]) -> None:
    terminal, slug = announced
    digest = terminal.read(f"status {slug}")["messages"][0]["digest"]
    command = temporal_binary.installed()
    assert command is not None
    subprocess.run(
        [
            str(command), "workflow", "signal", "--workflow-id", f"incident/{slug}",
            "--name", "approve",
            "--input", json.dumps({"message": 1, "by": "noor", "digest": digest}),
        ],
        check=True,
        capture_output=True,
        env={**os.environ, "TEMPORAL_ADDRESS": up.stack()["addresses"]["temporal"]},
    )  # fmt: skip
    wait_for(
        lambda: terminal.read(f"status {slug}")["messages"][0],
        lambda message: message["gate"] == "open",
    )
    surfaces = [
        one["actor"]["surface"] for one in settled(terminal, slug)["messages"][0]["decisions"]
    ]
    assert surfaces == ["signal"]


def test_what_is_shown_is_exactly_what_is_signed(announced: tuple[Terminal, str]) -> None:
    terminal, slug = announced
    document = terminal.read(f"show {slug} 1")
    status = terminal.read(f"status {slug}")["messages"][0]
    page = terminal.type(f"show {slug} 1 --channel twitter").stdout
    text = {one["channel"]: one["text"] for one in document["copies"]}
    assert (document["digest"], all(line in page for line in text["twitter"].split("\n"))) == (
        status["digest"],
        True,
    )


def test_the_status_for_machines_holds_no_copy(announced: tuple[Terminal, str]) -> None:
    terminal, slug = announced
    assert "We are sorry" not in json.dumps(terminal.read(f"status {slug}"))


def test_facts_are_added_to_those_that_were_recorded_before(second: Terminal) -> None:
    opened(second, "facts-add-up")
    second.type('facts facts-add-up --set cause="A stolen token" --as ines')
    known = second.read("facts facts-add-up --fix Replaced --as maya")
    assert sorted(known["facts_filled"]) == ["cause", "fix"]


def test_an_edit_voids_the_digest_that_was_read(announced: tuple[Terminal, str]) -> None:
    terminal, slug = announced
    old = terminal.read(f"status {slug}")["messages"][0]["digest"]
    terminal.type(f"reject {slug} 1 --digest {old} --reason Vague --as tomas")
    new = terminal.read(f'revise {slug} 1 --text "Sign-in fails; we are on it." --as maya')
    late = terminal.type(f"approve {slug} 1 --digest {old} --as noor")
    assert (new["revision"], late.exit_code, "edited since" in late.stderr) == (2, 3, True)


def test_free_copy_goes_out_as_it_was_written(announced: tuple[Terminal, str]) -> None:
    terminal, slug = announced
    (terminal.folder / "short.txt").write_text("Short {{ words }} ünd straight.", encoding="utf-8")
    terminal.type(f'revise {slug} 1 --text "Long words." --for twitter=short.txt --as maya')
    copies = {one["channel"]: one["text"] for one in terminal.read(f"show {slug} 1")["copies"]}
    assert (
        "Short {{ words }} ünd straight." in copies["twitter"],
        "Long words." in copies["facebook"],
    ) == (True, True)


def test_a_withdrawn_post_is_taken_down(announced: tuple[Terminal, str]) -> None:
    terminal, slug = announced
    digest = terminal.read(f"status {slug}")["messages"][0]["digest"]
    terminal.type(f"approve {slug} 1 --digest {digest} --as noor")
    settled(terminal, slug)
    terminal.type(f'withdraw {slug} 1 --reason "Wrong numbers" --as maya')
    assert states(terminal.read(f"status {slug}")) == {
        "email": "accepted",
        "twitter": "withdrawn",
        "facebook": "withdrawn",
        "website": "withdrawn",
    }


def test_two_people_who_open_one_name_come_to_one_incident(second: Terminal) -> None:
    opened(second, "one-name")
    again = second.read('open one-name --title "Something else" --as dana')
    told = second.type('open one-name --title "Something else" --as sam').output
    assert (again["joined"], again["status"]["title"], "joined it" in told) == (
        True,
        "Sign-in is down, one-name",
        True,
    )


def test_a_closed_name_is_not_opened_again(second: Terminal) -> None:
    opened(second, "over")
    second.type("close over --as maya")
    result = second.type('open over --title "Again" --as maya')
    assert (result.exit_code, "closed" in result.stderr) == (3, True)


def test_the_record_of_a_closed_incident_is_confirmed_by_the_incident(second: Terminal) -> None:
    opened(second, "on-record")
    second.type("close on-record --as maya")
    wait_for(
        lambda: second.read("timeline on-record"),
        lambda entries: entries and entries[-1]["what"] == "closed",
    )
    said = " ".join(second.type("timeline on-record --verify").stdout.split())
    assert "The incident confirms it." in said


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("approve {slug} 1 --digest 00000000 --as noor", 3, "not what would be published"),
        ("approve {slug} 1 --digest {digest} --as maya", 3, "cannot approve"),
        ("approve {slug} 1 --digest {digest} --as stranger", 3, "not in this incident's roster"),
        ("approve {slug} 7 --digest {digest} --as noor", 3, "no message 7"),
        ("propose {slug} resolution_note --as maya", 3, "nobody has been told yet"),
        ("advance {slug} make_good --as maya", 3, "may move to"),
        ("close {slug} --as maya", 3, "waiting at its gate"),
        ("retry {slug} 1 twitter --as maya", 3, "has not been approved"),
        ("settle {slug} 1 twitter --went-out --as maya", 3, "not under way"),
        ("show {slug} 9", 3, "no message 9"),
        ("show {slug} 1 --channel fax", 2, "does not go to 'fax'"),
        ("status not-there", 2, "no incident 'not-there'"),
        ("propose not-there announcement --as maya", 2, "no incident 'not-there'"),
        ("open new-one --title Down --as stranger", 3, "not in the roster"),
        ("open new-one --title Down --audience nobody --as maya", 3, "no audience 'nobody'"),
    ],
)
def test_a_rule_that_says_no_is_told_in_words_with_its_exit_code(
    second: Terminal, line: str, code: int, says: str
) -> None:
    opened(second, "said-no")
    status = second.read("status said-no")
    message = status["messages"][0] if status["messages"] else proposed(second, "said-no")
    result = second.type(line.format(slug="said-no", digest=message["digest"]))
    said = " ".join(result.stderr.split())
    assert (result.exit_code, says in said, "Traceback" in said) == (code, True, False), said


def test_an_incident_that_was_refused_was_not_opened(second: Terminal) -> None:
    second.type("open never-was --title Down --as stranger")
    assert second.type("status never-was").exit_code == 2


def test_everything_is_found_to_work(second: Terminal) -> None:
    result = second.type("check")
    assert (result.exit_code, "Everything would work now." in result.stdout) == (
        0,
        True,
    ), result.stdout


def test_a_watch_that_is_not_on_a_terminal_prints_each_change(
    up: Up, announced: tuple[Terminal, str]
) -> None:
    terminal, slug = announced
    terminal.type(f"withdraw {slug} 1 --as maya")
    watching = subprocess.Popen(
        up.command(f"status {slug} --watch --json"),
        cwd=up.folder,
        env=up.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    first = json.loads(watching.stdout.readline())
    terminal.type(f"close {slug} --as maya")
    rest = [json.loads(line) for line in watching.stdout]
    watching.stdout.close()
    assert (first["stage"], rest[-1]["stage"], watching.wait(10)) == ("acknowledge", "closed", 0)


# --- what people are told before they sign ---------------------------------------------------


def test_an_incident_that_mails_and_has_no_audience_says_so_and_can_be_given_one(
    second: Terminal,
) -> None:
    opened(second, "has-customers")
    told = " ".join(second.type('open nobody-yet --title "Down" --as maya').output.split())
    refused = second.type("propose nobody-yet announcement --as maya")
    way_out = "frontfoot audience set nobody-yet customers"
    assert (
        "This incident has no audience" in told and way_out in told,
        refused.exit_code,
        way_out in " ".join(refused.stderr.split()),
    ) == (True, 3, True)

    wrong = second.type("audience set nobody-yet strangers --as maya")
    second.type("audience set nobody-yet customers --as maya")
    listed = {one["slug"]: one["audiences"] for one in second.read("list")}

    assert (wrong.exit_code, "no audience 'strangers'" in wrong.stderr) == (3, True)
    assert listed["nobody-yet"] == ["customers"]
    assert proposed(second, "nobody-yet")["audience_count"] == 200


def test_an_opening_names_its_ledger_and_the_messages_that_cannot_be_written(
    second: Terminal,
) -> None:
    opened(second, "before")
    folder = second.folder / "own-plan"
    shutil.copytree(HERE / "playbooks" / "site-compromised", folder)
    (folder / "goodwill_offer.email.j2").write_text("subject: Sorry\n---\n[[ code ]]")
    line = 'open own-plan --title "Down" --audience customers --playbook ./own-plan --as maya'
    result = second.type(line)
    said = " ".join(result.output.split())
    assert result.exit_code == 0
    assert "A goodwill offer cannot be proposed from its template: goodwill_offer.email.j2" in said
    assert str(second.folder / ".frontfoot" / "frontfoot.db") in said

    (folder / "announcement.twitter.j2").write_text("x" * 400)
    refused = second.type(line.replace("own-plan", "never-opened", 1))
    assert (refused.exit_code, "too long" in refused.stderr) == (3, True)
    assert second.type("status never-opened").exit_code == 2
    # An incident keeps the plan that it has, so nobody is kept from joining it.
    assert second.read(line)["joined"]


@pytest.mark.parametrize(
    "line",
    [
        "status {slug}",
        "show {slug} 1",
        'open {slug} --title "Down" --as maya',
        'open another-folder --title "Down" --as maya',
        'facts {slug} --set cause="A key" --as maya',
        'propose {slug} announcement --text "Down." --as maya',
    ],
)
@pytest.mark.parametrize("ledger", [False, True], ids=["none", "another"])
def test_in_another_folder_no_other_ledger_is_used(
    up: Up,
    announced: tuple[Terminal, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    ledger: bool,
) -> None:
    _, slug = announced
    monkeypatch.setattr(same_ledger, "APPEARS_WITHIN", timedelta(seconds=0.3))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for name in [one for one in os.environ if one.startswith("FRONTFOOT_")]:
        del os.environ[name]
    os.environ["TEMPORAL_ADDRESS"] = up.stack()["addresses"]["temporal"]
    file = elsewhere / ".frontfoot" / "frontfoot.db"
    if ledger:
        upgrade(f"sqlite:///{file}")

    result = Terminal(elsewhere).type(line.format(slug=slug))

    said = " ".join(result.output.split())
    assert (str(file) in said, file.exists()) == (True, ledger), said
    if "another-folder" in line and ledger:
        # Nothing that Temporal holds could show beforehand that this ledger is another one.
        assert "different ledgers" in said
    else:
        assert result.exit_code == 2, said


def test_whoever_may_not_sign_reads_so_before_and_the_refusal_is_in_the_timeline(
    announced: tuple[Terminal, str],
) -> None:
    terminal, slug = announced
    shown = terminal.type(f"show {slug} 1").stdout
    digest = terminal.read(f"status {slug}")["messages"][0]["digest"]
    refused = terminal.type(f"approve {slug} 1 --digest {digest} --as maya")
    entries = wait_for(
        lambda: terminal.read(f"timeline {slug}"),
        lambda seen: any(one["what"] == "decision refused" for one in seen),
    )
    assert "maya wrote it and cannot approve it" in shown
    assert "may sign: noor, tomas, olga, ines, ravi" in shown
    assert (refused.exit_code, "cannot approve it" in refused.stderr) == (3, True)
    (entry,) = [one for one in entries if one["what"] == "decision refused"]
    assert (entry["who"], "cannot approve it" in entry["about"]) == ("maya", True)


def test_those_who_sign_for_others_and_out_of_policy_are_shown_as_such(
    announced: tuple[Terminal, str],
) -> None:
    terminal, slug = announced
    digest = terminal.read(f"status {slug}")["messages"][0]["digest"][:8]
    said = terminal.type(f"delegate {slug} --from ines --to sam --until 8h --as dana")
    assert said.exit_code == 3
    assert "You may not administrate this installation here" in said.output
    said = terminal.type(f"delegate {slug} --from ines --to sam --until 8h --as ines")
    assert "sam signs for ines until" in said.output
    shown = " ".join(terminal.type(f"status {slug}").output.split())
    assert "sam signs for ines, who has delegated it" in shown

    for who, why in (("sam", "Nobody answers"), ("dana", "It is right")):
        command = f'break-glass {slug} 1 --digest {digest} --reason "{why}" --as {who}'
        said = terminal.type(command)
        assert said.exit_code == 0, said.output
    assert "opened out of policy and goes out now" in " ".join(said.output.split())
    settled(terminal, slug)
    shown = terminal.type(f"status {slug}").output
    assert "was opened out of policy by sam and dana" in " ".join(shown.split())
    closing = " ".join(terminal.type(f"close {slug} --as maya").output.split())
    assert "nobody has reviewed that" in closing
    said = terminal.type(f'review {slug} 1 --note "It could not wait" --as noor')
    assert "Reviewed by noor: It could not wait" in " ".join(said.output.split())


def test_a_promise_for_tomorrow_names_its_day_wherever_it_is_read(
    announced: tuple[Terminal, str],
) -> None:
    terminal, slug = announced
    at = datetime.now(UTC) + timedelta(hours=30)
    day = f"{at:%A} {at.day} {at:%B}, "
    terminal.type(f"revise {slug} 1 --next-update-by 30h --as maya")
    copies = {one["channel"]: one["text"] for one in terminal.read(f"show {slug} 1")["copies"]}
    shown = terminal.type(f"show {slug} 1").stdout
    assert (day in copies["twitter"], f"promises the next update by {day}" in shown) == (True, True)
    kept = terminal.read(f"revise {slug} 1 --as maya")["next_update_by"]
    none = terminal.read(f"revise {slug} 1 --next-update-by none --as maya")["next_update_by"]
    assert (kept is None, none) == (False, None)


def test_copy_whose_promise_is_over_cannot_be_signed_any_more(
    announced: tuple[Terminal, str],
) -> None:
    """ "More by 04:07" went out at 04:08."""
    terminal, slug = announced

    def revised() -> Result:
        next_minute = datetime.now(UTC) + timedelta(minutes=1)
        line = f'revise {slug} 1 --next-update-by "{next_minute:%Y-%m-%d %H:%M}" --as maya --json'
        return terminal.type(line)

    # It is refused if that minute begins meanwhile.
    late = json.loads(wait_for(revised, lambda result: result.exit_code == 0).stdout)
    refused = terminal.type(f"approve {slug} 1 --digest {late['digest']} --as noor")
    said = " ".join(refused.stderr.split())
    told = terminal.type(f"status {slug}").stdout
    way_out = f"frontfoot revise {slug} 1 --next-update-by 45m"
    assert (refused.exit_code, "The promised time" in said, way_out in said) == (3, True, True)
    assert (way_out in told, "frontfoot approve" in told) == (True, False)


# --- when no worker answers ------------------------------------------------------------------


@pytest.fixture
def frozen(up: Up, second: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """The worker is there and does not answer."""
    opened(second, "frozen")
    short = asking.ANSWER_WITHIN / 8
    monkeypatch.setattr(asking, "ANSWER_WITHIN", short)
    monkeypatch.setattr(incidents, "OPENED_WITHIN", short)
    worker = up.pids()["worker"]
    os.kill(worker, signal.SIGSTOP)
    yield second
    os.kill(worker, signal.SIGCONT)
    wait_for(lambda: second.type("status frozen"), lambda result: result.exit_code == 0)


@pytest.mark.parametrize("line", ["status frozen", "propose frozen announcement --as maya"])
def test_without_an_answer_it_says_that_no_worker_is_there(frozen: Terminal, line: str) -> None:
    result = frozen.type(line)
    assert (result.exit_code, "frontfoot up" in result.stderr) == (1, True)


def test_an_opening_that_nobody_answered_is_of_unknown_outcome(frozen: Terminal) -> None:
    result = frozen.type('open icy --title "Down" --as maya')
    assert (result.exit_code, "frontfoot status icy" in result.stderr) == (4, True)


# --- up itself -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mistreated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A stack that no other file needs."""
    up = Up(tmp_path_factory.mktemp("mistreated"))
    try:
        yield up
    finally:
        up.tidy()


@pytest.fixture
def own(mistreated: Up, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> tuple[Up, Terminal]:
    """It runs, and there is a second terminal in its folder."""
    del os.environ["TEMPORAL_ADDRESS"]
    monkeypatch.chdir(mistreated.folder)
    if mistreated.process is None or mistreated.process.poll() is not None:
        mistreated.start()
    return mistreated, Terminal(mistreated.folder)


def gone(beginnings: dict[int, str]) -> bool:
    return all(identity(pid) != began for pid, began in beginnings.items())


def beginnings_of(up: Up) -> dict[int, str]:
    return {pid: identity(pid) for pid in up.pids().values()}


def test_a_killed_part_comes_back_and_up_says_so(own: tuple[Up, Terminal]) -> None:
    up, terminal = own
    opened(terminal, "comes-back")
    for name, pid in up.pids().items():
        os.kill(pid, signal.SIGKILL)
        up.wait_until(lambda name=name: f"{name} is back" in up.said())
    assert proposed(terminal, "comes-back")["gate"] == "waiting"


def test_ctrl_c_leaves_no_process_and_the_next_up_goes_on(own: tuple[Up, Terminal]) -> None:
    up, terminal = own
    opened(terminal, "lasting")
    digest = proposed(terminal, "lasting")["digest"]
    parts = beginnings_of(up)
    code = up.end(signal.SIGINT)
    ended = (code, gone(parts), (up.folder / ".frontfoot" / "stack.json").exists())
    up.start()
    terminal.type(f"approve lasting 1 --digest {digest} --as noor")
    assert (ended, set(states(settled(terminal, "lasting")).values())) == (
        (0, True, False),
        {"accepted"},
    )


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux ends children of the dead")
def test_an_up_that_is_killed_leaves_no_process(own: tuple[Up, Terminal]) -> None:
    up, _ = own
    parts = beginnings_of(up)
    up.end(signal.SIGKILL)
    wait_for(lambda: gone(parts), bool)


def test_a_second_up_in_the_same_folder_is_refused(up: Up, second: Terminal) -> None:
    result = second.type("up")
    assert up.process is not None
    assert (result.exit_code, str(up.process.pid) in result.stderr, len(up.pids())) == (1, True, 5)
