"""Gateways lose nothing: 200 of them report while the web server is killed (kill -9); every batch that was answered is there once, no other."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from instruments.people import Organisation
from scheduling.gateways import Device, Gateway
from scheduling.readings import Reading, ReadingBatch
from tests.fixtures.clusters import start_cluster
from tests.fixtures.served import ServedPortal, serve_portal
from tests.torture._arena import BACKENDS

GATEWAYS, CLIENTS = 200, 8
SECRET = "the key of the trial, of no use elsewhere"
LONG_AGO = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=300)
Known = tuple[int, str, datetime, int]  # gateway, channel, when, milliwatts


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it goes over the wire, and what it says."""

    gateway: int
    name: str
    body: bytes
    says: frozenset[Known]

    @property
    def signature(self) -> str:
        """Sign it with the gateway's key."""
        key = hmac.new(SECRET.encode(), f"gateway/{self.gateway}/1".encode(), hashlib.sha256).hexdigest()
        return hmac.new(key.encode(), self.body, hashlib.sha256).hexdigest()


def batch(gateway: int, number: int, size: int, *, name: str = "", watts: int = 400) -> Batch:
    """Write the batch of a number: minutes that no other batch of the gateway speaks of."""
    moments = [LONG_AGO + timedelta(minutes=number * size + minute) for minute in range(size)]
    readings = [{"kind": "power", "channel": "P1", "at": at.isoformat(), "watts": watts} for at in moments]
    content = {"gateway": str(gateway), "batch": name or f"b{number}", "sent_at": datetime.now(UTC).isoformat(), "readings": readings}
    says = frozenset((gateway, "P1", at, watts * 1000) for at in moments)
    return Batch(gateway, content["batch"], json.dumps(content).encode(), says)


