"""The figures that a worker shows to Prometheus: those of Temporal's SDK, and our own."""

from collections.abc import Callable

from temporalio.common import MetricMeter
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

ANSWERS = "milepost_sender_answers"
"""Counts what a mail server or provider said to an email: ``answer`` says what, ``sender`` who."""


def runtime_at(address: str) -> Runtime:
    """A runtime of the SDK that shows its figures at ``host:port``, below ``/metrics``.

    Raises ``ValueError`` where it cannot listen there.
    """
    return Runtime(
        telemetry=TelemetryConfig(
            metrics=PrometheusConfig(
                bind_address=address,
                counters_total_suffix=True,
                unit_suffix=True,
                durations_as_seconds=True,
            )
        )
    )


def answer_counter(meter: MetricMeter, sender: str) -> Callable[[str], None]:
    """Counts one answer of that sender."""
    counter = meter.create_counter(ANSWERS, "What the sender of emails answered")

    def count(answer: str) -> None:
        counter.add(1, {"sender": sender, "answer": answer})

    return count
