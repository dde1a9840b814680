"""Hypothesis strategies for messages of SSP, derived from the declarations alone."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from imps.model.presence import Attribute, PresenceValue, Published
from imps.model.version import V11, V13, Version
from imps.ssp.messages.declaration import Kind, Octets, Part, declaration_of
from imps.ssp.messages.envelope import (
    SETUP_MESSAGES,
    InSession,
    Mode,
    SetupTransaction,
    SSPMessage,
    Transaction,
)
from imps.syntax.texts import LARGEST_INTEGER
from imps.testing.strategies import CHARACTERS, addresses

_TEXTS = st.text(CHARACTERS["xml"], max_size=12)
_NAMES = st.from_regex(r"[A-Z][a-z_]{0,6}", fullmatch=True).filter(
    lambda name: name not in ("Qualifier", "ClientID", "Altitude", "Accuracy", "Cpriority")
)
_IDS = st.text(CHARACTERS["xml"], min_size=1, max_size=12).map(str.strip).filter(bool)


def messages(declared: type, version: Version) -> SearchStrategy[SSPMessage]:
    """Whole messages that hold one of this type."""
    modes, inner = st.sampled_from(Mode), structures(declared, version)
    if declared in SETUP_MESSAGES:
        setup = st.builds(SetupTransaction, mode=modes, transaction_id=_IDS, message=inner)
        return st.builds(SSPMessage, setup, st.just(version))
    transactions = st.builds(Transaction, mode=modes, transaction_id=_IDS, message=inner)
    several = st.lists(transactions, min_size=1, max_size=3).map(tuple)
    session = st.builds(InSession, session_id=_IDS, transactions=several)
    return st.builds(SSPMessage, session, st.just(version))


@cache
def structures(declared: type, version: Version) -> SearchStrategy[Any]:
    """Values of one declared class, as they come out of a document of a version."""
    declaration = declaration_of(declared)

    @st.composite
    def draw_structure(draw: DrawFn) -> Any:
        chosen = draw(st.sampled_from(declaration.one_of)) if declaration.one_of else None
        values: dict[str, Any] = {}
        for part in declaration.parts:
            attribute = part.attribute
            if attribute in declaration.one_of and attribute != chosen:
                continue
            strategy = _values(part, version)
            if part.many:
                values[attribute] = tuple(draw(st.lists(strategy, max_size=2)))
            elif part.needed or attribute == chosen or draw(st.booleans()):
                values[attribute] = draw(strategy)
        return declared(**values)

    return draw_structure()


def _values(part: Part, version: Version) -> SearchStrategy[Any]:
    match part.kind:
        case Kind.STRING:
            exact = getattr(part.marker, "exact", False)
            texts = _TEXTS if exact else _TEXTS.map(str.strip)
            # The text of an element is there or not; there is no empty one.
            return texts if part.name or part.needed else texts.filter(bool)
        case Kind.INTEGER:
            return st.integers(0, LARGEST_INTEGER)
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.DATE:
            moments = st.datetimes(datetime(1970, 1, 1), datetime(4095, 12, 31))
            return moments.map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC))
        case Kind.ADDRESS:
            return addresses()
        case Kind.OCTETS:
            assert isinstance(part.marker, Octets)
            printable = st.text("0123456789abcdef", min_size=1, max_size=32).map(str.encode)
            return st.binary(max_size=24) if part.marker.encoded else printable
        case Kind.STRUCTURE:
            return structures(part.type, version)
        case Kind.PRESENCE_NAMES:
            return st.frozensets(st.sampled_from(_attributes_in(version)))
        case Kind.PRESENCE_VALUES:
            return _published(version)


def _attributes_in(version: Version) -> list[Attribute]:
    return [each for each in Attribute if version > V11 or each is not Attribute.INFO_LINK]


@st.composite
def _published(draw: DrawFn, version: Version) -> tuple[Published, ...]:
    """Values in the order of the attributes, each once; in 1.3 those of clients for each client."""
    attributes = draw(st.frozensets(st.sampled_from(_attributes_in(version)), max_size=4))
    told = []
    for attribute in (each for each in Attribute if each in attributes):
        clients: list[str | None] = [None]
        if version is V13 and attribute.is_of_client:
            clients = draw(st.sampled_from([[None], ["\n+1\n"], [None, "im.a\n\n", "im.b\n+2\n"]]))
        told += [Published(attribute, draw(_presence_value(attribute)), each) for each in clients]
    return tuple(told)


def _presence_value(attribute: Attribute) -> SearchStrategy[PresenceValue]:
    if attribute in (Attribute.ONLINE_STATUS, Attribute.REGISTRATION):
        parts: SearchStrategy[Any] = st.tuples(st.just("PresenceValue"), st.booleans())
    else:
        inner = st.lists(st.tuples(_NAMES, _TEXTS), min_size=1, max_size=2).map(tuple)
        numbers = st.tuples(st.just("Accuracy"), st.integers(0, LARGEST_INTEGER))
        parts = st.one_of(st.tuples(_NAMES, _TEXTS | inner), numbers)
    content = st.lists(parts, max_size=2).map(tuple)
    valid = st.builds(PresenceValue, st.just(True), content)
    return valid | st.just(PresenceValue(is_valid=False))
