"""Texts that ask the same come into one cluster, others do not, and nothing stops it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clusters import ExampleIndex
from domain.likeness import MOST_KEPT, keys_of, likeness_of, name_of

ASKED = {
    "safe": (
        "are my passwords safe?",
        "@feather r my passwords safe???",
        "ARE MY PASSWORDS STILL SAFE",
        "are my paswords safe",
        "hey, is my password safe",
        "Passwords safe?? https://t.co/abc",
    ),
    "you": (
        "is this you? something odd was posted from my account",
        "something odd was posted from my account, is this you",
        "Something weird was posted from my account. Is this you?",
        "odd thing posted from my account, was this you?",
    ),
    "sign in": (
        "I cannot sign in any more",
        "i can't sign in anymore!!!",
        "why can I not sign in any more",
    ),
    "signed in again": ("I can sign in again",),
    "hacked": ("is my account hacked?", "was my account hacked"),
    "locked": ("is my account locked?", "my account is locked"),
    "german": ("ist mein Passwort sicher?", "sind meine Passw\u00f6rter sicher"),
    "spanish": ("\u00bfmis contrase\u00f1as est\u00e1n a salvo?", "mis contrasenas estan a salvo"),
    "japanese": (
        "\u7533\u3057\u8a33\u306a\u3044\u304c\u3001\u4f55\u304c\u8d77\u304d\u305f\u306e\u3067\u3059\u304b",
        "\u4f55\u304c\u8d77\u304d\u305f\u306e\u3067\u3059\u304b",
    ),
    "refund": ("I want a refund", "i want my refund now", "want a refund!!"),
    "thanks": ("thanks for telling us so fast", "Thanks for telling us that fast!"),
}
HOSTILE = (
    "",
    " \n\t",
    "\U0001f621\U0001f621",
    "\u202e\u202d\u200b\x00\x1b[2J",
    "@ @@ @@@ # _ __",
    "\ud800",
    "a" * 30_000,
    "\u0301" * 30_000,
    "@a" * 15_000,
    "\u4f55" * 30_000,
    "no " * 10_000,
    "= 1 + 1",
)


def clusters_of(texts: list[str]) -> dict[str, str]:
    """The first text's digest of each one's cluster."""
    index, found = ExampleIndex(), dict[str, str]()
    for text in texts:
        like = likeness_of(text)
        found[text] = found.get(text) or index.place(like).first
    return found


@pytest.mark.parametrize("seed", range(5))
def test_questions_in_many_spellings_are_a_handful_of_clusters(seed: int) -> None:
    said = [(label, text) for label, texts in ASKED.items() for text in texts]
    random.Random(seed).shuffle(said)
    found = clusters_of([text for _, text in said])

    labels: dict[str, set[str]] = {}
    for label, text in said:
        labels.setdefault(found[text], set()).add(label)
    assert all(len(each) == 1 for each in labels.values()), labels
    assert len(labels) <= len(ASKED) + 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Are my passwords safe?", "safe: are my passwords ?!"),
        ("\u00bfEst\u00e1n a salvo?", "estan a salvo"),
        ("pass\u200bwords \u202esafe", "passwords safe"),
        ("#feather are my passwords safe #passwords", "are my passwords safe"),
        ("order 4711 never came", "order 12 never came"),
        ("soooo sloooow today", "so slow today"),
        ("@feather I can\u2019t sign in https://x.example/1", "hi @other i cannot sign in"),
    ],
)
def test_spelling_order_links_and_names_make_no_difference(one: str, other: str) -> None:
    assert likeness_of(one).digest == likeness_of(other).digest


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: f"{len(text)}-{text[:3]!a}")
def test_hostile_texts_are_compared_and_named(text: str) -> None:
    like = likeness_of(text)
    assert len(like.words) <= MOST_KEPT
    assert ExampleIndex().place(like).first == like.digest
    assert 0 < len(name_of(text)) <= 120
    assert not set(name_of(text)) & set("\x00\x1b\u202e\n")


@given(st.lists(st.text(max_size=60), max_size=12))
def test_whatever_is_said_each_text_belongs_to_one_that_began_a_cluster(texts: list[str]) -> None:
    firsts = set(clusters_of(texts).values())
    assert firsts <= {likeness_of(text).digest for text in texts}


def test_very_long_lists_of_likes_are_cut_and_still_found() -> None:
    """Every text has the word: what is found goes by the rarer ones."""
    index = ExampleIndex()
    for number in range(2_000):
        index.place(likeness_of(f"account of {number:x}{'abcdefgh'[number % 8] * 2}zz is broken"))
    first = index.place(likeness_of("account of my grandmother Zuzanna is broken")).first
    assert index.place(likeness_of("account of my grandmother Zuzana is broken")).first == first
    assert list(keys_of("")) == []


def test_a_name_has_the_words_that_most_of_a_cluster_have() -> None:
    examples = [likeness_of(one).words for one in ASKED["safe"]]
    assert name_of("hey omg are my passwords safe", examples) == "passwords safe"
    assert name_of("are my passwords safe") == "passwords safe"
    assert name_of("\U0001f621") == "\U0001f621"
