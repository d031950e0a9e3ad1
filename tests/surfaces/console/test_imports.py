"""Files that people bring: taken as they come, imported once, and never by half."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import stat
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from client import file_imports
from client.audiences import list_audiences
from client.codes import list_pools
from client.file_imports import imports as running
from client.file_imports.folder import ImportFolder
from client.file_imports.model import ImportKind, ImportOrder
from client.installation import newest_entries
from client.suppressions import count_suppressions
from domain.actor import Actor
from domain.explanation import Explanation
from store.kernel.errors import StoreUnavailable
from store.people import audiences
from store.people.audiences import AudienceRow
from store.recovery import locks
from surfaces.console import uploads
from tests.surfaces.console.conftest import OURS, Console

JANE = "jane.quill@feather.example"
PEOPLE = f"email,name\n{JANE},Jane\nnobody,=HYPERLINK(1)\nJANE.QUILL@feather.example,Jane\n"
ELSEWHERE = {"Sec-Fetch-Site": "cross-site"}


@pytest.fixture
async def signed_in(console: Console) -> Console:
    await console.sign_in()
    return console


def folder(console: Console) -> Path:
    return console.engine.settings.state_dir / "imports"


async def bring(
    console: Console, text: str | bytes, file_name: str = "people.csv", **fields: str
) -> httpx.Response:
    """Fill in the form, press its button, and go where it leads."""
    fields = {"kind": "audience", "name": "customers"} | fields
    answer = await console.browser.post(
        "/files/imports",
        data=fields,
        files={"file": (file_name, text, "text/csv")},
        headers=OURS,
    )
    if answer.status_code != 303:
        return answer
    place = answer.headers["location"]
    await console.app.state.imports.settled(place.rsplit("/", 1)[1], running._TIDY_EVERY)
    return await console.browser.get(place)


def words(answer: httpx.Response) -> str:
    """What somebody reads, in one line."""
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", answer.text))


async def reach(console: Console) -> dict[str, int]:
    return {one.name: one.recipients for one in await list_audiences(console.engine)}


async def test_an_audience_is_in_and_the_rejected_rows_are_told_by_reason(
    signed_in: Console,
) -> None:
    said = words(await bring(signed_in, PEOPLE))
    assert "1 recipient was added to customers." in said
    assert "2 rows cannot be used" in said
    assert "It needs an @. 1 row" in said
    assert "This address is in the file already. 1 row" in said
    assert await reach(signed_in) == {"customers": 1}


async def test_the_rejected_rows_are_a_file_that_no_spreadsheet_runs(signed_in: Console) -> None:
    shown = await bring(signed_in, PEOPLE, "Kundën liste.csv")
    action = re.search(r'action="(/files/imports/\w+/rejects)"', shown.text)
    assert action is not None
    file = await signed_in.browser.post(action[1], headers=OURS)
    assert file.headers["content-disposition"].startswith("attachment; filename=")
    assert "Kund%C3%ABn%20liste.csv.rejects.csv" in file.headers["content-disposition"]
    assert file.headers["cache-control"] == "no-store"
    rows = list(csv.reader(io.StringIO(file.text)))
    assert rows[0] == ["line", "reason", "email", "name"]
    assert rows[1][2:] == ["nobody", "'=HYPERLINK(1)"]
    assert len(rows) == 3
    again = await signed_in.browser.post(action[1], headers=ELSEWHERE)
    assert (again.status_code, "nobody" in again.text) == (403, False)


async def test_suppressions_and_codes_come_the_same_way(signed_in: Console) -> None:
    said = words(
        await bring(signed_in, PEOPLE, kind="suppressions", reason="bounced", why="old list")
    )
    assert "1 address was read, 1 entry is new." in said
    assert [one.reason for one in await count_suppressions(signed_in.engine)] == ["bounced"]

    said = words(await bring(signed_in, "code\nAB-1001\nAB-1002\n", kind="codes", name="spring"))
    assert "2 codes were added to the pool spring." in said
    assert [(one.name, one.left) for one in await list_pools(signed_in.engine)] == [("spring", 2)]

    page = words(await signed_in.browser.get("/files"))
    for seen in ("Bounced 1 entry", "spring 2 left of 2", "people.csv done", "by maya"):
        assert seen in page


async def test_the_page_of_an_audience_has_its_columns_and_a_few_of_its_people(
    signed_in: Console,
) -> None:
    rows = "".join(f"p{n}@feather.example,Ann,{n}\n" for n in range(20))
    await bring(signed_in, f"email,name,plan\n{rows}")
    said = words(await signed_in.browser.get("/files/audiences/customers"))
    assert "Recipients 20" in said
    assert "name, plan" in said
    assert "p0@feather.example" in said
    assert "p6@feather.example" not in said
    missing = await signed_in.browser.get("/files/audiences/nobody")
    assert missing.status_code == 409


async def test_nothing_of_the_file_is_kept_and_all_of_it_is_private(
    signed_in: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    whole = file_imports.imports.import_audience

    async def look(engine: object, file: Path, *more: object, **options: object) -> object:
        modes.extend(stat.S_IMODE(one.stat().st_mode) for one in (file, file.parent))
        return await whole(engine, file, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "import_audience", look)
    await bring(signed_in, PEOPLE)
    assert modes == [0o600, 0o700]
    left = [path for path in folder(signed_in).rglob("*") if path.is_file()]
    assert {path.name for path in left} == {"order.json", "end.json", "rejects.csv"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in left)


async def test_what_is_too_large_is_refused_and_nothing_is_left(
    signed_in: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST", 100_000)
    monkeypatch.setattr(uploads, "_WRITTEN_AT_ONCE", 1_000)
    large = "email\n" + "".join(f"p{n}@feather.example\n" for n in range(20_000))
    announced = await bring(signed_in, large)
    assert announced.status_code == 413
    assert "Nothing of it was taken." in announced.text
    assert 'value="customers"' in announced.text

    request = signed_in.browser.build_request(
        "POST", "/files/imports", data={"name": "customers"}, files={"file": ("a.csv", large)}
    )
    body = request.read()

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 10_000):
            yield body[at : at + 10_000]

    unannounced = await signed_in.browser.post(
        "/files/imports",
        content=pieces(),
        headers={**OURS, "Content-Type": request.headers["content-type"]},
    )
    assert (unannounced.status_code, "Nothing of it was taken." in unannounced.text) == (413, True)
    assert await reach(signed_in) == {}
    assert list(folder(signed_in).iterdir()) == []


NOT_FORMS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("did not arrive whole", lambda body: body[: len(body) // 2]),
    ("did not arrive whole", lambda body: body.replace(b"\r\n\r\n", b"\r\n", 1)),
    ("did not arrive whole", lambda body: b""),
    ("No file was chosen", lambda body: body.replace(b'filename="people.csv"', b'filename=""')),
]


@pytest.mark.parametrize(("says", "spoil"), NOT_FORMS)
async def test_what_is_no_whole_form_is_refused(
    signed_in: Console, says: str, spoil: Callable[[bytes], bytes]
) -> None:
    request = signed_in.browser.build_request(
        "POST", "/files/imports", data={"name": "x"}, files={"file": ("people.csv", PEOPLE)}
    )
    answer = await signed_in.browser.post(
        "/files/imports",
        content=spoil(request.read()),
        headers={**OURS, "Content-Type": request.headers["content-type"]},
    )
    assert (answer.status_code, says in answer.text) == (422, True)
    assert list(folder(signed_in).iterdir()) == []


@pytest.mark.parametrize("name", ["Customers of May", "", "subscribers"])
async def test_a_name_that_cannot_be_one_is_refused_and_kept_in_its_box(
    signed_in: Console, name: str
) -> None:
    answer = await bring(signed_in, PEOPLE, name=name)
    assert (answer.status_code, f'value="{name}"' in answer.text) == (422, True)
    assert await reach(signed_in) == {}


async def test_what_is_no_list_says_so_in_the_words_of_the_form(signed_in: Console) -> None:
    said = words(await bring(signed_in, "first,second\nannie,bob\n"))
    assert "Nothing of the file was taken." in said
    assert "--address-column" not in said
    assert "“Column”" in said
    assert await reach(signed_in) == {}
    assert not list(folder(signed_in).rglob("people.csv"))


async def test_a_form_of_another_site_or_without_a_session_leaves_nothing(
    signed_in: Console,
) -> None:
    form = {"data": {"name": "customers"}, "files": {"file": ("people.csv", PEOPLE)}}
    answer = await signed_in.browser.post("/files/imports", headers=ELSEWHERE, **form)  # type: ignore[arg-type]
    assert answer.status_code == 403
    signed_in.browser.cookies.clear()
    answer = await signed_in.browser.post("/files/imports", headers=OURS, **form)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert not folder(signed_in).exists()
    assert await reach(signed_in) == {}


async def test_a_file_without_a_session_is_not_even_read(console: Console) -> None:
    read = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"x" * 10_000

    answer = await console.browser.post(
        "/files/imports",
        content=pieces(),
        headers={**OURS, "Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 401
    assert read < 2


async def test_an_import_whose_console_died_is_begun_again_and_ends_whole(
    signed_in: Console,
) -> None:
    """As after a SIGKILL: the file and the order are there, some of the rows are in, no end is."""
    kept, name = ImportFolder(folder(signed_in)), "ab" * 8
    everybody = [f"p{n}@feather.example" for n in range(3_000)]
    kept.begin(name)
    file = kept.file(name, "people.csv")
    file.write_text("email\n" + "\n".join(everybody) + "\n")
    order = ImportOrder(kind=ImportKind.AUDIENCE, name="customers", actor=Actor.at_terminal("maya"))
    kept.keep(name, file, order)
    ledger = await signed_in.engine.ledger()
    await audiences.import_rows(
        ledger, "customers", [AudienceRow(one, {}) for one in everybody[:1_000]]
    )
    await signed_in.app.state.imports.start()
    await signed_in.app.state.imports.settled(name, running._TIDY_EVERY)
    said = words(await signed_in.browser.get(f"/files/imports/{name}"))
    assert "2,000 recipients were added to customers." in said
    assert "begun a second time" in said
    assert await reach(signed_in) == {"customers": 3_000}
    assert not file.exists()


async def test_an_upload_whose_console_died_leaves_nothing(signed_in: Console) -> None:
    kept = ImportFolder(folder(signed_in))
    kept.begin("cd" * 8)
    kept.file("cd" * 8, "people.csv").write_text("email\nhalf.of@feather.exam")
    await signed_in.app.state.imports.start()
    assert list(folder(signed_in).iterdir()) == []
    assert await reach(signed_in) == {}


async def test_an_import_that_breaks_half_way_says_how_much_is_in_and_goes_on(
    signed_in: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = running.import_audience

    async def breaks(*arguments: object, **options: object) -> object:
        def stored(rows: int) -> None:
            options["told"](rows)  # type: ignore[operator]
            raise StoreUnavailable("The ledger is away.", "Nothing more is in.", "Start it.")

        options["told"], options["stored"] = options["stored"], stored
        return await whole(*arguments, **{k: v for k, v in options.items() if k != "told"})  # type: ignore[arg-type]

    monkeypatch.setattr(running, "import_audience", breaks)
    rows = "".join(f"p{n}@feather.example\n" for n in range(2_500))
    shown = await bring(signed_in, "email\n" + rows)
    assert "1,000 rows went in before that and will stay in." in words(shown)
    assert "not whole yet" in words(await signed_in.browser.get("/files"))
    again = re.search(r'action="(/files/imports/\w+/attempts)"', shown.text)
    assert again is not None

    monkeypatch.setattr(running, "import_audience", whole)
    for _ in range(2):
        pressed = await signed_in.browser.post(again[1], headers=OURS)
        assert pressed.status_code == 303
    done = words(await signed_in.browser.get(pressed.headers["location"]))
    assert "1,500 recipients were added to customers. 1,000 were in it already." in done
    assert await reach(signed_in) == {"customers": 2_500}
    assert "not whole yet" not in words(await signed_in.browser.get("/files"))


async def test_imports_take_turns_and_too_many_are_refused(
    signed_in: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, gate, at_once = running.import_audience, asyncio.Event(), 0

    async def waits(*arguments: object, **options: object) -> object:
        nonlocal at_once
        at_once += 1
        assert at_once == 1
        await gate.wait()
        at_once -= 1
        return await whole(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "import_audience", waits)
    places = []
    for number in range(running.MOST_WAITING):
        answer = await signed_in.browser.post(
            "/files/imports",
            data={"kind": "audience", "name": f"list-{number}"},
            files={"file": ("people.csv", PEOPLE)},
            headers=OURS,
        )
        places.append(answer.headers["location"])
    first, last = [await signed_in.browser.get(places[at]) for at in (0, -1)]
    assert "0 %" in words(first)
    assert '<meta http-equiv="refresh"' in first.text
    assert "It waits for the import before it." in words(last)
    refused = await bring(signed_in, PEOPLE)
    assert (refused.status_code, "being imported or uploaded" in refused.text) == (503, True)
    gate.set()
    for place in places:
        await signed_in.app.state.imports.settled(place.rsplit("/", 1)[1], running._TIDY_EVERY)
    assert set((await reach(signed_in)).values()) == {1}


async def test_who_imported_is_entered_and_no_address_is(
    signed_in: Console, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await bring(signed_in, PEOPLE)
    entered = (await newest_entries(signed_in.engine))[0]
    assert entered.what == "audience imported"
    assert re.fullmatch(r"customers, 1 row, 2 rejected, import \w{16}", entered.about)
    assert (entered.who, entered.surface) == ("maya", "console")
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("frontfoot")]
    assert "quill" not in f"{ours}{entered}".lower()


@pytest.mark.parametrize("name", ["nobody", "../../etc", "ab" * 8, "AB" * 8])
async def test_an_import_that_is_not_there_is_refused(signed_in: Console, name: str) -> None:
    for method, end in (("GET", ""), ("GET", "/live"), ("POST", "/rejects"), ("POST", "/attempts")):
        answer = await signed_in.browser.request(
            method, f"/files/imports/{name}{end}", headers=OURS
        )
        assert answer.status_code in (404, 422), (method, end)


@pytest.mark.parametrize("file_name", ["..", "a/b\\c.csv", "é" * 300 + ".csv", " . x" * 40])
async def test_a_file_may_have_any_name(signed_in: Console, file_name: str) -> None:
    said = words(await bring(signed_in, PEOPLE, file_name))
    assert "1 recipient was added to customers." in said


async def test_an_import_whose_end_the_disk_did_not_take_says_so_and_goes_on_later(
    signed_in: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:

        def no_room(*_: object) -> None:
            raise OSError(28, "No space left on device")

        full.setattr(ImportFolder, "end", no_room)
        shown = await bring(signed_in, PEOPLE)
    assert "could not be written to the console’s disk" in words(shown)
    await signed_in.app.state.imports.start()
    name = str(shown.url).rsplit("/", 1)[1]
    await signed_in.app.state.imports.settled(name, running._TIDY_EVERY)
    said = words(await signed_in.browser.get(str(shown.url)))
    assert "0 recipients were added to customers. 1 was in it already." in said
    # It had been entered before, and is not entered as if it had come twice.
    entered = [one.about for one in await newest_entries(signed_in.engine)]
    assert [about.partition(", import")[0] for about in entered if ", import " in about] == [
        "customers, 1 row, 2 rejected"
    ]


async def test_a_disk_that_takes_no_file_is_said_to_be_full(
    signed_in: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads._Parts, "keep", no_room)
    answer = await bring(signed_in, PEOPLE)
    assert (answer.status_code, "no space left on device" in answer.text) == (503, True)
    assert list(folder(signed_in).iterdir()) == []


async def test_results_are_removed_after_a_day(
    signed_in: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bring(signed_in, PEOPLE)
    kept = ImportFolder(folder(signed_in))
    kept.remove_old()
    assert len(kept.all()) == 1
    monkeypatch.setattr("client.file_imports.folder.KEPT_FOR", timedelta(0))
    kept.remove_old()
    assert kept.all() == []


async def test_codes_in_doubt_are_shown_and_freed_by_who_knows(signed_in: Console) -> None:
    """As after a restore: the ledger may have forgotten to whom it had given them."""
    codes = "code\nAB-1001\nAB-1002\nAB-1003\n"
    await bring(signed_in, codes, kind="codes", name="spring")
    form = await signed_in.browser.get("/files/import?kind=codes")
    assert 'name="cleared"' not in form.text
    ledger = await signed_in.engine.ledger()
    await locks.lock(ledger, "another", Explanation(what="The ledger has 3 of the 9 entries."))
    assert "0 left of 3, 3 in doubt" in words(await signed_in.browser.get("/files"))
    form = await signed_in.browser.get("/files/import?kind=codes")
    assert 'name="cleared"' in form.text
    some = "code\nAB-1002\nAB-1003\n"
    said = words(await bring(signed_in, some, kind="codes", name="spring", cleared="true"))
    assert "2 were in doubt and can be given out." in said
    assert "2 left of 3, 1 in doubt" in words(await signed_in.browser.get("/files"))


async def test_an_import_that_cannot_be_entered_says_so_and_goes_on(
    signed_in: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are in and the ledger went away before it was written down who brought them."""
    enter = running.enter

    async def away(*_: object) -> None:
        raise StoreUnavailable("The ledger is away.", "It was not written down.", "Start it.")

    monkeypatch.setattr(running, "enter", away)
    shown = await bring(signed_in, PEOPLE)
    assert "The ledger is away." in shown.text
    again = re.search(r'action="(/files/imports/\w+/attempts)"', shown.text)
    assert again is not None
    monkeypatch.setattr(running, "enter", enter)
    await signed_in.browser.post(again[1], headers=OURS)
    await signed_in.app.state.imports.settled(again[1].split("/")[3], running._TIDY_EVERY)
    entered = (await newest_entries(signed_in.engine))[0]
    assert (entered.what, entered.who) == ("audience imported", "maya")
