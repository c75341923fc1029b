"""The product in a process of its own, which a test may kill and start again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)
PATIENCE = 60  # seconds until a server that does not answer fails the test


@dataclass
class Server:
    """One gunicorn on a port of this machine, over the database of the test."""

    port: int
    threads: int = 4
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return once it answers."""
        command = [sys.executable, "-m", "gunicorn", "clinic.wsgi"]
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database_url(),
            "ALLOWED_HOSTS": "127.0.0.1",
        }
        self.process = subprocess.Popen(
            [
                *(*command, "--threads", str(self.threads)),
                *("--bind", f"127.0.0.1:{self.port}", "--log-level", "error"),
            ],
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                with urlopen(f"{self.url}/healthz", timeout=5):  # noqa: S310  our own address
                    return
            except (URLError, OSError):
                time.sleep(0.2)
        raise AssertionError("The server does not answer.")

    def kill(self) -> None:
        """End it and its workers at once, as a power cut would: nothing is finished."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)
            self.process = None


def database_url() -> str:
    """Return the address of the database that this test runs on."""
    of = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{of['NAME']}"
    return f"postgres://{of['USER']}:{of['PASSWORD']}@{of['HOST']}:{of['PORT']}/{of['NAME']}"


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@contextmanager
def served(threads: int = 4) -> Iterator[Server]:
    """Serve the test's database until the end of the block."""
    server = Server(free_port(), threads)
    try:
        server.start()
        yield server
    finally:
        server.kill()
