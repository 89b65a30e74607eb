"""Promise 4: what is acknowledged is durable. Web server and database are killed (kill -9) under writers, again and again; nothing is lost."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from tests.fixtures.clusters import Cluster, start_cluster
from tests.fixtures.served import serve_portal
from tests.torture._arena import BACKENDS, Arena, furnish, held, overlaps, wish

TOMORROW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
WRITERS = 6


class Writers:
    """People who book without pause, and remember what was acknowledged."""

    def __init__(self, one: Arena) -> None:
        self.one, self.acknowledged, self.stopped = one, set(), threading.Event()
        self.threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def _write(self, number: int) -> None:
        chance = random.Random(number * 7919 + int(time.monotonic() * 1000))
        while not self.stopped.is_set():
            start = TOMORROW + timedelta(minutes=15 * chance.randrange(4 * 24 * 300))
            headers = {"Authorization": f"Bearer {self.one.tokens[number]}"}
            try:
                body = wish(chance.choice(self.one.instruments), start, 15)
                answer = requests.post(f"{self.one.portal.url}/api/v1/bookings", json=body, headers=headers, timeout=10)
                if answer.status_code == 201:
                    self.acknowledged.add(answer.json()["id"])
            except requests.RequestException:
                time.sleep(0.05)  # the server is being killed: that is the test

    def stop(self) -> None:
        """Let everybody finish."""
        self.stopped.set()
        for thread in self.threads:
            thread.join()


def check(backend: str, rounds: int) -> None:
    """Kill in rounds, now the web server, now the database, and compare what was acknowledged with what is there."""
    with tempfile.TemporaryDirectory(prefix="portal-durability-") as folder:
        if backend == "sqlite":
            _rounds(f"sqlite:///{folder}/arena.db", Path(folder), None, rounds)
            return
        with start_cluster(fsync=True) as cluster:
            _rounds(cluster.url(), Path(folder), cluster, rounds)


def _rounds(url: str, folder: Path, cluster: Cluster | None, rounds: int) -> None:
    with serve_portal(url, folder / "served", workers=2, jobs=False) as portal:
        one = Arena(portal)
        furnish(one, WRITERS, 8, 1, ())
        acknowledged: set[str] = set()
        for number in range(rounds):
            writers = Writers(one)
            time.sleep(random.uniform(0.4, 1.2))
            if cluster is not None and number % 2:
                cluster.kill()
                cluster.start()
                time.sleep(0.5)
            else:
                portal.kill()
                portal.start()
            writers.stop()
            acknowledged |= writers.acknowledged
            one.engine.dispose()
            lost = acknowledged - held(one.engine)
            assert not lost, f"round {number + 1}: {len(lost)} acknowledged bookings are gone"
            assert overlaps(one.engine) == [], "two bookings hold the same lane at the same time"
        print(f"{url.partition(':')[0]}: {rounds} rounds, {len(acknowledged)} acknowledged, 0 lost")
        assert acknowledged, "nothing was written: the rounds prove nothing"


def run(quick: bool) -> None:
    """Kill on both databases."""
    for backend in BACKENDS:
        check(backend, 2 if quick else 20)
