"""What can go wrong when a surface asks something of an incident, each with an explanation.

ClientError            it could not be done
├─ WrongInput          the input makes no sense
│  ├─ UnknownIncident  there is no incident of that name
│  │  └─ Forgotten     there was one, and Temporal has nothing of it any more
│  ├─ UnknownMention   there is no mention of that number
│  ├─ UnknownCluster   there is no cluster of that number
│  ├─ NoLedger         the ledger's file is not there
│  └─ OtherLedger      the ledger is not the one that the worker uses
├─ NotAllowed          this person may not do that
├─ EndedUnclosed       somebody ended the incident in Temporal itself
├─ ServerRefused       Temporal's server did not take the request; nothing was changed
├─ NoWorker            Temporal answers and no worker does; nothing was asked
└─ NoAnswer            it was sent, and nobody knows whether it counted

Besides them there are ``DomainError`` (a rule said no), ``StoreUnavailable`` (the ledger),
``TemporalUnreachable`` and the errors of libraries (``client.foreign_errors``). ``explanation_of``
reads them all; each surface decides which exit code or HTTP status they become.
"""

from __future__ import annotations

from client.foreign_errors import explain_foreign
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep, explained
from store.kernel.errors import StoreUnavailable
from wiring import TemporalUnreachable


class ClientError(Exception):
    """An expected failure: what happened, what it means, and what to do next."""

    def __init__(self, what: str, next_step: NextStep | str = "", *, means: str = "") -> None:
        self.explanation: Explanation = explained(what, next_step, means=means)
        super().__init__(str(self.explanation))


class WrongInput(ClientError):
    """The input makes no sense: a name, a file, a setting, a combination of options."""


class UnknownIncident(WrongInput):
    """There is no incident of that name."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"There is no incident {slug!r}.",
            NextStep(
                action=Action.LIST_INCIDENTS, advice="See which there are, or open a new one."
            ),
        )


class Forgotten(UnknownIncident):
    """The ledger has an incident of which Temporal has nothing any more; ``closed``: it was."""

    def __init__(self, slug: str, refusal: DomainError, *, closed: bool) -> None:
        super().__init__(slug)
        self.explanation = refusal.explanation
        self.args = (str(refusal),)
        self.closed = closed


class NoLedger(WrongInput):
    """The ledger's file is not there, and reading must not make an empty one."""

    def __init__(self, ledger: str) -> None:
        super().__init__(
            f"There is no ledger at {ledger}, and none was made.",
            NextStep(
                action=Action.START,
                advice="Run this in the folder where Frontfoot runs, set FRONTFOOT_DATABASE_URL as "
                "the worker has it, or begin here by importing an audience or starting everything.",
            ),
            means="Each folder has a ledger of its own unless the settings name one.",
        )


class UnknownMention(WrongInput):
    """There is no mention of that number."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"There is no mention {number}.",
            NextStep(action=Action.LIST_MENTIONS, advice="See which there are."),
        )


class UnknownReply(WrongInput):
    """There is no reply of that number."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"There is no reply {number}.",
            NextStep(action=Action.LIST_REPLIES, advice="See which there are."),
        )


class UnknownCluster(WrongInput):
    """There is no cluster of that number, or it was put into another one."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"There is no cluster {number}.",
            NextStep(action=Action.LIST_CLUSTERS, advice="See which there are."),
        )


class OtherLedger(WrongInput):
    """Temporal has an incident of which the ledger has nothing."""

    def __init__(self, slug: str, ledger: str) -> None:
        super().__init__(
            f"Temporal has {slug}, and the ledger at {ledger} has nothing of it.",
            "Run this in the folder where the worker runs, or set FRONTFOOT_DATABASE_URL as the "
            "worker has it.",
            means="This command and the worker use different ledgers, so nothing was written here.",
        )


class NotAllowed(ClientError):
    """The person may not do that; the explanation names who may."""

    def __init__(self, explanation: Explanation) -> None:
        super().__init__(explanation.what, explanation.next_step, means=explanation.means)


class EndedUnclosed(ClientError):
    """Somebody ended an incident in Temporal itself. ``how`` is Temporal's word."""

    def __init__(self, slug: str, how: str) -> None:
        super().__init__(
            f"{slug} ended without being closed: its workflow ended in Temporal ({how}), "
            "and nothing more can be done in it.",
            NextStep(
                action=Action.RECOVER_INCIDENT,
                incident=slug,
                advice="Continue under another name, or bring it back from the ledger: nothing "
                "that has gone out goes out again.",
            ),
        )
        self.how = how


class ServerRefused(ClientError):
    """Temporal's server did not take a request, so that it cannot have counted."""

    def __init__(self, slug: str, asked: str, why: str) -> None:
        super().__init__(
            f"{asked!r} was refused by the Temporal server: {why}",
            NextStep(action=Action.SHOW_STATUS, incident=slug, advice="Try again in a minute."),
            means="Nothing was changed.",
        )


class NoWorker(ClientError):
    """Temporal answers but no worker does, so incidents cannot answer."""

    def __init__(self) -> None:
        super().__init__(
            "No worker is answering, so the incident cannot be reached; nothing was asked of it.",
            NextStep(
                action=Action.START,
                advice="Start the worker where you deployed it, or everything on this machine.",
            ),
        )


class NoAnswer(ClientError):
    """It was sent and no answer came back: look before repeating it."""

    def __init__(self, slug: str, asked: str) -> None:
        super().__init__(
            f"{asked!r} was sent to {slug} and no answer came back: nobody knows whether it "
            "counted.",
            NextStep(action=Action.SHOW_STATUS, incident=slug, advice="Look before you repeat it."),
        )


class NotEntered(Exception):
    """Nothing of it is in the ledger, so it has to be delivered again; ``why`` may be logged."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def explanation_of(error: BaseException) -> Explanation | None:
    """``error`` as a person should read it, or None if it is a bug of ours."""
    if isinstance(error, ClientError | DomainError | TemporalUnreachable | StoreUnavailable):
        return error.explanation
    return explain_foreign(error)
