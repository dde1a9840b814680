"""How the log is written: as text on a terminal, elsewhere as JSON, an object a line."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any, TextIO

from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
)
from twisted.python.logfile import LogFile

# What twisted.python.log adds to its events, for observers of its own.
_LEGACY = frozenset({"format", "isError", "message", "system", "time", "why"})
_PLAIN = (str, int, type(None))


def as_json_line(event: LogEvent) -> str | None:
    """An event in JSON: time, level, namespace and message, then its fields that are plain values.

    None where there is nothing to tell.
    """
    message, failure = _message(event), event.get("log_failure")
    level = event.get("log_level")
    if not message and failure is None:
        return None
    at = datetime.fromtimestamp(event.get("log_time", 0.0), UTC)
    written: dict[str, Any] = {
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": level.name if level else "info",
        "namespace": event.get("log_namespace", ""),
        "message": message,
    }
    for name, value in event.items():
        if name[:4] != "log_" and name not in _LEGACY and _is_plain(value):
            written.setdefault(name, value)
    if failure is not None:
        written["traceback"] = failure.getTraceback()
    return f"{json.dumps(written)}\n"


def _message(event: LogEvent) -> str:
    """What an event says. There is a record of every message: where nothing is to be filled in,
    formatting would take a fifth of the time for one."""
    said = event.get("log_format")
    if isinstance(said, str) and "{" not in said and "}" not in said:
        return said
    return formatEvent(event)


def _is_plain(value: object) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, _PLAIN)


def json_observer(
    form: str, level: str, twistd: Mapping[str, Any], reactor: Any
) -> ILogObserver | None:
    """What writes the log in JSON where twistd would write text; None where it should do that.

    The form is of the settings, ``text``, ``json``, or ``auto``, as is the level from which on
    events are written.
    """
    if form == "text" or twistd["syslog"]:
        return None
    name = twistd["logfile"] or ("-" if twistd["nodaemon"] else "twistd.log")
    if name == "-" and (not twistd["nodaemon"] or (form == "auto" and sys.stdout.isatty())):
        return None
    file = sys.stdout if name == "-" else _log_file(name, reactor)
    return FilteringLogObserver(
        FileLogObserver(file, as_json_line),
        [LogLevelFilterPredicate(LogLevel.levelWithName(level))],
    )


def _log_file(name: str, reactor: Any) -> TextIO:
    """A file that begins anew when it is large, and when the operator says so, as twistd's does."""
    file: Any = LogFile.fromFullPath(name)
    if not signal.getsignal(signal.SIGUSR1):
        signal.signal(signal.SIGUSR1, lambda *_: reactor.callFromThread(file.rotate))
    opened: TextIO = file
    return opened
