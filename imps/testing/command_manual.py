"""The manual of the commands that phones text, made of their table: docs/clp.rst holds it.

``python -m imps.testing.command_manual`` writes it to stdout.
"""

from __future__ import annotations

from collections.abc import Iterator

from imps.clp.catalogue import Catalogue
from imps.clp.catalogues import Catalogues
from imps.clp.commands import TABLE, Command

BEGIN = ".. made of the table of commands: python -m imps.testing.command_manual"
END = ".. end of what is made of the table"

_TITLES = {
    "access": "Signing on, and how you want it",
    "presence": "Presence",
    "contacts": "Friends",
    "messages": "Messages",
    "groups": "Groups",
    "whom": "Whom you hear from, and finding people",
}
_HEADS = ("Text", "Or", "What it does", "As in CSP", "Taken as a command", "Example")


def manual() -> str:
    """All commands, a table for each matter."""
    return "\n".join([BEGIN, "", *_tables(Catalogues.load().get("en")), END])


def _tables(catalogue: Catalogue) -> Iterator[str]:
    for matter, commands in TABLE:
        title = _TITLES[matter]
        yield title
        yield "~" * len(title)
        yield ""
        rows = [_HEADS, *(_row(catalogue, command) for command in commands)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADS))]
        rule = "  ".join("=" * width for width in widths)
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        yield from (rule, lines[0], rule, *lines[1:], rule, "")


def _row(catalogue: Catalogue, command: Command) -> tuple[str, ...]:
    others = (*command.words[1:], *command.short, *command.casual)
    operation = command.operation if command.is_served else "not offered yet"
    return (
        f"``{catalogue.usage(command)}``",
        " ".join(others) or "-",
        catalogue.purpose(command).rstrip("."),
        "-" if operation == "none" else operation,
        command.shape.value,
        f"``{command.example}``",
    )


if __name__ == "__main__":
    print(manual())
