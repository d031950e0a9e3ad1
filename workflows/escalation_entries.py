"""What an escalation enters in the timeline: who was asked, who was not reached, how it ended."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.escalation import ENDS, Escalation, Rung
    from domain.message_state import MessageState
    from domain.notifications import NotificationNews, NotificationState
    from workflows.timeline import Timeline

_OURS = "frontfoot"


class EscalationEntries:
    """Words of the record, and no decision."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def asked(
        self,
        found: Escalation,
        rung: Rung | None,
        people: tuple[str, ...],
        earlier: tuple[str, ...],
    ) -> None:
        """Whom a rung asked, and who of those before has not decided."""
        if not people or rung in ENDS:
            return
        what = "reminded" if rung in (Rung.REMIND, None) else "asked"
        silent = f"; no decision by {', '.join(earlier)}" if earlier else ""
        why = {
            Rung.ASK: ", first in line",
            Rung.DEPUTY: f", as deputy{silent}",
            Rung.NEXT_ROLE: f", next in line{silent}",
        }
        more = why.get(rung, "") if rung else ""
        about = f"{', '.join(people)} about message {found.message}{more}"
        self._timeline.add(what, _OURS, about)

    def not_asked(self, found: Escalation, why: str) -> None:
        """That nobody could even be looked for."""
        self._timeline.add("not asked", _OURS, f"message {found.message}: {why}")

    def unreachable(
        self, found: Escalation, rung: Rung | None, unreachable: tuple[str, ...]
    ) -> None:
        """Who could not be reached; at the end of the ladder also that nobody could."""
        if unreachable and rung not in (Rung.REMIND, None):
            about = f"{', '.join(unreachable)}, about message {found.message}"
            self._timeline.add("not reached", _OURS, about)
        if found.nobody_left() and rung in ENDS:
            who = ", ".join(found.people()) or "nobody was found"
            about = f"message {found.message}: nobody could be reached: {who}"
            self._timeline.add("nobody reached", _OURS, about)

    def heard(self, found: Escalation, news: NotificationNews) -> None:
        """That somebody has acknowledged, or was not reached after all."""
        acknowledged = news.state is NotificationState.ACKNOWLEDGED
        who = news.person if acknowledged else _OURS
        what = "acknowledged" if acknowledged else "not reached"
        whom = "" if acknowledged else f"{news.person}, about "
        self._timeline.add(what, who, f"{whom}message {found.message}")

    def released(self, found: Escalation) -> None:
        """That words that were approved beforehand go out."""
        about = f"in place of message {found.message}, which still waits"
        self._timeline.add("holding statement released", _OURS, about)

    def not_released_yet(self, found: Escalation, why: str) -> None:
        """That they could not go out, and that it is tried again."""
        about = f"in place of message {found.message}, tried again: {why}"
        self._timeline.add("not released yet", _OURS, about)

    def held(self, found: Escalation, why: str, people: tuple[str, ...]) -> None:
        """That the ladder is at its end, and nothing goes out."""
        again = f"; asked once more: {', '.join(people)}" if people else ""
        about = f"message {found.message}: nobody has decided{why}{again}"
        self._timeline.add("held", _OURS, about)

    def expired(self, message: MessageState) -> None:
        """That a gate's time is over."""
        about = f"message {message.number} {message.digest[:8]}: undecided"
        self._timeline.add("expired", _OURS, about)

    def not_told(self, found: Escalation, why: str, more: str) -> None:
        """That people could not be told that it is over."""
        about = f"message {found.message}: that it is over{more}: {why}"
        self._timeline.add("not told", _OURS, about)
