"""What is counted and timed for the operator: one small set of metrics, for Prometheus.

Labels have few values: names of transactions and scripts, codes. Nothing of a user is among them.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from attrs import define, field
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

from imps.version import program_version

_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_STORE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.5)


@define(eq=False)
class Metrics:
    """What one process has done since it started, and how long that took."""

    registry: CollectorRegistry = field(factory=lambda: CollectorRegistry(auto_describe=True))
    open_connections: Gauge = field(init=False)
    messages_accepted: Counter = field(init=False)
    messages_acknowledged: Counter = field(init=False)
    work_done_late: Counter = field(init=False)
    texts_malformed: Counter = field(init=False)
    store_up: Gauge = field(init=False)
    store_memory_bytes: Gauge = field(init=False)
    store_memory_limit_bytes: Gauge = field(init=False)
    _http_seconds: Histogram = field(init=False)
    # Looking a child up by its labels costs more than counting does.
    _http_responses: _Children = field(init=False)
    _transactions: _Children = field(init=False)
    _transaction_seconds: _Children = field(init=False)
    _logins: _Children = field(init=False)
    _texts_received: _Children = field(init=False)
    _texts_submitted: _Children = field(init=False)
    _texts_reported: _Children = field(init=False)
    _store_seconds: _Children = field(init=False)
    _store_failures: _Children = field(init=False)

    def __attrs_post_init__(self) -> None:
        counter = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        ProcessCollector(namespace="imps", registry=self.registry)
        Info("imps_build", "What runs.", registry=self.registry).info(
            {"version": program_version()}
        )
        self.open_connections = gauge("imps_http_connections", "HTTP connections that are open.")
        self._http_seconds = histogram(
            "imps_http_request_seconds", "Time to answer an HTTP request.", buckets=_REQUEST_SECONDS
        )
        self._http_responses = _Children(
            counter("imps_http_responses", "HTTP responses by status.", ["status"])
        )
        self._transactions = _Children(
            counter(
                "imps_transactions",
                "Transactions by the class of their status code, 2 for 2xx.",
                ["transaction", "class"],
            )
        )
        self._transaction_seconds = _Children(
            histogram(
                "imps_transaction_seconds",
                "Time to serve a transaction.",
                ["transaction"],
                buckets=_REQUEST_SECONDS,
            )
        )
        self._logins = _Children(
            counter("imps_logins", "Attempts to sign on, by what became of them.", ["code"])
        )
        self.messages_accepted = counter(
            "imps_messages_accepted", "Messages stored, once for each recipient."
        )
        self.messages_acknowledged = counter(
            "imps_messages_acknowledged", "Messages and events that clients said they have."
        )
        self.work_done_late = counter(
            "imps_due_work", "Pieces of work that became due or were left over, and are done."
        )
        self.texts_malformed = counter(
            "imps_sms_malformed", "What a gateway sent that could not be read, or is not for us."
        )
        self._texts_received = _Children(
            counter("imps_sms_received", "Texts from phones, by what became of them.", ["outcome"])
        )
        self._texts_submitted = _Children(
            counter(
                "imps_sms_submitted",
                "Short messages given to a gateway, by what it said.",
                ["outcome"],
            )
        )
        self._texts_reported = _Children(
            counter("imps_sms_reports", "Reports on short messages, by what they say.", ["outcome"])
        )
        self._store_seconds = _Children(
            histogram(
                "imps_store_seconds",
                "Time that the store took for a script, or for a command.",
                ["script"],
                buckets=_STORE_SECONDS,
            )
        )
        self._store_failures = _Children(
            counter("imps_store_failures", "Calls to the store that failed, by why.", ["reason"])
        )
        self.store_up = gauge("imps_store_up", "Whether the store answers.")
        self.store_memory_bytes = gauge("imps_store_memory_bytes", "Memory the store uses.")
        self.store_memory_limit_bytes = gauge(
            "imps_store_memory_limit_bytes", "Memory the store may use; 0 for no limit."
        )

    def http_answered(self, status: int) -> None:
        """An HTTP response was written."""
        self._http_responses[status].inc()

    def http_served(self, seconds: float) -> None:
        """A request was answered by the door in this time."""
        self._http_seconds.observe(seconds)

    def transaction_served(self, name: str, code: int, seconds: float) -> None:
        """A transaction was answered with this status code, in this time."""
        self._transactions[name, code // 100].inc()
        self._transaction_seconds[name].observe(seconds)

    def login_tried(self, code: int) -> None:
        """Somebody tried to sign on."""
        self._logins[int(code)].inc()

    def text_received(self, outcome: str) -> None:
        """A text came from a phone."""
        self._texts_received[outcome].inc()

    def text_submitted(self, outcome: str) -> None:
        """A short message was given to a gateway, which said this."""
        self._texts_submitted[outcome].inc()

    def text_reported(self, outcome: str) -> None:
        """A gateway has reported on a short message."""
        self._texts_reported[outcome].inc()

    def store_called(self, script: str, seconds: float) -> None:
        """The store answered in this time."""
        self._store_seconds[script].observe(seconds)

    def store_failed(self, reason: str) -> None:
        """The store did not do what it was asked; a reason is the name of an exception."""
        self._store_failures[reason].inc()

    def exposition(self) -> bytes:
        """Everything, in the text format of Prometheus."""
        return generate_latest(self.registry)


class _Children(dict[Any, Any]):
    """The children of a metric by their labels, each looked up once."""

    def __init__(self, metric: Any) -> None:
        super().__init__()
        self._metric = metric

    def __missing__(self, labels: Any) -> Any:
        values = labels if isinstance(labels, tuple) else (labels,)
        child = self[labels] = self._metric.labels(*values)
        return child
