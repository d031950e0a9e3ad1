"""What strangers say on the Saturday: ten questions in many spellings, spam, and hostile text.

Beside each stands what the desk does about it. An agent knows by reading; here the desk knows by
the phrase that a text was made of.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from domain.mentions import DismissalReason

BY_HAND = ""
"""No saved reply answers it: each gets words of its own."""

Answer = str | DismissalReason
"""The name of a saved reply, ``BY_HAND``, or why something needs none."""

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "which-posts": (
        "something odd was posted from my account",
        "somthing odd was postd from my account",
        "which of my posts are not mine",
        "auf meinem Konto steht ein Beitrag, der nicht von mir ist",
        "alguien ha publicado spam desde mi cuenta",
        "quelqu'un a publi\u00e9 du spam depuis mon compte",
    ),
    "my-password": (
        "are my passwords safe",
        "are my pasword safe",
        "do I have to change my password",
        "muss ich jetzt mein Passwort \u00e4ndern",
        "\u00bfmis contrase\u00f1as est\u00e1n a salvo",
        "dois-je changer mon mot de passe",
        "\u30d1\u30b9\u30ef\u30fc\u30c9\u306f\u5b89\u5168\u3067\u3059\u304b",
    ),
    "what-happened": (
        "what happened over there",
        "what the hell is going on",
        "was passiert gerade bei euch",
        "qu'est-ce qui se passe chez vous",
        "\u00bfqu\u00e9 ha pasado con vosotros",
        "\u4f55\u304c\u8d77\u304d\u305f\u306e\u3067\u3059\u304b",
    ),
    "back-when": (
        "when will it be fixed",
        "when wil it be fixd",
        "how long until posting works again",
        "wann geht es wieder",
        "\u00bfcu\u00e1ndo vuelve a funcionar",
        "quand est-ce que ce sera r\u00e9par\u00e9",
        "\u3044\u3064\u76f4\u308a\u307e\u3059\u304b",
    ),
    "told-late": (
        "why do I read about this on the news and not from you",
        "why did nobody tell us earlier",
        "warum sagt ihr uns das erst jetzt",
    ),
    "my-card": ("is my card safe", "is my credit crad safe", "ist meine Kreditkarte sicher"),
    "compensation": (
        "will I be compensated for this",
        "do we get money back",
        "bekomme ich mein Geld zur\u00fcck",
    ),
    "need-help": (
        "I cannot sign in any more",
        "my queue is empty, can you help",
        "ich komme nicht mehr rein, bitte helft mir",
    ),
    "thanks": (
        "thanks for telling us so fast",
        "thank you for being so open about it",
        "danke f\u00fcr die schnelle Nachricht",
        "gracias por avisar tan r\u00e1pido",
    ),
    BY_HAND: ("can I log in again now", "is it over already"),
}
"""Phrases by the name of the saved reply that answers them, in five languages."""

SPAM = ("won an iPhone? click here", "cheap followers, ask me how", "double your bitcoin")
NEEDS_NONE = ("reading about this with popcorn", "good luck to their team today")
HOSTILE: Mapping[str, Answer] = {
    "=HYPERLINK(1) <script>alert(1)</script> \x1b[2J": DismissalReason.SPAM,
    "+cmd|' /C calc'!A0 \u202egnp.exe": DismissalReason.SPAM,
    "\x1b[31mis anybody reading this\x07 <img src=x onerror=alert(1)>": "what-happened",
    "nothing\u202e is the right way round here\u2066, help": "need-help",
    "{{ author }} [[code]] %s tell me more": "what-happened",
}
"""Control characters, marks that turn words around, HTML, formulas, and blanks of ours."""

LONG = "this is all that I have to say: " + "it does not work and I am angry, " * 930
"""Thirty thousand characters that ask for help."""

PRESS = "I write for the Daily Example. What do you say to your customers? My deadline is at six."
"""What needs words of its own: no saved reply answers a journalist."""

CHANGED_TO = "and is my data safe, too?"
"""What somebody says instead who edits: what they asked before is asked no more."""

_SHARES = (17, 18, 16, 13, 8, 5, 4, 6, 7, 1)
"""How many of a hundred ask which question; two are spam and one needs no answer, or more."""

_SPELLINGS = (
    "{}",
    "{}?",
    "{}!!",
    "hey, {}",
    "{} pls",
    "{} \U0001f621",
    "so {}?",
    "{} - for my team",
    "Hello! {} :(",
)

_KNOWN: Mapping[str, Answer] = {
    **{phrase: what for what, phrases in QUESTIONS.items() for phrase in phrases},
    **dict.fromkeys(SPAM, DismissalReason.SPAM),
    **dict.fromkeys(NEEDS_NONE, DismissalReason.NEEDS_NONE),
    **HOSTILE,
    LONG: "need-help",
    CHANGED_TO: "my-card",
}


def texts(many: int, seed: str) -> list[str]:
    """What so many strangers say, the hostile ones included; the same seed says the same."""
    dice = random.Random(seed)
    said = list(_rare(many))
    kinds = [*QUESTIONS.values(), SPAM, NEEDS_NONE]
    weights = [*_SHARES, 3, 2]
    for phrases in dice.choices(kinds, weights, k=many - len(said)):
        said.append(dice.choice(_SPELLINGS).format(dice.choice(phrases)))
    dice.shuffle(said)
    return said


def answer_to(text: str) -> Answer:
    """What somebody who reads this does about it."""
    for phrase, what in _KNOWN.items():
        if phrase in text:
            return what
    return BY_HAND


def _rare(many: int) -> Iterator[str]:
    """What few say: of each one, where there are a few hundred."""
    if many >= len(HOSTILE) * 20:
        yield from HOSTILE
