"""Servers that run beside a test, and end with it."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path
from random import SystemRandom
from socket import socket

from imps.testing.programs import lacking, required_program

# Linux gives out those from 32768 on.
PORTS = (15_000, 32_000)

# The shell lives as long as this process holds the other end of its input, and takes the server
# with it: even when the run is killed, nothing stays behind.
_UNTIL_WE_ARE_GONE = '"$@" & server=$!; read -r _; kill -9 $server; wait $server; rm -rf "$0"'


def run_server(directory: Path, *command: str) -> subprocess.Popen[bytes]:
    """Run a server until ``kill_server`` or the end of this process; its directory goes with it."""
    return subprocess.Popen(
        ["/bin/sh", "-c", _UNTIL_WE_ARE_GONE, str(directory), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_server(server: subprocess.Popen[bytes]) -> None:
    """Kill a server, as kill -9 does, and wait until it is gone; may be repeated."""
    assert server.stdin is not None
    server.stdin.close()
    server.wait()


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface on which nobody listens, and which the system gives to nobody
    who asks for any: another test may do so before whoever these are for listens there."""
    with ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < count:
            port = SystemRandom().randrange(*PORTS)
            with suppress(OSError):
                stack.enter_context(socket()).bind(("127.0.0.1", port))
                ports.append(port)
        return ports


def required_tls_server() -> str:
    """A store server that speaks TLS, which not every build does; else as ``required_program``."""
    program = required_program("redis-server")
    started = [program, "--port", "0", "--tls-port", "1"]
    said = subprocess.run(started, capture_output=True).stdout
    # What it lacks is the certificate, unless it lacks TLS.
    if b"No tls-cert-file configured" not in said:
        lacking("redis-server", f"{program} has no TLS")
    return program
