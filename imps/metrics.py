"""What is counted and timed for the operator: one small set of metrics, for Prometheus.

Labels have few values: names of transactions and scripts, codes. Nothing of a user is among them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from itertools import accumulate

from attrs import define, field
from prometheus_client import (
    CollectorRegistry,
    Gauge,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from imps.version import program_version

_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_STORE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.5)


# The library's own counters and histograms take a lock, and about six times as long; here, nobody
# counts but the reactor's thread.


@define(eq=False)
class Counts(Collector):
    """How often things have happened, by their labels."""

    _name: str
    _about: str
    _labels: tuple[str, ...] = ()
    _counts: Counter[tuple[object, ...]] = field(factory=Counter, init=False)

    def count(self, *labels: object, times: int = 1) -> None:
        """It has happened once more, or so many times."""
        self._counts[labels] += times

    def collect(self) -> Iterator[CounterMetricFamily]:
        """All that was counted."""
        family = CounterMetricFamily(self._name, self._about, labels=self._labels)
        for labels, count in self._counts.items():
            family.add_metric(list(map(str, labels)), count)
        yield family


@define(eq=False)
class Timings(Collector):
    """How long things have taken, by their labels: how many took at most so many seconds each."""

    _name: str
    _about: str
    _bounds: tuple[float, ...]
    _labels: tuple[str, ...] = ()
    _timed: defaultdict[tuple[object, ...], list[float]] = field(init=False)

    @_timed.default
    def _nothing_timed(self) -> defaultdict[tuple[object, ...], list[float]]:
        # For each bound how many took longer than the one before; those above all; and the sum.
        return defaultdict(lambda: [0] * (len(self._bounds) + 2))

    def took(self, seconds: float, *labels: object) -> None:
        """It took so long."""
        timed = self._timed[labels]
        timed[bisect_left(self._bounds, seconds)] += 1
        timed[-1] += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """All that was timed."""
        family = HistogramMetricFamily(self._name, self._about, labels=self._labels)
        bounds = [*map(str, map(float, self._bounds)), "+Inf"]
        for labels, (*counts, total) in self._timed.items():
            buckets = list(zip(bounds, accumulate(counts), strict=True))
            family.add_metric(list(map(str, labels)), buckets, total)
        yield family


@define(eq=False)
class Metrics:
    """What one process has done since it started, and how long that took."""

    registry: CollectorRegistry = field(factory=lambda: CollectorRegistry(auto_describe=True))
    open_connections: Gauge = field(init=False)
    messages_accepted: Counts = field(init=False)
    messages_acknowledged: Counts = field(init=False)
    work_done_late: Counts = field(init=False)
    texts_malformed: Counts = field(init=False)
    store_up: Gauge = field(init=False)
    store_memory_bytes: Gauge = field(init=False)
    store_memory_limit_bytes: Gauge = field(init=False)
    _http_seconds: Timings = field(init=False)
    _http_responses: Counts = field(init=False)
    _transactions: Counts = field(init=False)
    _transaction_seconds: Timings = field(init=False)
    _logins: Counts = field(init=False)
    _texts_received: Counts = field(init=False)
    _texts_submitted: Counts = field(init=False)
    _texts_reported: Counts = field(init=False)
    _store_seconds: Timings = field(init=False)
    _store_failures: Counts = field(init=False)

    def __attrs_post_init__(self) -> None:
        gauge = partial(Gauge, registry=self.registry)
        counts, timings = self._counts, self._timings
        ProcessCollector(namespace="imps", registry=self.registry)
        Info("imps_build", "What runs.", registry=self.registry).info(
            {"version": program_version()}
        )
        self.open_connections = gauge("imps_http_connections", "HTTP connections that are open.")
        self._http_seconds = timings(
            "imps_http_request_seconds", "Time to answer an HTTP request.", _REQUEST_SECONDS
        )
        self._http_responses = counts("imps_http_responses", "HTTP responses by status.", "status")
        self._transactions = counts(
            "imps_transactions",
            "Transactions by the class of their status code, 2 for 2xx.",
            "transaction",
            "class",
        )
        self._transaction_seconds = timings(
            "imps_transaction_seconds",
            "Time to serve a transaction.",
            _REQUEST_SECONDS,
            "transaction",
        )
        self._logins = counts("imps_logins", "Attempts to sign on, by what became of them.", "code")
        self.messages_accepted = counts(
            "imps_messages_accepted", "Messages stored, once for each recipient."
        )
        self.messages_acknowledged = counts(
            "imps_messages_acknowledged", "Messages and events that clients said they have."
        )
        self.work_done_late = counts(
            "imps_due_work", "Pieces of work that became due or were left over, and are done."
        )
        self.texts_malformed = counts(
            "imps_sms_malformed", "What a gateway sent that could not be read, or is not for us."
        )
        self._texts_received = counts(
            "imps_sms_received", "Texts from phones, by what became of them.", "outcome"
        )
        self._texts_submitted = counts(
            "imps_sms_submitted", "Short messages given to a gateway, by what it said.", "outcome"
        )
        self._texts_reported = counts(
            "imps_sms_reports", "Reports on short messages, by what they say.", "outcome"
        )
        self._store_seconds = timings(
            "imps_store_seconds",
            "Time that the store took for a script, or for a command.",
            _STORE_SECONDS,
            "script",
        )
        self._store_failures = counts(
            "imps_store_failures", "Calls to the store that failed, by why.", "reason"
        )
        self.store_up = gauge("imps_store_up", "Whether the store answers.")
        self.store_memory_bytes = gauge("imps_store_memory_bytes", "Memory the store uses.")
        self.store_memory_limit_bytes = gauge(
            "imps_store_memory_limit_bytes", "Memory the store may use; 0 for no limit."
        )

    def _counts(self, name: str, about: str, *labels: str) -> Counts:
        counts = Counts(name, about, labels)
        self.registry.register(counts)
        return counts

    def _timings(self, name: str, about: str, bounds: tuple[float, ...], *labels: str) -> Timings:
        timings = Timings(name, about, bounds, labels)
        self.registry.register(timings)
        return timings

    def http_answered(self, status: int) -> None:
        """An HTTP response was written."""
        self._http_responses.count(status)

    def http_served(self, seconds: float) -> None:
        """A request was answered by the door in this time."""
        self._http_seconds.took(seconds)

    def transaction_served(self, name: str, code: int, seconds: float) -> None:
        """A transaction was answered with this status code, in this time."""
        self._transactions.count(name, code // 100)
        self._transaction_seconds.took(seconds, name)

    def login_tried(self, code: int) -> None:
        """Somebody tried to sign on."""
        self._logins.count(int(code))

    def text_received(self, outcome: str) -> None:
        """A text came from a phone."""
        self._texts_received.count(outcome)

    def text_submitted(self, outcome: str) -> None:
        """A short message was given to a gateway, which said this."""
        self._texts_submitted.count(outcome)

    def text_reported(self, outcome: str) -> None:
        """A gateway has reported on a short message."""
        self._texts_reported.count(outcome)

    def store_called(self, script: str, seconds: float) -> None:
        """The store answered in this time."""
        self._store_seconds.took(seconds, script)

    def store_failed(self, reason: str) -> None:
        """The store did not do what it was asked; a reason is the name of an exception."""
        self._store_failures.count(reason)

    def exposition(self) -> bytes:
        """Everything, in the text format of Prometheus."""
        return generate_latest(self.registry)
