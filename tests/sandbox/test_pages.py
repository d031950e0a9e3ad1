"""Pages a person looks at: what the world sees of us."""

from __future__ import annotations

import html
from typing import Any

PAGE = "100000000000001"
EVIL = "<script>alert(1)</script>"


def test_the_start_page_leads_everywhere_and_shows_faults_and_counts(sandbox: Any) -> None:
    sandbox.send("a@example.com", "b@example.com")
    sandbox.fault("throttle", provider="twitter")
    page = sandbox.http.get("/").text
    for link in ("/x/acme", f"/facebook/{PAGE}", "/inbox"):
        assert f'href="{link}"' in page
    assert "<strong>throttle</strong> on twitter" in page
    assert "<strong>2</strong>in 1 requests" in page


def test_the_timeline_shows_what_we_said_with_its_links_whole(sandbox: Any) -> None:
    sandbox.tweet("See https://status.acme.example/7")
    assert "https://status.acme.example/7" in sandbox.http.get("/x/acme").text


def test_a_post_has_an_address_like_on_x(sandbox: Any) -> None:
    number = sandbox.tweet("hello").json()["data"]["id"]
    page = sandbox.http.get(f"/acme/status/{number}")
    assert page.status_code == 200
    assert f'id="{number}"' in page.text


def test_the_mentions_are_a_page_of_their_own(sandbox: Any) -> None:
    order = {"provider": "twitter", "count": 60, "texts": ["am I safe?"]}
    ids = sandbox.http.post("/_sandbox/crowd", json=order).json()["ids"]
    first = sandbox.http.get("/x/acme", params={"mentions": 1}).text
    assert first.count("am I safe?") == 50
    older = sandbox.http.get("/x/acme", params={"mentions": 1, "before": ids[10]}).text
    assert older.count("am I safe?") == 10


def test_the_page_shows_posts_with_the_comments_below(sandbox: Any) -> None:
    sandbox.graph("POST", f"{PAGE}/feed", message="We are on it")
    order = {"provider": "facebook", "count": 2, "texts": ["thank you"]}
    sandbox.http.post("/_sandbox/crowd", json=order)
    page = sandbox.http.get(f"/facebook/{PAGE}").text
    assert "We are on it" in page
    assert page.count("thank you") == 2


def test_the_inbox_finds_an_address_by_a_part_of_it(sandbox: Any) -> None:
    sandbox.send("ana@example.com", "ben@example.com")
    found = sandbox.http.get("/inbox", params={"q": "ANA"}).text
    assert "ana@example.com" in found
    assert "ben@example.com" not in found


def test_a_mail_is_shown_as_its_reader_sees_it(sandbox: Any) -> None:
    sandbox.send(
        subject="Sorry, -name-",
        content=[
            {"type": "text/plain", "value": "Your code: -code-"},
            {"type": "text/html", "value": '<p class="x">Your code: <b>-code-</b></p>'},
        ],
        personalizations=[
            {
                "to": [{"email": "ana@example.com"}],
                "substitutions": {"-name-": "Ana", "-code-": "AB12-CD34"},
            }
        ],
    )
    page = sandbox.http.get("/inbox/ANA@example.com").text
    assert "<strong>Sorry, Ana</strong>" in page
    assert "Your code: AB12-CD34" in page
    assert '<iframe sandbox="" srcdoc="' in page
    assert '<p class="x">Your code: <b>AB12-CD34</b></p>' in html.unescape(page)


def test_nothing_that_was_sent_can_run_in_the_browser(sandbox: Any) -> None:
    sandbox.tweet(EVIL)
    sandbox.graph("POST", f"{PAGE}/feed", message=EVIL, link="javascript:alert(1)")
    sandbox.send("a@example.com", subject=EVIL, content=[{"type": "text/html", "value": EVIL}])
    for path in ("/x/acme", f"/facebook/{PAGE}", "/inbox", "/inbox/a@example.com"):
        answer = sandbox.http.get(path)
        assert "<script" not in answer.text
        assert 'href="javascript' not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_what_is_not_there_is_said_to_be_missing(sandbox: Any) -> None:
    for path in ("/x/nobody", "/facebook/1", "/inbox/nobody@example.com"):
        answer = sandbox.http.get(path)
        assert answer.status_code == 404
        assert 'href="/"' in answer.text
