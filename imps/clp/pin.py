"""The PIN: whoever gives it shows that a text comes from the phone's owner, where the network does
not vouch for numbers."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from attrs import evolve

from imps.clp.changes import CONFIRM_SECONDS, answered
from imps.clp.references import Argument
from imps.clp.state import Pin
from imps.clp.turn import Turn

SIGNING_ON_SECONDS = 12 * 3600
"""For how long a PIN that was given lets its user sign on."""
DELETING_SECONDS = CONFIRM_SECONDS
"""For how long it lets the user do what cannot be undone."""
MOST_FAILURES = 5
DAY_SECONDS = 86_400


class PinWanted(Exception):
    """What a text asks for is done once the PIN is given."""


def check(turn: Turn, seconds: float) -> None:
    """Raises PinWanted unless the user has given the PIN in so many seconds, or has none."""
    pin = turn.state.pin
    if turn.wants_pin and pin is not None and turn.now - pin.given_at >= seconds:
        raise PinWanted


async def ask(turn: Turn) -> None:
    """Ask for the PIN, and keep the text for which it is wanted for a while."""
    if _is_locked(turn):
        turn.say("pin_locked")
        return
    await turn.ask("pin", turn.partner, turn.body, seconds=CONFIRM_SECONDS)
    turn.say("pin_ask")


async def give(
    turn: Turn,
    arguments: dict[str, Argument],
    carry_out: Callable[[Turn], Awaitable[None]],
) -> None:
    """Set the PIN, change it, or give it: then what it was wanted for last is carried out."""
    given, new, pin = str(arguments["pin"]), arguments.get("newpin"), turn.state.pin
    if not turn.services.terms.wants_pin:
        turn.mistaken("E24", word="PIN")
        return
    if pin is None:
        _set(turn, given)
        return
    if _is_locked(turn):
        return
    known = turn.services.secrets.decrypt(pin.secret.encode())
    if not hmac.compare_digest(known, given):
        _fail(turn, pin)
        return
    turn.note(pin=evolve(pin, given_at=turn.now, failures=0))
    wanted = [each for each in turn.state.prompts_at(turn.now) if each.kind == "pin"]
    turn.change(*(answered(each.number) for each in wanted))
    if new is not None:
        _set(turn, str(new))
    elif wanted:
        turn.body, turn.partner = wanted[-1].text, wanted[-1].about
        await carry_out(turn)
    else:
        turn.say("pin_right")


def _set(turn: Turn, digits: str) -> None:
    secret = turn.services.secrets.encrypt(digits).decode()
    turn.note(pin=Pin(secret=secret, given_at=turn.now))
    turn.say("pin_set")


def _fail(turn: Turn, pin: Pin) -> None:
    failures = pin.failures if turn.now - pin.failed_at < DAY_SECONDS else 0
    failed_at = pin.failed_at if failures else turn.now
    turn.note(pin=evolve(pin, failures=failures + 1, failed_at=failed_at))
    turn.say("pin_wrong", n=MOST_FAILURES - failures - 1)


def _is_locked(turn: Turn) -> bool:
    pin = turn.state.pin
    return (
        pin is not None and pin.failures >= MOST_FAILURES and turn.now - pin.failed_at < DAY_SECONDS
    )
