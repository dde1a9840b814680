"""``imps upgrade``: a store that an older program has made becomes one of this program."""

from __future__ import annotations

from typing import Any

from imps.commands.opening import add_store_options, operate
from imps.config import Settings


def add_upgrade_command(commands: Any) -> None:
    """Add ``imps upgrade``."""
    text = "bring the store up to the format of this program"
    parser = commands.add_parser("upgrade", help=text, description=text)
    add_store_options(parser)
    parser.set_defaults(run=lambda options: operate(options, _upgrade))


async def _upgrade(settings: Settings, reactor: Any) -> None:
    from imps.store.format import NUMBER
    from imps.store.migrations import upgrade
    from imps.store.opening import reach_store

    reached = await reach_store(settings, reactor, for_service=False)
    try:
        before = await upgrade(reached.client)
    finally:
        await reached.close()
    if before is None:
        print("the store is new: there is nothing to do")
    elif before == NUMBER:
        print(f"the store has format {NUMBER}: there is nothing to do")
    else:
        print(f"the store had format {before}, and has format {NUMBER} now")
