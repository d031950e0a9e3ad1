"""Programs that other people wrote for status pages are content with ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import feedparser
import httpx

from channels.website.site import compose
from tests.channels.website.serving import serving
from tests.channels.website.world import busy, quiet, spam

WIDGET = "@statuspage/status-widget@1.0.5"


def exported(url: str, folder: Path) -> str:
    """The metrics that the Prometheus exporter makes of a page; it runs as its users run it."""
    services, metrics = folder / "services.json", folder / "metrics.prom"
    whole = f"{url}api/v2/summary.json"
    services.write_text(json.dumps({"shop": {"name": "Shop", "url": whole}}), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "statuspage_prometheus_exporter.status_monitoring"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "RUN_MODE": "once",
            "SERVICES_JSON_PATH": str(services),
            "METRICS_TEXTFILE_PATH": str(metrics),
        },
        capture_output=True,
        check=True,
        timeout=30,
    )
    return metrics.read_text(encoding="utf-8")


def lines(metrics: str, name: str) -> list[str]:
    return [line for line in metrics.splitlines() if line.startswith(name + "{")]


def test_the_prometheus_exporter_sees_a_quiet_page_as_up(tmp_path: Path) -> None:
    with serving(lambda url: compose(quiet(url=url))) as served:
        metrics = exported(served.url, tmp_path)
    [probe] = lines(metrics, "statuspage_probe_check")
    assert probe.endswith(" 1.0")
    components = lines(metrics, "statuspage_component_status")
    assert len(components) >= 7
    assert all(line.endswith(" 1.0") for line in components)


def test_the_prometheus_exporter_sees_the_incident(tmp_path: Path) -> None:
    with serving(lambda url: compose(busy(url=url))) as served:
        metrics = exported(served.url, tmp_path)
    [probe] = lines(metrics, "statuspage_probe_check")
    assert probe.endswith(" 1.0")
    [incident] = lines(metrics, "statuspage_incident_info")
    assert f"{served.url}incidents/{spam().id}/" in incident
    assert 'impact="critical"' in incident
    down = [one for one in lines(metrics, "statuspage_component_status") if one.endswith(" 0.0")]
    assert {"Posting" in one or "Sign-in" in one for one in down} == {True}
    assert len(down) == 2


def test_feedparser_reads_the_served_feeds() -> None:
    with serving(lambda url: compose(busy(url=url)), "/status/") as served:
        for name, entries in (("history.atom", 3), ("updates.atom", 10)):
            answer = httpx.get(f"{served.url}{name}")
            feed = feedparser.parse(answer.content)
            assert answer.headers["content-type"].startswith("application/atom+xml")
            assert (feed.bozo, len(feed.entries)) == (False, entries)
            link = httpx.get(feed.entries[0].link)
            assert link.status_code == 200
            assert "Spam was posted" in link.text
