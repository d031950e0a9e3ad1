"""Holds JSON against the Statuspage format, version 2, field by field and word by word.

It shares nothing with what writes the JSON: types, which fields may be null, listed words, and
that every id points to something.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Rule = Callable[[Any], bool]
Fields = dict[str, Rule]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def time(value: Any) -> bool:
    return isinstance(value, str) and bool(_TIME.fullmatch(value))


def day(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value))


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def null(value: Any) -> bool:
    return value is None


def address(value: Any) -> bool:
    return isinstance(value, str) and bool(re.match(r"https?://[^/]+", value))


def objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def word(*words: str) -> Rule:
    return lambda value: value in words


def either(*rules: Rule) -> Rule:
    return lambda value: any(rule(value) for rule in rules)


COMPONENT_WORDS = (
    "operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage",
)  # fmt: skip
INCIDENT_WORDS = ("investigating", "identified", "monitoring", "resolved", "postmortem")
IMPACT_WORDS = ("none", "minor", "major", "critical")

PAGE: Fields = {
    "id": text, "name": text, "url": address, "time_zone": word("Etc/UTC"), "updated_at": time,
}  # fmt: skip
STATUS: Fields = {"indicator": word(*IMPACT_WORDS), "description": text}
COMPONENT: Fields = {
    "id": text,
    "name": text,
    "status": word(*COMPONENT_WORDS),
    "created_at": time,
    "updated_at": time,
    "position": number,
    "description": either(text, null),
    "showcase": flag,
    "start_date": either(day, null),
    "group_id": either(text, null),
    "page_id": text,
    "group": flag,
    "only_show_if_degraded": flag,
}
UPDATE: Fields = {
    "id": text,
    "status": word(*INCIDENT_WORDS),
    "body": text,
    "incident_id": text,
    "created_at": time,
    "updated_at": time,
    "display_at": time,
    "affected_components": either(objects, null),
    "deliver_notifications": flag,
    "custom_tweet": either(text, null),
    "tweet_id": either(text, null),
}
INCIDENT: Fields = {
    "id": text,
    "name": text,
    "status": word(*INCIDENT_WORDS),
    "created_at": time,
    "updated_at": time,
    "monitoring_at": either(time, null),
    "resolved_at": either(time, null),
    "impact": word(*IMPACT_WORDS),
    "shortlink": address,
    "started_at": time,
    "page_id": text,
    "incident_updates": objects,
    "components": objects,
}
CHANGE: Fields = {
    "code": text, "name": text,
    "old_status": word(*COMPONENT_WORDS), "new_status": word(*COMPONENT_WORDS),
}  # fmt: skip


def faults_in(document: dict[str, Any]) -> list[str]:
    """What a strict reader would object to; empty if nothing."""
    faults = _fields("page", document.get("page"), PAGE)
    if not time(document.get("generated_at")):
        faults.append("generated_at is no time")
    if "status" in document:
        faults += _fields("status", document["status"], STATUS)
    page = document["page"]["id"]
    components = document.get("components", [])
    faults += _components(components, page)
    for incident in document.get("incidents", []):
        faults += _incident(incident, page)
    return faults


def _fields(name: str, value: Any, fields: Fields) -> list[str]:
    if not isinstance(value, dict):
        return [f"{name} is no object"]
    missing = [f"{name} has no {field}" for field in fields if field not in value]
    wrong = [
        f"{name}.{field} is {value[field]!r}"
        for field, rule in fields.items()
        if field in value and not rule(value[field])
    ]
    return missing + wrong


def _components(components: list[Any], page: str, *, whole: bool = True) -> list[str]:
    faults = [fault for one in components for fault in _fields("component", one, COMPONENT)]
    ids = [one["id"] for one in components]
    groups = {one["id"]: one for one in components if one["group"]}
    faults += [f"{one['name']} is of another page" for one in components if one["page_id"] != page]
    if len(ids) != len(set(ids)):
        faults.append("two components have one id")
    for one in components:
        if whole and one["group_id"] is not None and one["group_id"] not in groups:
            faults.append(f"{one['name']} is in a group that is not there")
        if whole and one["group"]:
            of_it = [other["id"] for other in components if other["group_id"] == one["id"]]
            if of_it != one.get("components"):
                faults.append(f"{one['name']} does not list its members")
    return faults


def _incident(incident: Any, page: str) -> list[str]:
    faults = _fields("incident", incident, INCIDENT)
    faults += _components(incident["components"], page, whole=False)
    updates = incident["incident_updates"]
    faults += [fault for one in updates for fault in _fields("update", one, UPDATE)]
    times = [one["created_at"] for one in updates]
    if times != sorted(times, reverse=True):
        faults.append("the updates are not the newest first")
    if updates and updates[0]["status"] != incident["status"]:
        faults.append("the incident's status is not that of its newest update")
    if (incident["status"] in ("resolved", "postmortem")) != (incident["resolved_at"] is not None):
        faults.append("resolved_at and status contradict each other")
    if incident["resolved_at"] is None and incident["impact"] == "none":
        faults.append("an unresolved incident without impact is green to its readers")
    known = {one["id"] for one in incident["components"]}
    for one in updates:
        faults += [] if one["incident_id"] == incident["id"] else ["an update of something else"]
        for change in one["affected_components"] or []:
            faults += _fields("change", change, CHANGE)
            faults += [] if change["code"] in known else ["a change of an unknown component"]
    return faults
