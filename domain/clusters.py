"""Clusters: mentions that ask the same, found by words that they have in common.

A text joins the cluster of the nearest text that is kept as an example of it. To look at every
example would be too slow with 100,000 of them, so an index says which have words in common.
"""

from __future__ import annotations

from typing import NamedTuple

from rapidfuzz import fuzz, process

from domain.likeness import Likeness, is_negated, keys_of, telling

LIKE = 68.0
"""Two texts ask the same from this likeness on; 100 is the same words."""

NOT_FAR = 55.0
"""An example is at least so like the first one, or a cluster would wander from text to text."""

KNOWN = 95.0
"""A text so like an example tells nothing new, and becomes none itself."""

MOST_EXAMPLES = 24
"""Examples of a cluster."""

SPELT_LIKE = 72.0
"""Two words are one from this likeness on."""

SAME_WORDS = 0.75
"""The share of the shorter text's words that the other one has."""

_LOOKED_AT = 5
_CANDIDATES = 240
_LONGEST_POSTING = 240


class Example(NamedTuple):
    """A text by which others are compared; ``first`` is the digest of its cluster's first one."""

    digest: str
    words: str
    first: str


class Placed(NamedTuple):
    """Where a text belongs: to the cluster that the text ``first`` began, which may be its own.

    ``example``: it is one from now on.
    """

    digest: str
    first: str
    example: bool


class ExampleIndex:
    """Every example, and which of them have a word, or two in a row, in common with a text.

    Only the first examples of each key are kept: a word that hundreds have tells nothing.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._words: list[str] = []
        self._first: list[str] = []
        self._negated: list[bool] = []
        self._begun: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._having: dict[int, int | list[int]] = {}

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self._words)

    def add(self, example: Example) -> None:
        """Compare texts with this one, too; again it changes nothing."""
        if example.digest in self._known:
            return
        self._known.add(example.digest)
        place = len(self._words)
        self._words.append(example.words)
        self._first.append(example.first)
        self._negated.append(is_negated(example.words))
        self._begun.setdefault(example.first, place)
        self._counts[example.first] = self._counts.get(example.first, 0) + 1
        for key in set(map(hash, keys_of(example.words))):
            having = self._having.get(key)
            if having is None:
                # Most keys have one example, and a list for each would take twice the memory.
                self._having[key] = place
            elif isinstance(having, int):
                self._having[key] = [having, place]
            elif len(having) < _LONGEST_POSTING:
                having.append(place)

    def place(self, like: Likeness) -> Placed:
        """Where a text belongs that is not known yet; it becomes an example if it tells more."""
        found = self._nearest(like)
        if found is None:
            self.add(Example(like.digest, like.words, like.digest))
            return Placed(like.digest, like.digest, example=True)
        place, score = found
        first = self._first[place]
        tells_more = (
            score < KNOWN
            and self._counts[first] < MOST_EXAMPLES
            and fuzz.ratio(like.words, self._words[self._begun[first]]) >= NOT_FAR
        )
        if tells_more:
            self.add(Example(like.digest, like.words, first))
        return Placed(like.digest, first, example=tells_more)

    def _nearest(self, like: Likeness) -> tuple[int, float] | None:
        candidates = {
            place: self._words[place]
            for place in self._candidates(like.words)
            if self._negated[place] == like.negated
        }
        # The words of both are in order already, so this is their token_sort_ratio.
        for _, score, place in process.extract(
            like.words, candidates, scorer=fuzz.ratio, score_cutoff=LIKE, limit=_LOOKED_AT
        ):
            if _same_words(like.words, self._words[place]):
                return place, score
        return None

    def _candidates(self, words: str) -> dict[int, None]:
        found: dict[int, None] = {}
        postings = []
        for key in set(map(hash, keys_of(words))):
            having = self._having.get(key)
            if having is not None:
                postings.append([having] if isinstance(having, int) else having)
        # The rarest first: they tell most, and cost least.
        for posting in sorted(postings, key=len):
            found |= dict.fromkeys(posting)
            if len(found) >= _CANDIDATES:
                break
        return found


def _same_words(one: str, other: str) -> bool:
    """Whether most of the telling words of the shorter text are in the other, spelt alike.

    "Account hacked" and "account locked" have nearly the same letters.
    """
    few, many = sorted((telling(one), telling(other)), key=len)
    left = many - few
    same = len(few & many) + sum(
        process.extractOne(word, left, scorer=fuzz.ratio, score_cutoff=SPELT_LIKE) is not None
        for word in few - many
    )
    return same >= len(few) * SAME_WORDS
