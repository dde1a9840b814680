"""What a text of a user's is, with what has to be looked up before the grammar can tell."""

from __future__ import annotations

from imps.clp.catalogues import Catalogues
from imps.clp.changes import numbered
from imps.clp.commands import OPT_IN, OPT_OUT
from imps.clp.grammar import Reading, first_word, names_in, read
from imps.clp.state import State
from imps.clp.turn import Turn
from imps.model.address import Address
from imps.model.text import IncomingText

DOUBLE_SECONDS = 10


async def reading_of(turn: Turn, body: str) -> Reading:
    """What a text means, by whom its user knows."""
    await turn.read_contacts()
    turn.change(numbered((each.address for each in turn.people), turn.now))
    arrival = turn.state.arrival
    is_own = arrival is not None and arrival.is_open and not body.startswith("/")
    users = {} if is_own else await _users_named(turn, body)
    return read(body, turn.known(users), turn.vocabulary)


async def _users_named(turn: Turn, body: str) -> dict[str, Address]:
    users = {}
    for name in names_in(body):
        account = await turn.services.directory.find(Address(name, None, turn.user.domain))
        if account is not None:
            users[name] = account.address
    return users


def is_ignored(state: State, text: IncomingText, print: str, now: float) -> bool:
    """Whether a text is our own that somebody sends back, or was doubled on its way."""
    if print in state.echoes:
        return True
    last = state.arrival
    return (
        last is not None
        and last.id != text.id
        and (last.print, last.number) == (print, text.number)
        and text.sent_at is not None
        and last.sent_at == text.sent_at
        and now - last.at < DOUBLE_SECONDS
    )


def is_about_texts(body: str, catalogues: Catalogues) -> bool:
    """Whether a text, in its normal form, says that its phone wants no more texts, or texts again:
    that is heard in any case."""
    keyword = catalogues.vocabulary(catalogues.default).keywords.get(body.casefold())
    return keyword is not None and keyword.command in (OPT_IN, OPT_OUT)


def without_secret(body: str, catalogues: Catalogues) -> str:
    """A text as far as it may be kept, also in a form from which it could be guessed."""
    word = first_word(body)
    keywords = (catalogues.vocabulary(code).keywords.get(word) for code in catalogues.of)
    is_secret = any(each and each.command.id in ("pin", "link") for each in keywords)
    return word if is_secret or word == "login" else body
