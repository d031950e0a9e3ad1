"""The objects of the Statuspage format, version 2, as the programs that read status pages know it.

Only the words that the format lists are written: a program that does not know a word tends to take
it for "all is well". Source: the public API documentation of hosted status pages; what readers use
of it was looked up in those that the tests run.
"""

from __future__ import annotations

from collections.abc import Iterator

from channels.website.addresses import Addresses
from channels.website.changes import Change, affected_by
from channels.website.wording import description_of, stamp
from domain.page_entry import ComponentState
from domain.page_state import (
    impact_of,
    indicator_of,
    monitoring_at,
    newest_status,
    resolved_at,
    worst_state,
)
from domain.status_page import (
    Component,
    PageIncident,
    PageUpdate,
    StatusPage,
    group_id,
    incident_path,
    page_id,
)

Object = dict[str, object]
Changes = dict[str, tuple[Change, ...]]


def page_object(page: StatusPage) -> Object:
    """Whose page it is; ``updated_at`` is when anything on it changed last."""
    changed = [one.newest.at for one in page.incidents] + [
        one.updated_at for one in page.components
    ]
    return {
        "id": page_id(page.url),
        "name": page.name,
        "url": Addresses(page.url).url.rstrip("/"),
        "time_zone": "Etc/UTC",
        "updated_at": stamp(max(changed, default=page.generated_at)),
    }


def status_object(page: StatusPage) -> Object:
    """The state of everything: the word for programs and the one for people."""
    return {"indicator": indicator_of(page).value, "description": description_of(page)}


def component_objects(page: StatusPage) -> list[Object]:
    """All components in their order; a group comes before its members, and its state is theirs."""
    members = dict[str, list[Component]]()
    for one in page.components:
        members.setdefault(one.group or one.id, []).append(one)
    objects: list[Object] = []
    for position, group in enumerate(members.values(), start=1):
        if group[0].group is None:
            objects.append(component_object(page, group[0], position))
            continue
        objects.append(_group_object(page, group[0].group, group, position))
        objects += [component_object(page, one, place) for place, one in enumerate(group, start=1)]
    return objects


def component_object(page: StatusPage, component: Component, position: int) -> Object:
    """One component that is no group."""
    return {
        "id": component.id,
        "name": component.name,
        "status": component.state.value,
        "created_at": stamp(component.since),
        "updated_at": stamp(component.updated_at),
        "position": position,
        "description": component.description,
        "showcase": False,
        "start_date": f"{component.since:%Y-%m-%d}",
        "group_id": group_id(component.group) if component.group else None,
        "page_id": page_id(page.url),
        "group": False,
        "only_show_if_degraded": False,
    }


def _group_object(page: StatusPage, name: str, members: list[Component], position: int) -> Object:
    return {
        "id": group_id(name),
        "name": name,
        "status": worst_state(members).value,
        "created_at": stamp(min(one.since for one in members)),
        "updated_at": stamp(max(one.updated_at for one in members)),
        "position": position,
        "description": None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": page_id(page.url),
        "group": True,
        "only_show_if_degraded": False,
        "components": [one.id for one in members],
    }


def incident_object(page: StatusPage, incident: PageIncident, changes: Changes) -> Object:
    """One incident with all its updates, the newest first."""
    monitoring, resolved = monitoring_at(incident), resolved_at(incident)
    started = stamp(incident.updates[0].at)
    concerned = {one.id for one in affected_by(incident, changes)}
    return {
        "id": incident.id,
        "name": incident.title,
        "status": newest_status(incident).value,
        "created_at": started,
        "updated_at": stamp(incident.newest.at),
        "monitoring_at": stamp(monitoring) if monitoring else None,
        "resolved_at": stamp(resolved) if resolved else None,
        "impact": impact_of(incident).value,
        "shortlink": Addresses(page.url).absolute(incident_path(incident.id)),
        "started_at": started,
        "page_id": page_id(page.url),
        "incident_updates": list(_update_objects(incident, changes)),
        "components": [one for one in component_objects(page) if one["id"] in concerned],
    }


def _update_objects(incident: PageIncident, changes: Changes) -> Iterator[Object]:
    for update in reversed(incident.updates):
        yield _update_object(incident, update, changes.get(update.id, ()))


def _update_object(
    incident: PageIncident, update: PageUpdate, changes: tuple[Change, ...]
) -> Object:
    at = stamp(update.at)
    return {
        "id": update.id,
        "status": update.entry.status.value,
        "body": update.text,
        "incident_id": incident.id,
        "created_at": at,
        "updated_at": at,
        "display_at": at,
        "affected_components": [_change_object(one) for one in changes] or None,
        "deliver_notifications": update.notified,
        "custom_tweet": None,
        "tweet_id": None,
        # Not of the format: how one message is told from every other, and what it promises.
        "mark": update.mark,
        "next_update_by": stamp(update.next_update_by) if update.next_update_by else None,
    }


def _change_object(change: Change) -> Object:
    old: ComponentState = change.old
    return {
        "code": change.component.id,
        "name": change.component.name,
        "old_status": old.value,
        "new_status": change.new.value,
    }
