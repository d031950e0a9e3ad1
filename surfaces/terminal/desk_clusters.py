"""``desk clusters``, ``cluster``, ``move``, ``plan``: what asks the same, how long it all takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from client import clusters, reply_plan
from client.clusters import ListedCluster
from domain.plural import plural
from domain.printable import in_one_line
from surfaces.terminal.options import By, Json, actor, slug_of
from surfaces.terminal.printing import say, say_json
from surfaces.terminal.session import run

_SHORT = 160
_NONE = "none"

Incident = Annotated[str, typer.Option(metavar="SLUG", help="Only of this incident.")]
ClusterNumber = Annotated[int, typer.Argument(metavar="N", min=1, help="The cluster's number.")]


def list_(
    incident: Incident = "",
    single: Annotated[bool, typer.Option("--single", help="Also clusters of one mention.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=clusters.MOST, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """List which mentions ask the same, the clusters with most open ones first.

    Example: frontfoot desk clusters
    """
    found = run(
        lambda engine: clusters.list_clusters(
            engine,
            incident=slug_of(incident) if incident else "",
            least=1 if single else 2,
            limit=limit,
        )
    )
    if as_json:
        say_json([one.model_dump(mode="json") for one in found])
        return
    if not found:
        say("No two mentions ask the same yet.")
    for one in found:
        for line in _cluster_lines(one):
            say(line)
    if found:
        say("Its mentions: frontfoot desk list --cluster N")


def change(
    number: ClusterNumber,
    name: Annotated[str, typer.Option(metavar="TEXT", help="Give it this name.")] = "",
    suggest: Annotated[
        str | None,
        typer.Option(metavar="REPLY", help="Suggest this saved reply for it; '' for none."),
    ] = None,
    into: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Put all of it into this cluster.")
    ] = None,
    by: By = "",
) -> None:
    """Show a cluster, name it, suggest a saved reply, or put it into another one.

    Example: frontfoot desk cluster 3 --name "Are passwords safe" --as lea
    """
    if into is not None and (name or suggest is not None):
        raise typer.BadParameter("is for a whole cluster, which is gone then.", param_hint="--into")
    if into is not None:
        actor(by)
        merged = run(lambda engine: clusters.merge_clusters(engine, number, into))
        say(f"Cluster {number} is part of cluster {into} now, with {plural(merged, 'mention')}.")
        return
    if name:
        who = actor(by)
        run(lambda engine: clusters.rename_cluster(engine, number, name, actor=who))
    if suggest is not None:
        actor(by)
        run(lambda engine: clusters.suggest_reply(engine, number, suggest))
    found = run(lambda engine: clusters.find_cluster(engine, number))
    say(f"Cluster {number}: {in_one_line(found.name, _SHORT)}", "bold")
    say(f"Suggested reply: {found.saved or _NONE}")


def move(
    numbers: Annotated[list[int], typer.Argument(metavar="N...", min=1, help="The mentions.")],
    to: Annotated[str, typer.Option("--to", metavar="CLUSTER", help="Its number, or none.")],
    by: By = "",
) -> None:
    """Put mentions into another cluster, or into none. They stay there if they are edited.

    Example: frontfoot desk move 12 13 --to 3 --as lea
    """
    if to != _NONE and not (to.isascii() and to.isdigit() and int(to)):
        raise typer.BadParameter("is the number of a cluster, or none.", param_hint="--to")
    into, who = None if to == _NONE else int(to), actor(by)
    moved = run(lambda engine: clusters.move_mentions(engine, numbers, into, actor=who))
    them = "1 mention is" if moved == 1 else f"{moved} mentions are"
    say(f"{them} in {'no cluster' if into is None else f'cluster {into}'} now.")


def plan(incident: Incident = "", as_json: Json = False) -> None:
    """Show how long it takes to answer what is open, and what that costs, for each channel.

    Example: frontfoot desk plan --incident spam-saturday
    """
    slug = slug_of(incident) if incident else ""
    found = run(lambda engine: reply_plan.plan_replies(engine, slug))
    if as_json:
        say_json(found.model_dump(mode="json"))
        return
    if not found.channels:
        say("Nothing is open.")
    for one in found.channels:
        say(one.channel, "bold")
        for line in reply_plan.plan_sentences(one, found.at):
            say(f"  {line}")


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``desk``."""
    app.command("clusters")(list_)
    app.command("cluster")(change)
    app.command("move")(move)
    app.command("plan")(plan)


def _cluster_lines(one: ListedCluster) -> Iterator[str]:
    found = one.cluster
    every = found.open + found.answered + found.dismissed + found.deleted
    saved = f", suggested reply: {found.saved}" if found.saved else ""
    name = in_one_line(found.name, _SHORT)
    yield f"{found.number}  {name}: {found.open:,} open of {every:,}{saved}"
    yield f"  {one.newest.number}: {in_one_line(one.newest.mention.text, _SHORT)}"
