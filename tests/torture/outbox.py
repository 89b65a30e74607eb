"""Promise 7: jobs are neither lost nor doubled. Workers deliver over real SMTP and are killed at random, also in the middle of a letter.

Nothing may be lost; a letter may arrive twice only if somebody was killed between the mail server's answer and the note of it. Controls:
without the lease letters arrive twice though nobody dies; noted as sent before they are sent, they are lost.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from sqlalchemy import Engine, func, insert, select

from instruments.database import make_engine
from portal.outbox import OutboxMessage, message_id_of
from portal.schema import upgrade
from tests.fixtures.clusters import start_cluster

ROOT = Path(__file__).parents[2]
HOST = "http://portal.test"
LEASE, START_WITHIN = timedelta(seconds=6), 1.0
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.MULTILINE | re.IGNORECASE)
NOTED = count()
KEPT, WITHOUT_LEASE, NOTED_FIRST = "kept", "without-lease", "noted-first"


@dataclass
class Tally:
    """What came of one run."""

    letters: int
    arrived: list[bytes] = field(default_factory=list)
    deaths: int = 0
    seconds: float = 0.0

    @property
    def lost(self) -> int:
        """Count the letters that never arrived."""
        return self.letters - len(set(self.arrived))

    @property
    def doubled(self) -> int:
        """Count arrivals beyond the first."""
        return len(self.arrived) - len(set(self.arrived))


class Mailbox:
    """A mail server that takes a little while over each letter."""

    def __init__(self) -> None:
        self.arrived: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        found = MESSAGE_ID.search(envelope.content)
        assert found is not None
        self.arrived.append(found.group(1))
        await asyncio.sleep(random.uniform(0, 0.01))
        return "250 taken"


def run(quick: bool) -> None:
    """Hold both databases to the promise, and show that the race is one."""
    letters, workers, kills = (150, 3, 4) if quick else (10_000, 8, 60)
    with tempfile.TemporaryDirectory() as folder, start_cluster(fsync=not quick) as cluster:
        for name, url in (("SQLite", f"sqlite:///{folder}/portal.db"), ("PostgreSQL", cluster.url())):
            engine = make_engine(url)
            upgrade(engine)
            try:
                _hold(name, url, engine, letters=letters, workers=workers, kills=kills, seconds=120 if quick else 1500)
            finally:
                engine.dispose()


def _hold(name: str, url: str, engine: Engine, *, letters: int, workers: int, kills: int, seconds: float) -> None:
    kept = race(url, engine, KEPT, letters=letters, workers=workers, kills=kills, seconds=seconds)
    print(
        f"{name}: {letters} letters, {workers} workers, {kept.deaths} killed: {kept.lost} lost, {kept.doubled} doubled, "
        f"{letters / kept.seconds:.0f} letters/s"
    )
    assert kept.deaths >= kills, f"{name}: only {kept.deaths} of {kills} workers were killed: the race was no race"
    assert kept.lost == 0, f"{name}: {kept.lost} letters were lost"
    assert kept.doubled <= kept.deaths, f"{name}: {kept.doubled} letters arrived twice, with {kept.deaths} deaths"
    doubled = race(url, engine, WITHOUT_LEASE, letters=60, workers=3, kills=0, seconds=60)
    lost = race(url, engine, NOTED_FIRST, letters=40, workers=3, kills=1, seconds=60)
    print(f"{name}, controls: {doubled.doubled} doubled without the lease, {lost.lost} lost when noted first")
    assert doubled.doubled > 0, f"{name}: without the lease letters should arrive twice"
    assert lost.lost > 0, f"{name}: noted before they are sent, letters should get lost"


def race(url: str, engine: Engine, mode: str, *, letters: int, workers: int, kills: int, seconds: float) -> Tally:
    """Have workers deliver, kill some of them, and count what arrived."""
    fill(engine, letters)
    tally, mailbox, seen = Tally(letters), Mailbox(), 0
    began = time.monotonic()
    with _served(mailbox) as port, _staffed(url, port, mode, workers) as staff:
        while (left := waiting(engine)) or tally.deaths < kills:
            assert time.monotonic() - began < seconds, f"{left} letters still wait after {seconds:.0f} s"
            if left == 0:
                fill(engine, more := 50)  # faster than the killer: give it something to interrupt
                tally.letters += more
            time.sleep(random.uniform(0.05, 0.3))
            tally.deaths += staff.replace_the_dead()
            if tally.deaths < kills and len(mailbox.arrived) >= seen + workers:  # whoever dies while starting up interrupts nothing
                staff.kill_one()
                seen = len(mailbox.arrived)
    tally.arrived, tally.seconds = mailbox.arrived, time.monotonic() - began
    return tally


def fill(engine: Engine, letters: int) -> None:
    """Put letters into the outbox."""
    now, stamp = datetime.now(UTC), time.monotonic_ns()
    rows = [
        {
            "key": f"torture/{stamp}/{number}", "kind": "torture", "to_address": f"person{number}@example.org", "language": "en",
            "subject": f"Letter {number}", "body": "Hello.\n", "message_id": message_id_of(f"torture/{stamp}/{number}", HOST),
            "created_at": now, "due_at": now, "ics_method": "", "is_secret": False, "lease_owner": "", "attempts": 0, "last_error": "",
        }
        for number in range(letters)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(OutboxMessage), rows)


def waiting(engine: Engine) -> int:
    """Count the letters not noted as sent."""
    with engine.execution_options(reads_only=True).connect() as connection:
        return connection.scalar(select(func.count()).select_from(OutboxMessage).where(OutboxMessage.sent_at.is_(None))) or 0


class Staff:
    """Worker processes, replaced when they die."""

    def __init__(self, url: str, port: int, mode: str, workers: int) -> None:
        self._place = url, str(port)
        self._mode_of_the_next = KEPT if mode == NOTED_FIRST else mode  # who replaces the dead does not die again
        self._workers = [self._hire(mode) for _ in range(workers)]

    def kill_one(self) -> None:
        """Kill a worker without warning."""
        random.choice(self._workers).kill()

    def replace_the_dead(self) -> int:
        """Start another for each that died, and give how many that were."""
        dead = [worker for worker in self._workers if worker.poll() is not None]
        assert all(worker.returncode == -signal.SIGKILL for worker in dead), f"a worker failed: {[worker.returncode for worker in dead]}"
        self._workers = [worker for worker in self._workers if worker not in dead] + [self._hire(self._mode_of_the_next) for _ in dead]
        return len(dead)

    def dismiss(self) -> None:
        """End them all."""
        for worker in self._workers:
            worker.kill()
            worker.wait()

    def _hire(self, mode: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.torture.outbox", *self._place, mode]
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], cwd=ROOT)


@contextmanager
def _staffed(url: str, port: int, mode: str, workers: int) -> Iterator[Staff]:
    staff = Staff(url, port, mode, workers)
    try:
        yield staff
    finally:
        staff.dismiss()


@contextmanager
def _served(mailbox: Mailbox) -> Iterator[int]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    door = Controller(mailbox, hostname="127.0.0.1", port=port)
    door.start()
    try:
        yield port
    finally:
        door.stop()


def work(url: str, port: str, mode: str) -> None:
    """Deliver for ever, as one worker does; called in a process of its own."""
    from portal import create_app, delivery, outbox
    from portal.config import Settings

    outbox.LEASE = timedelta(0) if mode == WITHOUT_LEASE else LEASE
    delivery.START_WITHIN = START_WITHIN
    if mode == NOTED_FIRST:
        delivery._send = _note_then_send
    app = create_app(Settings(Path(tempfile.gettempdir()), url, "a key for the torture", HOST, mail_url=f"smtp://127.0.0.1:{port}"))
    with app.app_context():
        while True:
            delivery.deliver()
            time.sleep(0.05)


def _note_then_send(post: Any, message: OutboxMessage) -> int:
    """Do it in the wrong order, and die in between, some letters later."""
    from portal import clock, delivery
    from portal.outbox import mark_sent

    delivery._note(lambda session: mark_sent(session, message, now=clock.now()))
    if next(NOTED) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    post.send(delivery._letter(message))
    return 1


if __name__ == "__main__":
    work(*sys.argv[1:])
