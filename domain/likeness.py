"""Strangers' words as they can be compared: without accents, order, links, tags and names.

Two texts of which the same is left ask the same. What is left is bounded, so that a text of any
length and of any characters costs about as much as another.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

MOST_READ = 2_000
"""Characters of a text that are compared; what somebody asks is at its beginning."""

MOST_KEPT = 600
"""Characters of what is left of it."""

_FEW_WORDS = 6
_MOST_IN_A_NAME = 4
_LONGEST_WORD = 24

_ANSI = re.compile("\x1b\\[[0-9;]*[A-Za-z]")
# Controls, marks of direction and whatever else takes no room.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff]"
)
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w.])@\w[\w.\-]*(?:@[\w.\-]+)?")
_TAG = re.compile(r"(?<!\w)#\w+")
_APOSTROPHE = re.compile("['\u2019\u02bc`\u00b4]")
_ACCENT = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[^\W_]+")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_NUMBER = re.compile(r"\d+")
# Written without spaces between words: kana, Chinese characters, Thai.
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")

_SHORT_FOR = {
    "u": "you", "r": "are", "ur": "your", "im": "i am", "its": "it is", "whats": "what is",
    "isnt": "is not", "arent": "are not", "cant": "not", "cannot": "not", "dont": "do not",
    "wont": "will not", "didnt": "did not", "doesnt": "does not", "anymore": "any more",
    "pw": "password", "acct": "account",
}  # fmt: skip
_POLITE = frozenset(
    "hi hello hey dear please pls plz team guys omg lol wtf thx asap tell answer reply respond "
    "hallo bitte liebes antwort antworten antwortet hola por favor responde respondan bonjour svp "
    "repondez ola responda".split()
)
_NEGATIONS = frozenset("not no never nicht kein keine nie nunca pas jamais nao".split())
_COMMON = frozenset(
    "now again still also too today must should need could "
    "a about after all am an and any are as at be been by can did do does for from get has have "
    "he her his how i if in is it just me my of on or our out she so some than that the their them "
    "then there they this to up us was we were what when where which who why will with would you "
    "your aber auch auf aus bei bin da das dass dem den der des die doch ein eine er es fur gerade "
    "habe hat ich ihr im in ist ja kann man mein meine mich mir mit nach noch nur oder schon sich "
    "sie sind so und uns von war warum was wann wenn wer wie wird wir wo zu al algo como con cual "
    "cuando de del donde el ella en es esta estan este esto han hay la las le lo los me mi mis "
    "muy o para pero por porque que quien se si son su sus te tu un una unos y ya yo au aux avec "
    "ce ces cest comment dans des du elle est et eux il ils je jai leur les ma mais mes moi mon "
    "nous on ou par pour pourquoi quand qui sa ses son sont sur ta tes toi ton tous tout une vos "
    "votre vous as com da das do dos e em essa esse eu foi isso mais meu minha na nas nos o os ou "
    "para pela pelo qual quando quem ser seu sua tem um uma voce".split()
)


class Likeness(NamedTuple):
    """What is compared of a text: its words, each once and in order; "" without any.

    ``digest``: 32 hexadecimal digits that are the same for the same words. ``negated``: one of them
    says no, which a comparison of letters would overlook.
    """

    digest: str
    words: str
    negated: bool


def likeness_of(text: str) -> Likeness:
    """How ``text`` compares; whoever repeats it in other order or spelling has the same."""
    seen = _visible(text[:MOST_READ])
    # A tag is mostly the name of what everybody speaks of; of some texts it is all.
    said = words_of(_TAG.sub(" ", seen)) or words_of(seen)
    plain = {_STRETCHED.sub(r"\1", one) for one in said}
    spelt = {word for one in plain for word in _SHORT_FOR.get(one, one).split()}
    left = spelt - _POLITE - _COMMON
    if len(left - _NEGATIONS) < 2:
        left = spelt - _POLITE or spelt
    words = " ".join(sorted(_NUMBER.sub("0", one) for one in left))[:MOST_KEPT]
    digest = hashlib.sha256(words.encode()).hexdigest()[:32]
    return Likeness(digest, words, is_negated(words))


def is_negated(words: str) -> bool:
    """Whether one of these words says no."""
    return not _NEGATIONS.isdisjoint(words.split(" "))


def words_of(text: str) -> list[str]:
    """The words of a text in its order: small letters, no accents, no links, no names of accounts.

    Whatever is there to be seen and is no word, such as an emoji, is left out.
    """
    bare = _APOSTROPHE.sub("", _HANDLE.sub(" ", _LINK.sub(" ", _visible(text))))
    apart = _ACCENT.sub("", unicodedata.normalize("NFKD", bare).casefold())
    return _WORD.findall(unicodedata.normalize("NFKC", apart))


def telling(words: str) -> set[str]:
    """Those of the words that are not in every sentence."""
    return set(words.split(" ")) - _COMMON - _NEGATIONS


def keys_of(words: str) -> Iterator[str]:
    """What two likenesses have in common if they are alike: words, neighbours, parts of words.

    Languages that put no space between words have pairs of characters instead.
    """
    each = words.split(" ") if words else []
    for one in each:
        if _UNSPACED.search(one):
            yield from (one[at : at + 2] for at in range(len(one) - 1))
        else:
            yield one
    if len(each) <= _FEW_WORDS:
        # Of longer texts the words alone tell enough, and neighbours would fill the memory.
        yield from map(" ".join, itertools.pairwise(each))


def name_of(text: str, examples: Collection[str] = ()) -> str:
    """A short name for what ``text`` asks: its words that most of the ``examples`` have.

    ``examples`` are the words of texts that ask the same. Without any, the longest words.
    """
    return best_name([text], examples)


def best_name(texts: Sequence[str], examples: Collection[str]) -> str:
    """The best name that one of ``texts`` gives: somebody may have misspelt the telling words."""
    counts = Counter(word for one in examples for word in one.split(" "))
    found = [_telling_words(one, counts) for one in texts]
    # A word that one example has is chance, or misspelt.
    best = max(found, key=lambda words: sum(count - 1 for count in words.values() if count))
    seen = " ".join(_bare(texts[0]).split())
    return " ".join(best) or seen[:_LONGEST_WORD] or "No words"


def _telling_words(text: str, counts: Mapping[str, int]) -> dict[str, int]:
    """The few words that tell most, in the text's order, and how many examples have each."""
    found: dict[str, int] = {}
    for word in _WORD.findall(unicodedata.normalize("NFKC", _bare(text)).lower()):
        plain = "".join(words_of(word))
        if plain not in _COMMON and plain not in _POLITE and not word.isdigit():
            found[word[:_LONGEST_WORD]] = counts.get(plain, 0)
    most = max(found.values(), default=0)
    often = [one for one in found if found[one] * 3 > most or not most]
    telling = sorted(often, key=lambda one: (-found[one], -len(one)))[:_MOST_IN_A_NAME]
    return {one: count for one, count in found.items() if one in telling}


def _bare(text: str) -> str:
    seen = _LINK.sub(" ", _visible(text[:MOST_READ]))
    return _APOSTROPHE.sub("", _HANDLE.sub(" ", seen))


def _visible(text: str) -> str:
    return _UNSEEN.sub("", _ANSI.sub(" ", text))
