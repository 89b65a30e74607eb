"""A province of any size, written in bulk: real kinds of instrument, opening hours, rules, bookings to come and ten years behind a few."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, text
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.classification import seed_categories
from instruments.codes import seed_codes
from instruments.holidays import seed_holidays
from instruments.opening import OpeningHours
from instruments.people import Organisation, Person
from instruments.rulebooks import RuleBook
from instruments.search.index import rebuild_index
from portal.auth import tokens
from scheduling.bookings import Booking
from tests.bench.kinds import KINDS

BATCH = 5_000
OLD = 20  # instruments with ten years of history behind them
OFFICE = [[day, 480, 1080] for day in range(5)]


@dataclass(frozen=True, slots=True)
class Size:
    """How large."""

    instruments: int
    bookings: int


@dataclass
class Province:
    """What was made, as the measurements need it."""

    size: Size
    seconds: float = 0.0
    tokens: list[str] = field(default_factory=list)
    instruments: list[int] = field(default_factory=list)


def build(engine: Engine, size: Size) -> Province:
    """Write the province."""
    began, province = time.monotonic(), Province(size)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with Session(engine) as session:
        seed_categories(session)
        seed_codes(session)
        seed_holidays(session, now.year - 1, now.year + 1)
        _organisations(session, province, now)
        for rows in _batches(_instruments(size, now)):
            session.execute(insert(Instrument), rows)
        province.instruments = list(range(1, size.instruments + 1))
        for rows in _batches(_hours(size, now)):
            session.execute(insert(OpeningHours), rows)
        for rows in _batches(_rules(size, now)):
            session.execute(insert(RuleBook), rows)
        for rows in _batches(_bookings(size, now)):
            session.execute(insert(Booking), rows)
        session.commit()
        rebuild_index(session)
        session.commit()
    _settle(engine)
    province.seconds = time.monotonic() - began
    return province


def _settle(engine: Engine) -> None:
    with engine.connect().execution_options(
        isolation_level="AUTOCOMMIT" if engine.dialect.name == "postgresql" else "SERIALIZABLE"
    ) as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _organisations(session: Session, province: Province, now: datetime) -> None:
    for number in range(200):
        kind = ("university", "institute", "hospital", "enterprise")[number % 4]
        session.add(
            Organisation(
                code=f"B{number}", name_zh=f"第{number}单位", name_en=f"Body {number}", kind=kind, city=f"14{number % 11 + 1:02d}00"
            )
        )
    session.flush()
    people = [Person(email=f"p{n}@example.org", name=f"人{n}", organisation_id=n % 200 + 1, created_at=now) for n in range(100)]
    session.add_all(people)
    session.flush()
    province.tokens = [tokens.create(session, person.id, "bench", now=now) for person in people[:8]]


def _instruments(size: Size, now: datetime) -> Iterator[dict[str, Any]]:
    chance = random.Random(1)
    for number in range(1, size.instruments + 1):
        zh, en, code, maker, model = chance.choice(KINDS)
        yield {
            "id": number, "organisation_id": number % 200 + 1, "inner_id": f"N{number}", "name_zh": zh, "name_en": en, "category_code": code,
            "manufacturer": maker, "model": f"{model}-{number % 97}", "functions": f"{zh}测试与分析", "city": f"14{number % 11 + 1:02d}00",
            "publication": "published", "published_at": now, "created_at": now, "sharing_mode": "external", "step_minutes": 30,
            "raw": {}, "subjects": [], "funds": [],
        }  # fmt: skip


def _hours(size: Size, now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(1, size.instruments + 1):
        yield {"instrument_id": number, "valid_from": date(2010, 1, 1), "weekly": OFFICE, "on_holidays": "closed", "made_at": now}


def _rules(size: Size, now: datetime) -> Iterator[dict[str, Any]]:
    entries = [
        {"kind": "notice", "parameters": {"minutes": 0}}, {"kind": "horizon", "parameters": {"days": 700}},
        {"kind": "longest", "parameters": {"minutes": 480}},
        {"kind": "quota", "parameters": {"most": 10000, "of": "hours", "per": "person", "period": "week"}},
    ]  # fmt: skip
    for number in range(1, size.instruments + 1):
        yield {
            "instrument_id": number,
            "number": 1,
            "valid_from": datetime(2010, 1, 1, tzinfo=UTC),
            "entries": entries,
            "published_at": now,
        }


def _bookings(size: Size, now: datetime) -> Iterator[dict[str, Any]]:
    """Ten years of two a day behind the first few instruments, the rest over everything within half a year around now."""
    chance, left = random.Random(2), size.bookings
    for instrument in range(1, OLD + 1):
        for day in range(min(3650, left // (2 * (OLD - instrument + 1)))):
            for hour in (1, 4):
                left -= 1
                yield _row(instrument, now.replace(hour=hour) - timedelta(days=day + 1), chance)
    taken: set[tuple[int, int, int]] = set()
    while left > 0:
        place = (chance.randrange(OLD + 1, size.instruments + 1), chance.randrange(-90, 90), chance.randrange(0, 9, 2))
        if place not in taken:
            taken.add(place)
            left -= 1
            yield _row(place[0], now.replace(hour=place[2]) + timedelta(days=place[1]), chance)


def _row(instrument: int, start: datetime, chance: random.Random) -> dict[str, Any]:
    end = start + timedelta(hours=chance.choice((1, 2)))
    return {
        "instrument_id": instrument, "lane": 1, "person_id": chance.randrange(1, 101), "start_at": start, "end_at": end, "occupied_from": start,
        "occupied_until": end, "holds": True, "status": "confirmed", "mode": "self", "purpose": "research", "audience": "internal",
        "created_at": start, "changed_at": start, "uid": f"{chance.getrandbits(128):032x}", "sequence": 0, "version": 1, "note": "",
        "reason": "", "approval_reasons": "",
    }  # fmt: skip
