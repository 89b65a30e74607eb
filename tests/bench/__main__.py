"""The benchmark: `python -m tests.bench` makes a province of a chosen size and prints how fast the portal answers, on both databases.

Beside each figure stands what the bare machine can do: the same server saying hello, the same database inserting a row.
One process serves, as on a small machine; the clients run beside it and take their share of the processor.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from instruments.database import make_engine
from portal.schema import upgrade
from tests.bench import devices, hello, measures, money, statistics
from tests.bench.province import Size, build
from tests.fixtures.clusters import start_cluster
from tests.fixtures.served import serve_portal


def main() -> None:
    """Measure on the databases asked for."""
    if "--statistics" in sys.argv[1:]:
        statistics.main([one for one in sys.argv[1:] if one != "--statistics"])
        return
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__, epilog="--statistics: figures instead, with options of its own")
    parser.add_argument("--instruments", type=int, default=50_000)
    parser.add_argument("--bookings", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=60, help="how often each page is asked for")
    parser.add_argument("--seconds", type=float, default=8, help="how long bookings are posted")
    parser.add_argument("--uses", type=int, default=5_000, help="how many uses of a month are charged and closed; 100000 for a province")
    parser.add_argument("--only", choices=["pages", "money"], help="measure only these")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asked = parser.parse_args()
    size = Size(asked.instruments, asked.bookings)
    if asked.only != "money":
        print(f"hello, the same server: {hello.rate(asked.seconds):.0f} requests/s with 8 clients")
    for backend in ("sqlite", "postgresql") if asked.database == "both" else (asked.database,):
        with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder, _database(backend, Path(folder)) as url:
            if asked.only != "money":
                measure(backend, url, Path(folder), size, asked.rounds, asked.seconds)
            if asked.only != "pages":
                measure_money(backend, url, asked.uses)


@contextmanager
def _database(backend: str, folder: Path) -> Iterator[str]:
    if backend == "sqlite":
        yield f"sqlite:///{folder}/bench.db"
        return
    with start_cluster(fsync=True, shared_buffers="512MB") as cluster:
        yield cluster.url()


def measure(backend: str, url: str, folder: Path, size: Size, rounds: int, seconds: float) -> None:
    """Make the province, serve it and measure."""
    engine = make_engine(url)
    upgrade(engine)
    province = build(engine, size)
    print(f"\n{backend}: {size.instruments:,} instruments, {size.bookings:,} bookings, made in {province.seconds:.0f} s")
    print(f"  bare insert: {measures.bare_insert_rate(engine):.0f} transactions/s")
    for line in measures.statements(engine, province):
        print(f"  {line}")
    engine.dispose()
    with serve_portal(url, folder / "served", workers=1, jobs=False, settings={"PORTAL_SECRET_KEY": devices.SECRET}) as portal:
        for line in chain(measures.over_http(portal, province, rounds, seconds), devices.report(portal, seconds)):
            print(f"  {line}", flush=True)


def measure_money(backend: str, url: str, uses: int) -> None:
    """Take a month of uses onto the books and out of them again."""
    engine = make_engine(url)
    upgrade(engine)
    print(f"\n{backend}: {uses:,} uses of one month")
    for line in money.report(engine, uses):
        print(f"  {line}", flush=True)
    engine.dispose()


if __name__ == "__main__":
    main()
