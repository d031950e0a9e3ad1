"""What changed, word by word: nothing is lost, and what stayed is cut short."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.word_diff import Kind, Piece, changes


def test_a_changed_word_is_shown_among_its_neighbours() -> None:
    assert changes("Nobody can sign in since 13:00.", "Nobody can sign up since 13:00.") == (
        Piece(kind=Kind.SAME, text="Nobody can sign "),
        Piece(kind=Kind.REMOVED, text="in"),
        Piece(kind=Kind.ADDED, text="up"),
        Piece(kind=Kind.SAME, text=" since 13:00."),
    )


def test_texts_that_are_the_same_have_no_changes() -> None:
    assert changes("Same.", "Same.") == ()


def test_what_stayed_far_from_a_change_is_left_out() -> None:
    long = " ".join(f"word{n}" for n in range(100))
    found = changes(f"{long} end", f"{long} now")
    assert [one.kind for one in found] == [Kind.GAP, Kind.SAME, Kind.REMOVED, Kind.ADDED]
    assert "word0" not in str(found)


TEXTS = st.text(alphabet="ab \n.ä", max_size=60)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_out_of_it(before: str, after: str) -> None:
    found = changes(before, after)
    if not found or any(one.kind is Kind.GAP for one in found):
        return
    old = "".join(one.text for one in found if one.kind is not Kind.ADDED)
    new = "".join(one.text for one in found if one.kind is not Kind.REMOVED)
    assert (old, new) == (before, after)
