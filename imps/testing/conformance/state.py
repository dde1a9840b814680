"""The states of transactions and features: computed, never written by hand."""

from __future__ import annotations

import enum
from typing import Any

from attrs import fields, frozen

from imps.config import Settings
from imps.csp.primitives.declaration import declaration_of
from imps.model.version import Version
from imps.parts import Parts
from imps.ssp.served import Served
from imps.ssp.services import LocalServices
from imps.store.keys import Buckets
from imps.store.opening import Store
from imps.testing.conformance.features import Feature
from imps.testing.conformance.marks import ENCODINGS, Encoding, Marks
from imps.testing.conformance.messages import OF_SESSIONS
from imps.testing.conformance.transactions import TRANSACTIONS, Transaction


class State(enum.Enum):
    """How far something has come."""

    DONE = "done"
    PARTLY = "partly"
    NOT_SHOWN = "not shown"
    NOT_YET = "not yet"
    NOT_DONE = "not done"


@frozen
class Standing:
    """The state of something, what is missing or why it is not done, and the tests that show it."""

    state: State
    why: str = ""
    tests: tuple[str, ...] = ()


@frozen
class Conformance:
    """What is done: registered, and shown by a test."""

    served: frozenset[type]
    sent: frozenset[type]
    marks: Marks
    between: frozenset[type] = frozenset()

    @classmethod
    def of_this_server(cls) -> Conformance:
        """What the server registers, asked of a door with nothing behind it; and all marks."""
        nothing: Any = None
        store = Store(nothing, Buckets(), nothing, ("localhost",), nothing)
        transactions = Parts(Settings.read(None, {}), store, nothing).door.transactions
        served = Served()
        LocalServices(*(nothing for _ in fields(LocalServices))).register(served)
        between = served.requests | frozenset(OF_SESSIONS)
        return cls(transactions.served, transactions.sent, Marks.collected(), between)

    def is_registered(self, transaction: Transaction) -> bool:
        """Whether a transaction is served or sent, as it should be."""
        return transaction.request in (self.sent if transaction.from_server else self.served)

    def of_transaction(
        self, transaction: Transaction, version: Version, encoding: Encoding
    ) -> Standing | None:
        """How a transaction stands in a version and an encoding; None where that has none."""
        if version not in declaration_of(transaction.request).versions:
            return None
        if transaction.reason:
            return Standing(State.NOT_DONE, transaction.reason)
        if not self.is_registered(transaction):
            return Standing(State.NOT_YET)
        tests = self.marks.cells.get((transaction.request, version, encoding), ())
        return Standing(State.DONE if tests else State.NOT_SHOWN, tests=tests)

    def of_message(self, message: type, version: Version) -> Standing:
        """How a message between servers stands in a version; there are all in every version."""
        if message not in self.between:
            return Standing(State.NOT_YET)
        tests = self.marks.messages.get((message, version), ())
        return Standing(State.DONE if tests else State.NOT_SHOWN, tests=tests)

    def of_feature(self, feature: Feature) -> Standing:
        """How a feature stands: done when all that it needs is, and all its parts are shown."""
        if feature.reason:
            return Standing(State.NOT_DONE, feature.reason)
        parts = feature.parts if feature.parts or feature.needs else ("",)
        shown = {part: self.marks.parts.get((feature.title, part), ()) for part in parts}
        needed = [self._of_request(request) for request in feature.needs]
        missing = [each.why for each in needed if each.state is not State.DONE]
        missing += [part for part, tests in shown.items() if not tests and part]
        begun = [*shown.values(), *(each.tests for each in needed)]
        tests = tuple(sorted({test for of_part in begun for test in of_part}))
        if not tests:
            return Standing(State.NOT_YET)
        return Standing(State.PARTLY if missing else State.DONE, ", ".join(missing), tests)

    def _of_request(self, request: type) -> Standing:
        """How all transactions with a request stand together, in all versions and encodings."""
        declaration = declaration_of(request)
        standings = [
            standing
            for area in TRANSACTIONS.values()
            for transaction in area
            if transaction.request is request
            for version in declaration.versions
            for encoding in ENCODINGS
            if (standing := self.of_transaction(transaction, version, encoding))
        ]
        done = all(each.state is State.DONE for each in standings)
        tests = tuple(sorted({test for each in standings for test in each.tests}))
        return Standing(State.DONE if done else State.NOT_YET, declaration.name, tests)
