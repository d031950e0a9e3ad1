"""The desk on pages: shown safely, claimed, dismissed, drawn into an incident."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from client import claims, mentions
from client.checks.listening import check_listening
from client.desk import desk_news
from domain.actor import Actor
from domain.claims import LEASE
from domain.explanation import explained
from domain.listening import Cursor, MentionPage, SourceProblem, complete
from domain.mentions import DismissalReason, Mention, MentionState
from domain.publication import Receipt
from domain.replies import ReplyBasis, ReplyGround
from domain.surge import SurgeRule
from store.desk import claiming, entering, replies, replying, sources, surges
from store.desk.clustering import Clustering
from store.desk.replies import NewReply
from store.desk.sources import Lane
from store.people import audiences, suppressions
from store.people.audiences import AudienceRow
from store.record import incidents
from store.recovery import snapshots
from surfaces.console.desk import Filters
from surfaces.console.mention import _link_of
from tests.store.desk.said import crowd, mention
from tests.surfaces.console.conftest import OURS, Console
from tests.surfaces.console.houses import House

NOW = datetime.now(UTC)
HOSTILE = "\u202eevil\u202c \x1b[2J\x07 <script>alert(1)</script>\n" + "long " * 6_000
MAIL = {
    "channel": "smtp",
    "kind": "mail",
    "author": {"id": "ann@feather.example", "handle": "Ann@Feather.example", "name": "Ann"},
    "conversation": "<1@feather.example>",
    "private": True,
}


@pytest.fixture
async def desk(console: Console) -> Console:
    """Maya is signed in."""
    await console.sign_in()
    return console


async def say(console: Console, *said: Mention) -> None:
    await entering.enter(await console.engine.ledger(), said, NOW)


async def opened(console: Console, slug: str = "leak") -> None:
    ledger = await console.engine.ledger()
    await incidents.register(ledger, slug, "A leak", "site-compromised", [], NOW)


async def read(console: Console, path: str = "/desk") -> str:
    answer = await console.browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def sends(console: Console, path: str, **form: object) -> tuple[int, str]:
    answer = await console.browser.post(path, data=form, headers=OURS)
    return answer.status_code, answer.headers.get("location") or answer.text


def numbers(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'<a href="/desk/(\d+)"', page)]


async def test_an_empty_desk_says_so(desk: Console) -> None:
    page = await read(desk)
    assert "Whatever people say on the channels above appears here." in page
    assert "not begun" in page
    assert "There is no mention 12." in (await desk.browser.get("/desk/12")).text
    assert (await desk.browser.get("/desk/99999999999999999999")).status_code == 404
    assert (await desk.browser.get("/desk?state=lost")).status_code == 404


async def test_the_queue_is_read_page_by_page(desk: Console) -> None:
    await say(desk, *crowd(1, 120))
    page, seen = await read(desk), list[int]()
    for _ in range(3):
        seen += numbers(page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        page = await read(desk, older[1].replace("&amp;", "&")) if older else ""
    assert len(seen) == 120
    assert set(seen) == set(range(1, 121))
    assert page == ""


async def test_the_queue_is_narrowed(desk: Console) -> None:
    await say(desk, mention(1))
    await opened(desk)
    bob = {"id": "7", "handle": "bob"}
    await say(desk, mention(2, author=bob), mention(3, channel="facebook"))
    for query, found in {
        "": 3,
        "?channel=facebook": 1,
        "?incident=leak": 2,
        "?author=@bob": 1,
        "?author=nobody%00": 0,
        "?mine=1": 0,
        "?state=dismissed": 0,
        "?state=all&incident=leak&channel=twitter": 1,
    }.items():
        assert len(numbers(await read(desk, f"/desk{query}"))) == found, query
    one = numbers(await read(desk))[0]
    await sends(desk, f"/desk/{one}/claims")
    assert numbers(await read(desk, "/desk?mine=1")) == [one]


async def test_what_is_new_is_announced_and_the_list_stays(desk: Console) -> None:
    await say(desk, *crowd(1, 2))
    page = await read(desk)
    assert "Nothing new since this list was made." in page
    stream = re.search(r'hx-sse:connect="([^"]+)"', page)
    assert stream is not None
    await say(desk, *crowd(3, 5))
    since = int(stream[1].rpartition("=")[2])
    news = await desk_news(desk.engine, Filters().which("maya"), since)
    assert (news.new, news.counts[MentionState.OPEN]) == (3, 5)


async def test_each_source_is_a_line_and_red_if_it_is_not_heard(desk: Console) -> None:
    ledger, now = await desk.engine.ledger(), datetime.now(UTC)
    source = await sources.register(ledger, "twitter", 60, now)
    page = MentionPage(cursor=complete("9"))
    lane = Lane(cursor=Cursor(since=source.newest))
    await sources.enter_page(ledger, "twitter", lane, page, now)
    assert 'data-state="good">listens' in await read(desk)
    why = explained("X: the token was refused.", "Make a new one.")
    await sources.enter_failure(ledger, "twitter", SourceProblem.CREDENTIALS, why, now, now)
    shown = await read(desk)
    assert 'data-state="stopped">not heard' in shown
    assert "twitter is not listened to. X: the token was refused." in shown


async def test_hostile_words_do_nothing(desk: Console) -> None:
    author = {"id": "9", "handle": "ann\x1b]0;x\x07", "name": "\u202eAnn<b>"}
    hostile = mention(1, HOSTILE, author=author, url="javascript:alert(1)", language="\u202e")
    edited = mention(1, "so", version="b", author=author, changed_at=NOW, url="javascript:alert(1)")
    await say(desk, hostile, edited, mention(2, HOSTILE, author=author))
    for path in ("/desk", "/desk/1", "/desk/2"):
        page = await read(desk, path)
        assert not set(page) & set("\x1b\x07\u202e\u202c"), path
        assert "<script>alert" not in page
        assert "javascript:" not in page
        assert "<b>" not in re.sub(
            r"<b><bdi>|<b>twitter|<b>facebook|<b>mastodon|<b>They|<b><a href", "", page
        )
    assert "\\u202e" in page
    assert len(page) < 100_000
    assert "1 earlier version" in await read(desk, "/desk/1")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://x.com/a/1", "x.com"),
        ("http://toot.example/@a", "toot.example"),
        ("javascript:alert(1)", None),
        ("https:///nothing", None),
        ("https://x.com/\u202e", None),
        ("https://[x", None),
        ("data:text/html,x", None),
        ("", None),
    ],
)
def test_only_web_addresses_are_links(url: str, host: str | None) -> None:
    assert _link_of(url) == (None if host is None else (url, host))


async def test_a_link_leads_to_the_platform_and_gives_nothing_away(desk: Console) -> None:
    await say(desk, mention(1, url="https://x.com/ann/1"))
    assert 'href="https://x.com/ann/1" rel="noopener noreferrer nofollow"' in await read(
        desk, "/desk/1"
    )


async def test_a_private_message_says_so_and_where_it_is_answered(desk: Console) -> None:
    url = "https://x.com/messages/9-42"
    await say(desk, mention(1, "my card is", kind="direct", private=True, url=url))
    assert "Private message" in await read(desk)
    await sends(desk, "/desk/1/claims")
    page = await read(desk, "/desk/1")
    assert f'<a href="{url}"' in page
    assert "Answer it on x.com" in page
    assert "A private message is not answered from here." in page
    assert 'name="draft"' not in page
    assert 'value="answered_elsewhere" selected' in page
    status, text = await sends(desk, "/desk/1/replies", draft="We are on it.")
    assert (status, "not answered from here" in text) == (409, True)
    await sends(desk, "/desk/1/dismissal", reason="answered_elsewhere", words="By private message")
    assert "answered elsewhere" in await read(desk, "/desk/1")


async def test_a_mention_is_claimed_drafted_and_released(desk: Console) -> None:
    await say(desk, mention(1))
    assert await sends(desk, "/desk/1/claims") == (303, "/desk/1")
    assert "You are at it" in await read(desk, "/desk/1")
    assert await sends(desk, "/desk/1/drafts", draft="We are\r\non it") == (303, "/desk/1")
    assert "We are\non it</textarea>" in await read(desk, "/desk/1")
    await desk.sign_in("noor")
    page = await read(desk, "/desk/1")
    assert ("maya is at it" in page, "We are\non it" in page) == (True, True)
    assert "Claim it" not in page
    assert "claimed by maya" in await read(desk)
    for path in ("claims", "drafts", "releases", "dismissal"):
        status, said = await sends(desk, f"/desk/1/{path}", draft="mine")
        assert (status, "maya has claimed mention 1 since" in said) == (409, True), path
    assert "What you typed was not kept" in (await sends(desk, "/desk/1/drafts", draft="mine"))[1]
    await desk.sign_in("maya")
    assert await sends(desk, "/desk/1/releases") == (303, "/desk/1")
    page = await read(desk, "/desk/1")
    assert ("Nobody is at it" in page, "Draft by maya" in page) == (True, True)


async def test_a_claim_that_is_over_keeps_nobody_from_it(desk: Console) -> None:
    await say(desk, mention(1))
    ledger = await desk.engine.ledger()
    await claiming.claim(ledger, 1, "noor", datetime.now(UTC) - LEASE, "We are")
    assert "Nobody is at it" in await read(desk, "/desk/1")
    assert (await sends(desk, "/desk/1/claims"))[0] == 303
    assert "We are</textarea>" in await read(desk, "/desk/1")


async def test_one_is_dismissed_with_words_reopened_and_drawn_into_an_incident(
    desk: Console,
) -> None:
    await say(desk, mention(1))
    await opened(desk)
    status, said = await sends(desk, "/desk/1/dismissal", reason="other", words=" ")
    assert (status, "&#39;other&#39; needs words" in said) == (422, True)
    assert 'value="other" selected' in said
    assert (await sends(desk, "/desk/1/dismissal", reason="other", words="a <joke>\0"))[0] == 303
    page = await read(desk, "/desk/1")
    assert ("by maya: other" in page, "a &lt;joke&gt;" in page) == (True, True)
    assert (await sends(desk, "/desk/1/reopening"))[0] == 303
    assert (await sends(desk, "/desk/1/reopening"))[0] == 409
    assert (await sends(desk, "/desk/1/incident", incident="leak"))[0] == 303
    assert 'href="/incidents/leak"' in await read(desk, "/desk/1")
    assert (await sends(desk, "/desk/1/incident", incident="none\0"))[0] == 404
    assert "Desk: 1 open mention of this incident" in await read(desk, "/incidents/leak")
    assert "Desk: 1 open mention<" in await read(desk, "/")


async def test_several_are_dismissed_at_once_or_none(desk: Console) -> None:
    await say(desk, *crowd(1, 4))
    noor = Actor.at_terminal("noor")
    await claims.claim_mention(desk.engine, 2, actor=noor)
    form = {"number": ["1", "2"], "reason": "spam"}
    status, said = await sends(desk, "/desk/dismissals?channel=twitter", **form)
    assert (status, "noor has claimed mention 2 since" in said) == (409, True)
    assert re.search(r'value="1"[^>]* checked', said)
    assert len(numbers(await read(desk))) == 4
    form["number"] = ["1", "3"]
    done = await sends(desk, "/desk/dismissals?channel=twitter", **form)
    assert done == (303, "/desk?channel=twitter")
    found = await mentions.list_mentions(desk.engine, state=MentionState.DISMISSED)
    assert {(row.number, row.reason, row.closed_by) for row in found.mentions} == {
        (1, DismissalReason.SPAM, "maya"),
        (3, DismissalReason.SPAM, "maya"),
    }
    assert (await sends(desk, "/desk/dismissals", reason="spam")) == (303, "/desk")


async def test_the_same_authors_other_mentions_are_there(desk: Console) -> None:
    bob = {"id": "7", "handle": "bob"}
    await say(desk, mention(1, "first"), mention(2, "second"), mention(3, author=bob))
    assert numbers(await read(desk, "/desk/1")) == [2]


async def test_addresses_are_for_those_who_may_see_them(desk: Console, tmp_path: Path) -> None:
    House(desk, tmp_path).has(ada="", ben="may: [answer]")
    await say(desk, mention(1, **MAIL), mention(2, **MAIL))
    await desk.sign_in("ada")
    assert "Ann@Feather.example (Ann)" in await read(desk)
    # Not by the address of a page, which ends in logs.
    assert numbers(await read(desk, "/desk?author=ann@feather.example")) == []
    await desk.sign_in("ben")
    for path in ("/desk", "/desk/1"):
        page = await read(desk, path)
        assert ("feather" in page.lower(), "Ann (address hidden)" in page) == (False, True)
    assert numbers(page) == [2]


async def test_what_somebody_claimed_is_handed_over_with_its_draft(desk: Console) -> None:
    await say(desk, *crowd(1, 3))
    for number in (1, 2):
        await sends(desk, f"/desk/{number}/claims")
    await sends(desk, "/desk/1/drafts", draft="We are on it")
    assert "<option>noor</option>" in await read(desk, "/desk?mine=1")
    refused = await sends(desk, "/desk/hand-overs", to="maya")
    assert (refused[0], "is you." in refused[1]) == (422, True)
    assert (await sends(desk, "/desk/hand-overs", to="noor"))[0] == 303
    again = await sends(desk, "/desk/hand-overs", to="noor")
    assert (again[0], "claimed nothing that is open" in again[1]) == (409, True)
    await desk.sign_in("noor")
    assert sorted(numbers(await read(desk, "/desk?mine=1"))) == [1, 2]
    page = await read(desk, "/desk/1")
    assert ("You are at it" in page, "We are on it</textarea>" in page) == (True, True)


async def test_an_account_that_nobody_answers_on_is_red(desk: Console) -> None:
    ledger = await desk.engine.ledger()
    for channel in ("twitter", "facebook"):
        await sources.register(ledger, channel, 60, datetime.now(UTC))
    assert "Nobody answers" not in await read(desk)
    await opened(desk)
    plan = {"desk": {"accounts": {"twitter": [{"people": ["sam", "dana"]}]}}}
    await snapshots.keep_plan(ledger, "leak", json.dumps(plan))
    page = await read(desk)
    assert "Nobody answers on facebook now." in page
    assert "sam, dana answer here." in page
    assert "Nobody answers on twitter" not in page
    told = [one.explanation.what for one in await check_listening(desk.engine) if not one.ok]
    assert told == ["Nobody answers on facebook now."]


async def test_whoever_may_not_answer_reads(desk: Console, tmp_path: Path) -> None:
    House(desk, tmp_path).has(ada="", ben="may: []")
    await say(desk, mention(1))
    await desk.sign_in("ben")
    for path in ("/desk", "/desk/1"):
        page = await read(desk, path)
        assert "You may not claim, answer or dismiss mentions here. Ask Ada." in page
        assert 'method="post" action="/desk' not in page


def test_filters_are_kept_in_addresses() -> None:
    asked = Filters(state="all", author="a&b", mine=True)
    assert asked.href() == "/desk?state=all&author=a%26b&mine=1"
    assert asked.href(after=12).endswith("&after=12")
    assert Filters().href() == Filters().href(state="open") == "/desk"


async def test_what_asks_the_same_is_a_cluster_to_name_to_merge_and_to_filter_by(
    desk: Console,
) -> None:
    safe = ("are my passwords safe?", "r my passwords safe??", HOSTILE, HOSTILE)
    await say(desk, *(mention(n, text, author={"id": "7"}) for n, text in enumerate(safe, 1)))
    await Clustering(await desk.engine.ledger()).catch_up(NOW)
    page = await read(desk, "/desk/clusters")
    first, second = re.findall(r'href="/desk\?cluster=(\d+)"', page)
    assert (page.count("data-cluster"), "2 open" in page) == (2, True)
    assert not set(page) & set("\x1b\x07\u202e\u202c")
    assert "<script>alert" not in page
    assert len(numbers(await read(desk, f"/desk?cluster={first}"))) == 2
    assert len(numbers(await read(desk, "/desk?cluster=&priority=high&language=de"))) == 0

    named = await sends(desk, f"/desk/clusters/{first}/name", name="<b>Safe", saved="pw-safe")
    assert named == (303, "/desk/clusters")
    assert "&lt;b&gt;Safe" in await read(desk)
    assert "Suggested reply: pw-safe" in await read(desk, "/desk/clusters")
    status, said = await sends(desk, f"/desk/clusters/{first}/name", name=" ")
    assert (status, "has 1 to 80 characters" in said) == (422, True)
    assert (await sends(desk, f"/desk/clusters/{second}/merger", into=first))[0] == 303
    assert (await sends(desk, f"/desk/clusters/{second}/merger", into=first))[0] == 404
    assert len(numbers(await read(desk, f"/desk?cluster={first}"))) == 4
    assert (await sends(desk, "/desk/1/cluster", cluster=""))[0] == 303
    assert "It is in no cluster." in await read(desk, "/desk/1")


async def test_a_priority_is_in_words_and_the_plan_is_on_the_desk(desk: Console) -> None:
    await opened(desk)
    ledger = await desk.engine.ledger()
    rules = {"priority": [{"name": "Law & money", "level": "urgent", "words": ["lawyer"]}]}
    await snapshots.keep_plan(ledger, "leak", json.dumps({"mentions": rules}))
    await say(desk, mention(1, "my lawyer"), *crowd(2, 60))
    page = await read(desk, "/desk?order=priority")
    assert numbers(page)[0] == 1
    assert "urgent: Law &amp; money" in page
    assert numbers(await read(desk, "/desk?priority=high")) == [1]
    assert "60 open" in page[page.index('id="plan"') :]
    older = re.search(r'href="([^"]+)" rel="next"', page)
    assert older is not None
    assert len(numbers(await read(desk, older[1].replace("&amp;", "&")))) == 10


async def test_coverage_is_shown_by_channel_and_by_agent(desk: Console) -> None:
    assert "Nobody has said anything yet." in await read(desk, "/desk/coverage")
    desk.app.state.coverage.clear()
    await say(desk, *crowd(1, 3))
    await sends(desk, "/desk/dismissals", number=[1], reason="spam")
    page = await read(desk, "/desk/coverage")
    assert "33 %: 1 of 3 answered or dismissed, 2 open." in page
    assert re.search(r'<th scope="row">maya</th><td>0</td><td>1</td>', page)
    assert (await desk.browser.get("/desk/coverage?incident=leak")).status_code == 404


async def test_the_picture_is_drawn_without_style_and_told_in_numbers(desk: Console) -> None:
    now = datetime.now(UTC)
    await say(desk, *(mention(n, at=now) for n in range(1, 13)))
    page = await read(desk, "/desk/coverage")
    picture = page[page.index("<figure") : page.index("</figure>")]
    assert "style=" not in picture
    assert picture.count("<title") == picture.count("<desc") == 1
    bars = picture[: picture.index("</svg>")].count("<rect")
    assert (bars, "12 came" in picture or ": 12, while 0" in picture) == (1, True)
    assert re.search(r"</time></th><td>12</td><td>0</td>", picture)
    assert re.search(r"under 10 min</th><td>12</td>", picture)


async def test_a_conversation_has_our_receipts_and_what_they_received_from_us(
    desk: Console, tmp_path: Path
) -> None:
    House(desk, tmp_path).has(ada="", ben="may: [answer]")
    await opened(desk)
    ledger = await desk.engine.ledger()
    await audiences.import_rows(ledger, "customers", [AudienceRow("ann@feather.example", {})])
    await suppressions.add(ledger, "ann@feather.example", "bounced", None, "email", NOW)
    mail: Any = {**MAIL, "private": False}
    await say(desk, mention(1, "first?", **mail), mention(2, "and now?", **mail))
    ground = ReplyGround(basis=ReplyBasis.ROLE, incident="leak", number=2, revision=1, by="lea")
    (reply,) = await replies.plan(ledger, [NewReply(mention=1, text="Yes.", ground=ground)], NOW)
    (taken,) = await replying.take(ledger, [reply.number], NOW)
    await replying.accept(ledger, taken, Receipt(id="r-77", at=NOW), NOW)
    await desk.sign_in("ada")
    page = await read(desk, "/desk/2")
    talk = page[page.index('id="conversation"') :]
    places = [talk.index(one) for one in ("first?", "and now?", "Yes.", "Receipt r-77")]
    assert places == sorted(places)
    assert "on the list of addresses not to be written to: bounced" in talk
    await desk.sign_in("ben")
    page = await read(desk, "/desk/2")
    assert ("bounced" in page, "shown to those who may see addresses" in page) == (False, True)
    assert "Receipt r-77" in page


async def test_a_surge_is_told_on_the_first_page_and_the_desk_until_it_is_dismissed(
    desk: Console,
) -> None:
    await say(desk, *(mention(f"surge-{n}", at=NOW) for n in range(60)))
    await surges.compute(await desk.engine.ledger(), ["twitter"], SurgeRule(), NOW)
    told = "Far more than usual is said on twitter: 60 mentions in ten minutes"
    assert told in await read(desk, "/")
    assert told in await read(desk)
    assert await sends(desk, "/desk/surges/1/dismissal") == (303, "/desk")
    # A second click finds it gone, which is what was wanted.
    assert await sends(desk, "/desk/surges/1/dismissal") == (303, "/desk")
    assert told not in await read(desk)
    assert told not in await read(desk, "/")
