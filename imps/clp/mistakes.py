"""What is said to who writes what cannot be done, and less and less of it to who goes on."""

from __future__ import annotations

from imps.clp.grammar import Mistaken, Reading, Said
from imps.clp.references import MOST_RECIPIENTS
from imps.clp.telling import numbered_name
from imps.clp.turn import Turn
from imps.clp.vocabulary import nearest

SILENT_SECONDS = 600
MOST_MISTAKES = 3


def say_mistake(turn: Turn, mistake: Mistaken) -> None:
    """Say what is wrong with a text, and what may have been meant."""
    error, values = mistake.error, mistake.values
    if error == "E12":
        turn.is_mistaken = True
        turn.say_list("E12", [numbered_name(each) for each in mistake.among], " ")
    elif error == "E02":
        assert mistake.command is not None
        turn.mistaken("usage", usage=turn.catalogue.usage(mistake.command, values["word"]))
    elif error == "E01" and (near := nearest(values["word"], turn.vocabulary)):
        turn.mistaken("E01_near", list=" / ".join(near), word=values["word"])
    else:
        turn.mistaken(error, n=MOST_RECIPIENTS, **values)


def is_wrong(turn: Turn, reading: Reading) -> bool:
    """Whether what was written is nothing that could be done, however things are."""
    if isinstance(reading, Mistaken):
        return reading.error in ("E01", "E02")
    return isinstance(reading, Said) and turn.is_mistaken and not turn.state.target


def count_mistakes(turn: Turn, *, is_wrong: bool) -> None:
    """Say less and less to whoever goes on writing what means nothing: it may be a machine."""
    if not is_wrong:
        if turn.state.mistakes:
            turn.note(mistakes=0)
        return
    if turn.now < turn.state.silent_until:
        turn.unsay()
    elif turn.state.mistakes + 1 >= MOST_MISTAKES:
        turn.replies[:] = [turn.catalogue.help("", turn.vocabulary)]
        turn.note(mistakes=0, silent_until=turn.now + SILENT_SECONDS)
    else:
        turn.note(mistakes=turn.state.mistakes + 1)


def warn(turn: Turn) -> None:
    """Say once in a while that it is too much."""
    if turn.now - turn.state.warned_at > SILENT_SECONDS:
        turn.note(warned_at=turn.now)
        turn.say("too_fast")
