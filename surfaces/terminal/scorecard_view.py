"""A scorecard on the screen: each promise, what became of it, and the first word."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from client.scorecard import ScorecardView
from domain.promise_clock import PromiseState
from domain.scorecard import PromiseStatus, Scorecard
from surfaces.terminal.printing import clean, how_long, moment

_STYLES = {PromiseState.BROKEN: "bold red", PromiseState.OPEN: "yellow"}


def scorecard_view(view: ScorecardView) -> RenderableType:
    """Lay out a scorecard."""
    score = view.scorecard
    severity = f", {view.severity.in_words}" if view.severity else ""
    lines = [Text(clean(f"{view.incident}{severity}"), style="bold"), Text(score_line(score))]
    lines += first_word_lines(score)
    lines += [promise_text(one) for one in view.promises]
    if score.answered:
        lines.append(Text(clean(f"taken on by {', '.join(score.answered)}")))
    return Group(*lines)


def score_line(score: Scorecard) -> str:
    """How the public promises ended, in a line."""
    late = f" ({score.late} late)" if score.late else ""
    return (
        f"promises: {score.kept} kept{late}, {score.kept_by_fallback} kept by the fallback, "
        f"{score.moved} moved, {score.broken} broken, {score.open} open"
    )


def first_word_lines(score: Scorecard) -> Iterator[Text]:
    """When the first word was out, and when it should have been."""
    if score.first_word_by is None:
        return
    due = f"due by {moment(score.first_word_by)} UTC"
    if score.first_word_at is None:
        yield Text(f"first word: not out, {due}", style="yellow")
        return
    seconds = (score.first_word_at - score.first_word_by).total_seconds()
    late = seconds > 0
    by = f", {how_long(seconds)} late" if late else ", in time"
    at = moment(score.first_word_at)
    yield Text(f"first word: {at} UTC, {due}{by}", style="yellow" if late else "")


def promise_text(one: PromiseStatus) -> Text:
    """One promise in a line."""
    state = one.state.value.replace("_", " ")
    late = f", {how_long(one.late_by.total_seconds())} late" if one.late_by else ""
    by = f" by message {one.ended_by}" if one.ended_by else ""
    why = f": {one.why}" if one.why else ""
    line = f"   message {one.number}, by {moment(one.due)} UTC, {one.owner}: {state}{by}{late}{why}"
    return Text(clean(line), style=_STYLES.get(one.state, ""))
