"""The conformance table as a document, in reStructuredText."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import Any

from attrs import define, field

from imps.csp.codec import tokens
from imps.csp.primitives.declaration import ALWAYS, Primitive, declaration_of, declared_types
from imps.model.version import V11, V12, V13, Version
from imps.ssp.messages.declaration import declaration_of as declared
from imps.testing.conformance.features import AREAS, DOCUMENTS, Feature
from imps.testing.conformance.marks import ENCODINGS
from imps.testing.conformance.messages import areas
from imps.testing.conformance.state import Conformance, Standing, State
from imps.testing.conformance.transactions import TRANSACTIONS, Transaction

_INTRODUCTION = """\
What of OMA IMPS this server does, in which version and encoding, and which tests show it. This
document is made by ``python -m imps.testing.conformance`` from the declarations of the primitives,
the transactions that a server registers, and marks on the tests. Nobody writes a state by hand, and
a test holds this document against what the command makes.
"""

_ABSENT = "n/a"

_STATES = {
    "done": "registered, and shown by the tests named",
    "partly": "of a feature: some of it is done; what is missing stands beside it",
    "not shown": "registered, but no test shows it in this version and encoding",
    "not yet": "declared, read and written, but not served: answered 501, or never sent",
    "not done": "decided against, for the reason given",
    _ABSENT: "the version has no such primitive",
}

_TRANSACTIONS = """\
What clients ask (→) and what the server does (←). Where several primitives answer, the version or
the outcome tells which; what fails may be answered by a Status in any case.
"""

_FEATURES = """\
What the features documents of the standard name, in our words, and the sections that speak of it.
A feature is done when the transactions that it needs are, in all their versions and encodings, and
what it is beyond them is shown.
"""

_BETWEEN = """\
What servers of two domains say to each other (SSP): requests, and the steps by which a session is
set up. Either side may say them. Versions differ in namespaces and in presence attributes, and have
the same messages. What is not declared (common features, contact lists, groups, service agreements
and profiles) is answered 405, what is declared and not served 501.
"""

_VOCABULARY = """\
How much there is to say, counted from the declarations. A primitive is what a TransactionContent
can hold. A structure is any other element that has children: the message around primitives, what
they are made of, the tree of services, the presence attributes, and the documents of version
discovery, which stand outside any message. Elements are all names that are written, of primitives,
structures and what is in them. Tokens are those of WBXML, for tags and for words: values that are
sent as one token. Some tags and words have a token that nothing declared uses, or two tokens.
"""


def document(conformance: Conformance) -> str:
    """The whole document."""
    tests = _Tests()
    parts = [
        _titled("Conformance", "=", _INTRODUCTION),
        _table(("state", "meaning"), _STATES.items()),
        _summary(conformance),
        _titled("Transactions", "-", _TRANSACTIONS),
        *_transactions(conformance, tests),
        _titled("Features", "-", _FEATURES),
        _table(("column", "document"), DOCUMENTS.items()),
        *_features(conformance, tests),
        _titled("Messages between servers", "-", _BETWEEN),
        *_messages(conformance, tests),
        _titled("Vocabulary", "-", _VOCABULARY),
        _vocabulary(),
        _newcomers(),
        _titled("Tests", "-", tests.listed()),
    ]
    return "\n".join(parts)


@define
class _Tests:
    """The numbers by which the tables name tests: in the order in which they are first named."""

    _numbers: dict[str, int] = field(factory=dict)

    def named(self, tests: Iterable[str]) -> str:
        """References to tests."""
        numbers = [self._numbers.setdefault(test, len(self._numbers) + 1) for test in tests]
        return " ".join(f"[{number}]_" for number in sorted(numbers))

    def listed(self) -> str:
        """The tests, as footnotes."""
        return "".join(f".. [{number}] ``{test}``\n" for test, number in self._numbers.items())


def _summary(conformance: Conformance) -> str:
    transactions = [
        standing.state
        for area in TRANSACTIONS.values()
        for transaction in area
        for version in ALWAYS
        for encoding in ENCODINGS
        if (standing := conformance.of_transaction(transaction, version, encoding))
    ]
    features = [conformance.of_feature(each).state for area in AREAS.values() for each in area]
    counts = [
        (state.value, str(transactions.count(state)), str(features.count(state))) for state in State
    ]
    headings = ("how many", "transactions, each version and encoding counted", "features")
    return _table(headings, [*counts, ("all", str(len(transactions)), str(len(features)))])


def _transactions(conformance: Conformance, tests: _Tests) -> Iterable[str]:
    columns = [(version, encoding) for version in ALWAYS for encoding in ENCODINGS]
    named = [f"{version} {encoding.upper()}" for version, encoding in columns]

    def row(transaction: Transaction) -> list[str]:
        standings = [conformance.of_transaction(transaction, *column) for column in columns]
        return [
            _asked(transaction),
            ", ".join(declaration_of(each).name for each in transaction.answers),
            *(_cell(standing, tests) for standing in standings),
        ]

    for area, transactions in TRANSACTIONS.items():
        rows = [row(transaction) for transaction in transactions]
        text = _table(("request", "answer", *named), rows, wide=(0, 36, *[13] * 6))
        for transaction in transactions:
            if transaction.reason:
                text += f"\nNot done: {_asked(transaction)}, as {transaction.reason}.\n"
        yield _titled(area, "~", text)


def _asked(transaction: Transaction) -> str:
    arrow = "←" if transaction.from_server else "→"
    return f"{arrow} {declaration_of(transaction.request).name}"


def _cell(standing: Standing | None, tests: _Tests) -> str:
    if standing is None:
        return _ABSENT
    return f"{standing.state.value} {tests.named(standing.tests)}".strip()


def _features(conformance: Conformance, tests: _Tests) -> Iterable[str]:
    headings = ("feature", *DOCUMENTS, "state", "missing, or why not", "shown by")

    def row(feature: Feature) -> list[str]:
        standing = conformance.of_feature(feature)
        sections = [" ".join(numbers) for numbers in feature.sections.values()]
        state = standing.state.value
        return [feature.title, *sections, state, standing.why, tests.named(standing.tests)]

    for area, features in AREAS.items():
        table = _table(headings, map(row, features), wide=(0, 9, 9, 9, 9, 8, 40, 30))
        yield _titled(area, "~", table)


def _messages(conformance: Conformance, tests: _Tests) -> Iterable[str]:
    for area, messages in areas().items():
        rows = [
            (
                declared(message).name,
                *(_cell(conformance.of_message(message, version), tests) for version in ALWAYS),
            )
            for message in messages
        ]
        table = _table(("message", *map(str, ALWAYS)), rows, wide=(0, 20, 20, 20))
        yield _titled(area, "~", table)


def _said() -> dict[str, Mapping[Version, set[Any]]]:
    """What can be said in each version, by kind."""
    kinds: dict[str, dict[Version, set[Any]]] = {}
    for version in ALWAYS:
        declarations = [
            declaration
            for declared in declared_types()
            if version in (declaration := declaration_of(declared)).versions
        ]
        primitives = {each.name for each in declarations if issubclass(each.type, Primitive)}
        children = {name for each in declarations for name in each.names_in(version)}
        names = {each.name for each in declarations}
        said: dict[str, set[Any]] = {
            "primitives": primitives,
            "structures": names - primitives,
            "elements": names | children,
            "tokens of tags": set(tokens.TAGS[version].items()),
            "tokens of words": set(tokens.WORDS[version].items()),
        }
        for kind, of_kind in said.items():
            kinds.setdefault(kind, {})[version] = of_kind
    return {**kinds}


def _vocabulary() -> str:
    rows = [
        (
            kind,
            *(str(len(said[version])) for version in ALWAYS),
            str(len(set().union(*said.values()))),
        )
        for kind, said in _said().items()
    ]
    return _table(("kind", "1.1", "1.2", "1.3", "all"), rows)


def _newcomers() -> str:
    primitives = _said()["primitives"]
    rows = [
        ("new in 1.2", primitives[V12] - primitives[V11]),
        ("new in 1.3", primitives[V13] - primitives[V12]),
        ("gone in 1.3", primitives[V12] - primitives[V13]),
    ]
    return _table(
        ("when", "primitives"),
        [(when, ", ".join(sorted(which))) for when, which in rows],
        wide=(0, 80),
    )


def _titled(title: str, line: str, text: str) -> str:
    return f"{title}\n{line * len(title)}\n\n{text}"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], wide: Sequence[int] = ()) -> str:
    """A simple table. Cells are as wide as they need to be, or broken where they are too wide."""
    broken = [_broken(row, wide) for row in (headings, *rows)]
    lines = [line for row in broken for line in row]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    border = "  ".join("=" * width for width in widths)

    def written(row: list[tuple[str, ...]]) -> list[str]:
        return [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in row
        ]

    body = [line for row in broken[1:] for line in written(row)]
    return "\n".join([border, *written(broken[0]), border, *body, border]) + "\n"


def _broken(row: Sequence[str], wide: Sequence[int]) -> list[tuple[str, ...]]:
    """The lines of a row. The first cell stays whole: a line without it goes on with the row."""
    widths = [*wide, *[0] * (len(row) - len(wide))]
    cells = [
        wrap(cell, width, break_long_words=False, break_on_hyphens=False) if width else [cell]
        for cell, width in zip(row, widths, strict=True)
    ]
    return list(zip_longest(*cells, fillvalue=""))
