"""What the demo's crowd says, and what the demo takes for a fault of the desk."""

from __future__ import annotations

from embedded.demo.crowd import SAID, CrowdWebhooks, Heard
from embedded.demo.desk import Answered, ChannelAnswers
from embedded.demo.sayings import BY_HAND, HOSTILE, LONG, QUESTIONS, answer_to, texts

X = ChannelAnswers(channel="twitter", said=10, once=7, dismissed=2, gone=1, known=7)
MAIL = ChannelAnswers(channel="email", said=5, once=2, dismissed=3, automatic=2, known=2)


def test_the_same_seed_says_the_same_and_the_desk_knows_what_to_do_about_each() -> None:
    said = texts(1_000, "twitter")
    assert said == texts(1_000, "twitter")
    assert said != texts(1_000, "facebook")
    assert (len(said), sum(SAID.values())) == (1_000, 5_676)
    assert set(QUESTIONS) <= {answer_to(one) for one in said}
    by_hand = [one for one in said if answer_to(one) == BY_HAND]
    assert all(any(phrase in one for phrase in QUESTIONS[BY_HAND]) for one in by_hand)
    assert set(HOSTILE) <= set(said)
    assert len(LONG) > 30_000


def test_all_channels_come_down_to_one_line() -> None:
    assert Answered(channels=(X, MAIL)).in_words == (
        "15 of 15 answered or dismissed (1 of them deleted by their authors), 0 twice, 0 unanswered"
    )
    assert Answered(channels=(X, MAIL)).wrong() == []


def test_what_is_doubled_open_or_claimed_is_said_with_its_channel() -> None:
    wrong = X.model_copy(update={"once": 6, "twice": 1, "none": 1, "known": 8})
    assert Answered(channels=(wrong, MAIL)).wrong() == [
        "twitter: 1 mention got more than one answer",
        "twitter: 1 mention got no answer and no reason why not",
        "twitter: 8 are answered by the ledger, 7 by the sandbox",
    ]
    assert Heard(said=2, heard=2).wrong() == []
    assert "said by no stranger" in Heard(said=2, heard=2, ours=1).wrong()[0]
    assert "1 of 5 forged webhooks" in CrowdWebhooks(forged=5, refused=4).wrong()[0]
