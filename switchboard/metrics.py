"""Figures for Prometheus, in a registry of the service's own."""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from switchboard.messages import StatusReport
from switchboard.store import Transition

BY = "switchboard"
"""The label that names the process."""


class Metrics:
    """Counts what happens, and reads the rest from the status when it is asked.

    What this process alone counts bears its ``name``, so that figures of several switchboards can be told
    apart, and added up, also where they are read through one address.
    """

    def __init__(
        self, name: str, read_status: Callable[[], StatusReport], read_waiting: Callable[[], int]
    ) -> None:
        self._registry = CollectorRegistry()
        self._name = name
        self._transitions = self._counter("transitions", "Jobs that went into a state", "state")
        self._requests = self._counter("requests", "Requests answered", "endpoint", "status")
        self._results = self._counter("results", "Results that workers posted", "status")
        self._registry.register(_StatusCollector(name, read_status, read_waiting))

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"switchboard_{name}", meaning, [BY, *labels], registry=self._registry)

    def on_commit(self, transitions: Sequence[Transition]) -> None:
        """Count stored transitions."""
        for transition in transitions:
            self._transitions.labels(self._name, transition.new).inc()

    def request(self, endpoint: str, status: int) -> None:
        """Count an answered request."""
        self._requests.labels(self._name, endpoint, str(status)).inc()

    def results(self, statuses: Iterable[str]) -> None:
        """Count posted results by what became of them."""
        for status in statuses:
            self._results.labels(self._name, status).inc()

    def render(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self._registry)


class _StatusCollector(Collector):
    def __init__(
        self, name: str, read_status: Callable[[], StatusReport], read_waiting: Callable[[], int]
    ) -> None:
        self._name = name
        self._read_status = read_status
        self._read_waiting = read_waiting

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not read the store."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Gauges of the present."""
        status = self._read_status()
        jobs = GaugeMetricFamily("switchboard_jobs", "Jobs in each state", labels=["state"])
        for state, count in status.counts.items():
            jobs.add_metric([state], count)
        yield jobs
        swept = CounterMetricFamily(
            "switchboard_swept", "What the sweeper ended or removed", labels=[BY, "what"]
        )
        for what, count in status.swept.items():
            swept.add_metric([self._name, what], count)
        yield swept
        gauges = {
            "oldest_open_seconds": ("Age of the oldest open job", status.oldest_open_seconds or 0.0),
            "retained_texts": ("Texts in the retention list", status.retained),
            "retained_unscored_texts": (
                "Texts in the retention list without a score",
                status.retained_unscored,
            ),
        }
        own = {
            "waiting_polls": ("Requests that wait for something to change", self._read_waiting()),
            "workers": ("Workers heard of since the start", len(status.workers)),
        }
        for name, (meaning, number) in own.items():
            gauge = GaugeMetricFamily(f"switchboard_{name}", meaning, labels=[BY])
            gauge.add_metric([self._name], number)
            yield gauge
        for name, (meaning, value) in gauges.items():
            yield GaugeMetricFamily(f"switchboard_{name}", meaning, value=value)
