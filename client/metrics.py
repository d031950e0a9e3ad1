"""What a worker tells of itself: its log lines through the SDK, and its metrics for Prometheus."""

from __future__ import annotations

import logging
from dataclasses import replace

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from store.kernel.database import Database
from store.kernel.priority import Priority

PORTS_TRIED = 10

SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0]
"""Buckets of the metrics about writes: no write is to keep the ledger for longer than 0.05 s."""

_log = logging.getLogger("frontfoot.worker")


def measure_writes(database: Database) -> None:
    """Have the worker's metrics say how long writes wait for the ledger, and how long they take."""
    meter = Runtime.default().metric_meter
    waits = meter.create_histogram_float(
        "frontfoot_ledger_wait_seconds", "Waiting for the turn to write to the ledger", "s"
    )
    writes = meter.create_histogram_float(
        "frontfoot_ledger_write_seconds", "From the beginning of a write to its commit", "s"
    )

    def tell(priority: Priority, waited: float, wrote: float) -> None:
        attributes = {"priority": priority.name.lower()}
        waits.record(waited, attributes)
        writes.record(wrote, attributes)

    database.write_times.tell = tell


def runtime(metrics_address: str) -> Runtime:
    """The SDK's own runtime: it logs as we do, and serves metrics where it may.

    A second worker on the same machine finds the port taken. It takes one of the next, or does
    without: metrics are no reason not to work.
    """
    telemetry = TelemetryConfig(
        logging=LoggingConfig(
            filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
            forwarding=LogForwardingConfig(
                logger=logging.getLogger("temporalio"), append_log_fields_to_message=False
            ),
        )
    )
    if not metrics_address:
        return Runtime(telemetry=telemetry)
    host, _, port = metrics_address.rpartition(":")
    first = int(port) if port.isdecimal() else 0
    why: ValueError | None = None
    for number in range(first, min(first + PORTS_TRIED, 65_536)):
        address = f"{host}:{number}"
        try:
            made = Runtime(
                telemetry=replace(
                    telemetry,
                    metrics=PrometheusConfig(
                        bind_address=address,
                        histogram_bucket_overrides=dict.fromkeys(
                            ("frontfoot_ledger_wait_seconds", "frontfoot_ledger_write_seconds"),
                            SECONDS,
                        ),
                    ),
                )
            )
        except ValueError as error:
            why = error
            continue
        if number != first:
            _log.warning("the metrics of this worker are at %s: that port was taken", address)
        return made
    _log.warning("this worker has no metrics: FRONTFOOT_METRICS_ADDRESS cannot be used (%s)", why)
    return Runtime(telemetry=telemetry)