@dataclass
class Client:
    """A thread that reports for some gateways: what is not answered it sends again, and now and then what was answered long ago."""

    portal: ServedPortal
    gateways: list[int]
    size: int
    chance: random.Random
    stopped: threading.Event
    answered: dict[tuple[int, str], tuple[Batch, Any]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    failure: str = ""
    turn: int = 0

    def run(self) -> None:
        """Report until told to stop; the batch under way is sent until it is answered."""
        try:
            while not self.stopped.is_set() and not self.failure:
                for gateway in self.gateways:
                    self._report(batch(gateway, self.turn, self.size))
                    if self.stopped.is_set():
                        return
                self.turn += 1
        except Exception as error:
            self.failure = repr(error)

    def _report(self, one: Batch) -> None:
        answer = self._sent(one)
        if answer.status_code != 200 or answer.json()["new"] != self.size:
            self.failure = f"batch {one.name} of gateway {one.gateway}: {answer.status_code} {answer.text[:300]}"
            return
        self.answered[one.gateway, one.name] = one, answer.json()
        self._try_again()
        self._try_forged(one)

    def _sent(self, one: Batch, signature: str = "") -> requests.Response:
        until = time.monotonic() + 120
        headers = {"Content-Type": "application/json", "X-Signature": signature or one.signature}
        while True:
            try:
                answer = requests.post(f"{self.portal.url}/api/v1/readings", data=one.body, headers=headers, timeout=20)
                if answer.status_code < 500 or time.monotonic() > until:
                    return answer
            except requests.RequestException:
                if time.monotonic() > until:
                    raise
            self.statuses["unanswered"] += 1
            time.sleep(0.05)  # the server is being killed: that is the test

    def _try_again(self) -> None:
        """Send something again that was answered: the answer is the first one, whatever happened in between."""
        if self.chance.random() < 0.2:
            one, first = self.chance.choice(list(self.answered.values()))
            self._expect("repeated", self._sent(one), 200, first)

    def _try_forged(self, one: Batch) -> None:
        """Send what must be refused: an answered name with other content, and readings nobody signed."""
        if self.chance.random() < 0.1:
            other = batch(one.gateway, 10_000 + self.turn, self.size, name=one.name, watts=9)
            self._expect("other content", self._sent(other), 409)
            new = batch(one.gateway, 20_000 + self.turn, self.size, watts=9)
            self._expect("forged", self._sent(new, signature="0" * 64), 401)
            self._expect("signed for another batch", self._sent(new, signature=one.signature), 401)

    def _expect(self, what: str, answer: requests.Response, status: int, content: Any = None) -> None:
        self.statuses[what] += 1
        if answer.status_code != status or (content is not None and answer.json() != content):
            self.failure = f"{what}: {answer.status_code} {answer.text[:300]}"


def check(backend: str, rounds: int, size: int) -> None:
    """Report and kill in rounds, then compare what was answered with what is there."""
    with tempfile.TemporaryDirectory(prefix="portal-readings-") as folder, _database(backend, Path(folder)) as url:
        settings = {"PORTAL_SECRET_KEY": SECRET}
        with serve_portal(url, Path(folder) / "served", workers=3, jobs=False, settings=settings) as portal:
            gateways = _gateways(portal)
            clients = _killed(portal, gateways, rounds, size)
            answered = {key: one for client in clients for key, (one, _) in client.answered.items()}
            told = sum((client.statuses for client in clients), Counter[str]())
            print(f"{backend}: {rounds} kills, {len(answered)} batches of {len(gateways)} gateways answered, {dict(told)}")
            assert told["unanswered"], "nobody ever waited: the kills prove nothing"
            assert told["repeated"], "nothing was repeated"
            assert told["forged"], "nothing was forged"
            compare(portal, answered)
            _old_is_refused(portal, next(iter(answered.values())))
            _control(portal, answered)


@contextmanager
def _database(backend: str, folder: Path) -> Iterator[str]:
    if backend == "sqlite":
        yield f"sqlite:///{folder}/readings.db"
        return
    with start_cluster(fsync=True) as cluster:
        yield cluster.url()


def _gateways(portal: ServedPortal) -> list[int]:
    with Session(portal.engine) as session:
        organisation = Organisation(code="GATES", name_zh="网关大学", name_en="Gateway University", kind="university")
        session.add(organisation)
        session.flush()
        made = [Gateway(organisation_id=organisation.id, name=f"G{number}", created_at=datetime.now(UTC)) for number in range(GATEWAYS)]
        session.add_all(made)
        session.commit()
        return [one.id for one in made]


def _killed(portal: ServedPortal, gateways: list[int], rounds: int, size: int) -> list[Client]:
    """Let clients report while the web server is killed again and again; give what they were told."""
    stopped = threading.Event()
    clients = [Client(portal, gateways[n::CLIENTS], size, random.Random(n), stopped) for n in range(CLIENTS)]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for _ in range(rounds):
        time.sleep(random.uniform(0.5, 2.0))
        portal.kill()
        portal.start()
    _all_have_reported(clients)
    stopped.set()
    for thread in threads:
        thread.join()
    failures = [client.failure for client in clients if client.failure]
    assert not failures, f"a client was answered wrongly: {failures[0]}"
    return clients


def _all_have_reported(clients: list[Client]) -> None:
    """Wait until every gateway was answered at least once, however slow the machine."""
    until = time.monotonic() + 300
    while any(client.turn < 1 and not client.failure for client in clients) and time.monotonic() < until:
        time.sleep(0.1)


def compare(portal: ServedPortal, answered: dict[tuple[int, str], Batch]) -> None:
    """Hold what is kept against what was answered: every batch once, every reading once, and nothing else."""
    asked = select(Device.gateway_id, Device.channel, Reading.at, Reading.value).join(Device, Device.id == Reading.device_id)
    with Session(portal.engine) as session:
        batches = Counter((row.gateway_id, row.name) for row in session.execute(select(ReadingBatch.gateway_id, ReadingBatch.name)))
        readings = Counter(tuple(row) for row in session.execute(asked))
    wanted = {known for one in answered.values() for known in one.says}
    lost, more = answered.keys() - batches.keys(), batches.keys() - answered.keys()
    assert not lost, f"{len(lost)} answered batches are gone, such as {min(lost)}"
    assert not more, f"{len(more)} batches are kept that nobody was answered for, such as {min(more)}"
    assert not wanted - readings.keys(), f"{len(wanted - readings.keys())} readings are gone"
    assert not readings.keys() - wanted, f"{len(readings.keys() - wanted)} readings are kept that no answered batch has"
    assert set((batches | readings).values()) == {1}, "something is kept twice"


def _old_is_refused(portal: ServedPortal, one: Batch) -> None:
    """A batch recorded on the wire and sent again after two days is refused."""
    of = (ReadingBatch.gateway_id == one.gateway, ReadingBatch.name == one.name)
    with Session(portal.engine) as session:
        session.execute(update(ReadingBatch).where(*of).values(received_at=datetime.now(UTC) - timedelta(days=2)))
        session.commit()
    headers = {"Content-Type": "application/json", "X-Signature": one.signature}
    answer = requests.post(f"{portal.url}/api/v1/readings", data=one.body, headers=headers, timeout=20)
    assert answer.status_code == 409, f"a batch of two days ago was taken again: {answer.status_code}"


def _control(portal: ServedPortal, answered: dict[tuple[int, str], Batch]) -> None:
    """The negative control: one reading less, and the comparison must fail."""
    with Session(portal.engine) as session:
        first = session.scalars(select(Reading.id).order_by(Reading.id).limit(1)).one()
        session.execute(delete(Reading).where(Reading.id == first))
        session.commit()
    try:
        compare(portal, answered)
    except AssertionError:
        return
    raise AssertionError("a reading was taken away, and nobody noticed")


def run(quick: bool) -> None:
    """Kill under 200 gateways on both databases."""
    for backend in BACKENDS:
        check(backend, 2 if quick else 20, 5 if quick else 50)
