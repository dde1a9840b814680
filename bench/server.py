"""The server that is measured: processes of its own, in a directory that goes with them."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from attrs import define, field

import imps
from bench.cores import Cores

LOOK_SECONDS = 0.02
START_SECONDS = 60
STOP_SECONDS = 15
PASSWORD = "correct horse"
LOCALHOST = "localhost"

# Everybody comes from one address here.
_SETTINGS = """
[http]
connections_per_source = 100000
requests_per_source = 100000
[cir]
connections_per_source = 100000
"""

Place = tuple[str, int]


class ServerFailed(Exception):
    """The server did not start, or is gone; the text says what it said last."""


def user(number: int, domain: str = LOCALHOST) -> str:
    """The address of one of the users that are imported."""
    return f"wv:user{number}@{domain}"


@define(eq=False)
class Server:
    """A service with its embedded store; ``csp`` and ``cir`` are where it listens, and ``ssp``
    where partners find it, if anywhere."""

    _directory: Path
    _cores: Cores
    _settings: str
    domain: str = LOCALHOST
    ssp: Place | None = None
    csp: Place = ("", 0)
    cir: Place = ("", 0)
    _service: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def processes(self) -> Mapping[str, int]:
        """The ids of its processes, by name."""
        assert self._service is not None
        return {"service": self._service.pid, "store": self._store}

    @property
    def _store(self) -> int:
        return int((self._directory / "data" / "store.pid").read_text())

    def import_users(self, count: int) -> None:
        """Make so many accounts; before it is started."""
        rows = (f"{user(number, self.domain)},{PASSWORD}\n" for number in range(count))
        file = self._directory / "users.csv"
        file.write_text("address,password\n" + "".join(rows))
        command = [*_program("imps"), "user", "import", str(file), "--data", self._data]
        command += ["--config", self._configured()]
        with self._cores.of_server():
            subprocess.run(command, env=_environment(), check=True, stdout=subprocess.DEVNULL)

    async def start(self) -> None:
        """Start it, on the ports that it had if it ran before; done when it serves."""
        log = self._directory / "log"
        begun_at = log.stat().st_size if log.exists() else 0
        command = [*_program("twistd"), "-n", "--pidfile=", "imps", "--data", self._data]
        command += ["--config", self._configured(), "--csp", _endpoint(self.csp)]
        command += ["--cir", _endpoint(self.cir)]
        if self.ssp is not None:
            command += ["--ssp", _endpoint(self.ssp)]
        with self._cores.of_server(), log.open("ab") as output:
            self._service = subprocess.Popen(
                command, env=_environment(), cwd=self._directory, stdout=output, stderr=output
            )
        for _ in range(int(START_SECONDS / LOOK_SECONDS)):
            said = log.read_bytes()[begun_at:].decode(errors="replace")
            if "imps is ready" in said:
                break
            if self._service.poll() is not None:
                raise ServerFailed(said[-2000:])
            await asyncio.sleep(LOOK_SECONDS)
        else:
            raise ServerFailed(f"not ready in {START_SECONDS} seconds: {said[-2000:]}")
        self.csp = _place("CSP", said)
        self.cir = _place("CIR", said)

    def kill(self, *names: str) -> None:
        """Kill these processes, or the service and its store (kill -9)."""
        for name, process_id in self.processes.items():
            if name in names or not names:
                with suppress(ProcessLookupError):
                    os.kill(process_id, signal.SIGKILL)
        assert self._service is not None
        if "service" in names or not names:
            self._service.wait()

    def stop(self) -> None:
        """Stop it in good order; kill it if it does not."""
        if self._service is None or self._service.poll() is not None:
            return
        self._service.terminate()
        try:
            self._service.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def _configured(self) -> str:
        """The file with the settings."""
        file = self._directory / "imps.toml"
        file.write_text(f'domain = ["{self.domain}"]\n{self._settings}')
        return str(file)

    @property
    def _data(self) -> str:
        return str(self._directory / "data")


@asynccontextmanager
async def server(
    cores: Cores,
    users: int,
    settings: str = "",
    domain: str = LOCALHOST,
    ssp: Place | None = None,
) -> AsyncIterator[Server]:
    """A server with so many users, that is gone afterwards, with all that it has kept."""
    directory = Path(tempfile.mkdtemp(prefix="imps-bench-"))
    made = Server(directory, cores, _SETTINGS + settings, domain, ssp)
    try:
        made.import_users(users)
        await made.start()
        yield made
    finally:
        try:
            made.stop()
        finally:
            shutil.rmtree(directory)


def _program(name: str) -> list[str]:
    """A command that stands beside the Python that runs this, run by that."""
    return [sys.executable, str(Path(sys.executable).with_name(name))]


def _environment() -> dict[str, str]:
    """Ours, with the imps that is measured in front of any other."""
    path = os.environ.get("PYTHONPATH", "")
    home = str(Path(imps.__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{path}" if path else home}


def _endpoint(place: Place) -> str:
    return f"tcp:{place[1]}:interface=127.0.0.1:backlog=4096"


def _place(door: str, said: str) -> Place:
    found = re.search(rf"{door} on ([\d.]+):(\d+)", said)
    if found is None:
        raise ServerFailed(f"it does not say where {door} is: {said[-2000:]}")
    return found[1], int(found[2])
