"""Figures for Prometheus, in a registry of the service's own."""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from switchboard.messages import StatusReport
from switchboard.store import Transition


class Metrics:
    """Counts what happens, and reads the rest from the status when it is asked."""

    def __init__(self, read_status: Callable[[], StatusReport], read_waiting: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._transitions = Counter(
            "switchboard_transitions", "Jobs that went into a state", ["state"], registry=self._registry
        )
        self._requests = Counter(
            "switchboard_requests", "Requests answered", ["endpoint", "status"], registry=self._registry
        )
        self._results = Counter(
            "switchboard_results", "Results that workers posted", ["status"], registry=self._registry
        )
        self._registry.register(_StatusCollector(read_status, read_waiting))

    def on_commit(self, transitions: Sequence[Transition]) -> None:
        """Count stored transitions."""
        for transition in transitions:
            self._transitions.labels(state=transition.new).inc()

    def request(self, endpoint: str, status: int) -> None:
        """Count an answered request."""
        self._requests.labels(endpoint=endpoint, status=str(status)).inc()

    def results(self, statuses: Iterable[str]) -> None:
        """Count posted results by what became of them."""
        for status in statuses:
            self._results.labels(status=status).inc()

    def render(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self._registry)


class _StatusCollector(Collector):
    def __init__(self, read_status: Callable[[], StatusReport], read_waiting: Callable[[], int]) -> None:
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
        swept = CounterMetricFamily("switchboard_swept", "What the sweeper ended or removed", labels=["what"])
        for what, count in status.swept.items():
            swept.add_metric([what], count)
        yield swept
        gauges = {
            "oldest_open_seconds": ("Age of the oldest open job", status.oldest_open_seconds or 0.0),
            "retained_texts": ("Texts in the retention list", status.retained),
            "retained_unscored_texts": (
                "Texts in the retention list without a score",
                status.retained_unscored,
            ),
            "waiting_polls": ("Requests that wait for something to change", self._read_waiting()),
            "workers": ("Workers heard of since the start", len(status.workers)),
        }
        for name, (meaning, value) in gauges.items():
            yield GaugeMetricFamily(f"switchboard_{name}", meaning, value=value)
