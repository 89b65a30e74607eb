"""The instruments of the sample province: 120 published and a few on their way, with hours and rules that suit each."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from instruments.catalogue import Instrument, InstrumentAlias
from instruments.closures import close
from instruments.opening import AROUND_THE_CLOCK, Weekly, set_hours
from instruments.qualifications import grant_qualification
from instruments.rulebooks import Entry, publish_rules
from instruments.timespan import TimeSpan, from_wall, zone
from portal.demo.characters import Character, began, character_of, joined
from portal.demo.population import Population

PUBLISHED = 120
UNPUBLISHED = ("draft", "submitted", "submitted", "submitted", "refused", "suspended")
DATA = Path(__file__).parent
OFFICE: Weekly = tuple(row for day in range(5) for row in ((day, 510, 720), (day, 870, 1080)))
LONG_DAY: Weekly = tuple((day, 480, 1320) for day in range(6))
DAYLIGHT: Weekly = tuple((day, 480, 1080) for day in range(7))
SHANGHAI = zone("Asia/Shanghai")
A_WEEK = timedelta(days=7)


@dataclass
class Furnished:
    """The instruments made, published ones first, with the letters that say what kind each is."""

    instruments: list[Instrument] = field(default_factory=list)
    traits: dict[int, str] = field(default_factory=dict)
    published: list[Instrument] = field(default_factory=list)
    characters: dict[int, Character] = field(default_factory=dict)


def furnish(session: Session, people: Population, *, now: datetime) -> Furnished:
    """Make the instruments and all that belongs to them."""
    chance = random.Random(7)
    templates = json.loads((DATA / "instruments.json").read_text(encoding="utf-8"))
    repeated = [one for one in templates if not one["traits"]] + templates
    rows = (templates + repeated)[: PUBLISHED + len(UNPUBLISHED)]
    owners = _owners(people, len(rows))
    made = Furnished()
    for number, (row, owner) in enumerate(zip(rows, owners, strict=True)):
        state = "published" if number < PUBLISHED else UNPUBLISHED[number - PUBLISHED]
        made.instruments.append(_instrument(row, people, owner, number, state, chance, now))
    session.add_all(made.instruments)
    session.flush()  # hours and rules point at instruments by id
    for number, (row, instrument) in enumerate(zip(rows, made.instruments, strict=True)):
        made.traits[instrument.id], made.characters[instrument.id] = row["traits"], character_of(number)
        _set_up(session, instrument, row["traits"], now)
    made.published = [instrument for instrument in made.instruments if instrument.publication == "published"]
    _qualify(session, made, people, now)
    _close_some(session, made, now)
    session.flush()  # the past is made from the hours
    return made


def _owners(people: Population, how_many: int) -> list[str]:
    """Deal the instruments out by the weight of each organisation, in turns."""
    left = dict(people.weights)
    owners: list[str] = []
    while len(owners) < how_many:
        for code in people.organisations:
            if left[code] > 0 and len(owners) < how_many:
                owners.append(code)
                left[code] -= 1
        if not any(left.values()):
            left = {code: weight and 1 for code, weight in people.weights.items()}
    return owners


def _instrument(
    row: dict[str, Any], people: Population, owner: str, number: int, state: str, chance: random.Random, now: datetime
) -> Instrument:
    organisation, traits = people.organisations[owner], row["traits"]
    facility = people.facilities[owner]
    year = chance.randrange(2012, now.year)
    return Instrument(
        organisation=organisation, facility=facility, inner_id=f"{now.year - 2}{number + 1:04d}", city=organisation.city, province="山西省",
        name_zh=row["name_zh"], name_en=row["name_en"], category_code=row["category_code"], manufacturer=row["manufacturer"],
        model=row["model"], country=row["country"], original_value=Decimal(row["original_value"]), functions=row["functions"],
        commissioned=chance.choice((f"{year}", f"{year}-{chance.randrange(1, 13):02d}", f"{year}-05-{chance.randrange(1, 29):02d}")),
        accepted_on=None if state == "published" else now.date() - timedelta(days=chance.choice((20, 35, 60, 90))),
        source="purchased", condition="normal", department=facility.name_zh, building=chance.choice(("实验楼 A 座", "科技楼", "理科楼")),
        room=str(chance.randrange(101, 620)), contact=facility.name_zh, phone=f"0351-555{chance.randrange(1000, 9999)}",
        email=f"{owner.lower()}.lab@example.org", address=f"{organisation.name_zh}科技园区", postal_code="030000",
        services="测试、分析、方法开发 / tests, analysis, methods", specifications=_specifications(row, chance),
        requirements="样品须干燥、无腐蚀性，提前一天送达。 / Samples dry and not corrosive, delivered a day ahead.",
        fees="按单位公布的收费标准执行。 / By the published tariff of the organisation.", sharing_mode="external",
        funds=[{"kind": "local", "amount": row["original_value"]}], self_operated="s" not in traits,
        sample_service="s" in traits or chance.random() < 0.5,
        needs_qualification="q" in traits, lanes=4 if "l" in traits else 1, step_minutes=60 if "n" in traits else 30,
        setup_minutes=15 if "q" in traits else 0, cleanup_minutes=chance.choice((0, 0, 15)), publication=state,
        submitted_at=now - timedelta(days=3) if state == "submitted" else None,
        publication_note="请补充共享方式说明。 / Please explain how it is shared." if state == "refused" else "",
        published_at=joined(number, now) if state in ("published", "suspended") else None, created_at=joined(number, now) - timedelta(days=5),
        aliases=[InstrumentAlias(text=f"{row['manufacturer']} {row['model'].split()[0]}")],
    )  # fmt: skip


def _specifications(row: dict[str, Any], chance: random.Random) -> str:
    return f"{row['manufacturer']} {row['model']}；重复性优于 {chance.choice(('0.5', '1', '2'))} % / repeatability better than 1 %"


def _set_up(session: Session, instrument: Instrument, traits: str, now: datetime) -> None:
    since = instrument.published_at or instrument.created_at
    first = since.astimezone(SHANGHAI).date()
    weekly, holidays = OFFICE, "closed"
    if "n" in traits:
        weekly, holidays = AROUND_THE_CLOCK, "as_usual"
    elif "f" in traits:
        weekly = DAYLIGHT
    elif instrument.id % 3 == 0:
        weekly = LONG_DAY
    set_hours(session, instrument, weekly, valid_from=first, now=now, by=None, on_holidays=holidays)
    publish_rules(session, instrument, _rules(instrument, traits), valid_from=since, by=None, now=since)


def _rules(instrument: Instrument, traits: str) -> list[Entry]:
    step = instrument.step_minutes
    longest = 4320 if "n" in traits else 10080 if "f" in traits else 480
    rules: list[Entry] = [
        {"kind": "horizon", "parameters": {"days": 60 if "f" in traits else 28}},
        {"kind": "shortest", "parameters": {"minutes": step}},
        {"kind": "longest", "parameters": {"minutes": longest}},
    ]
    if "q" in traits:
        rules.insert(0, {"kind": "notice", "parameters": {"minutes": 60}})
    if "a" in traits:
        rules.append({"kind": "approval", "parameters": {"decide_within_hours": 72, "holds_slot": True}})
    if instrument.id % 4 == 1 and "n" not in traits:
        rules.append({"kind": "quota", "parameters": {"most": 20, "of": "hours", "per": "person", "period": "week"}})
    if instrument.id % 5 == 2:
        rules.append({"kind": "no_show", "parameters": {"after_minutes": 60}})
    if "n" in traits and "q" in traits:
        night = {"from_minute": 1320, "until_minute": 1860}
        rules.append({"kind": "qualification", "parameters": {"grade": 3}, "when": night})
    return rules


def _qualify(session: Session, made: Furnished, people: Population, now: datetime) -> None:
    """Qualify the sample researcher on some, and two thirds of the colleagues everywhere, so that trained instruments are used too."""
    trained = [instrument for instrument in made.published if instrument.needs_qualification]
    names = people.logins["researcher@example.org"].id, people.logins["pi@example.org"].id
    for number, instrument in enumerate(trained):
        for user in people.users[number % 3 :: 3] + people.users[(number + 1) % 3 :: 3]:
            grant_qualification(session, user.person_id, instrument.id, grade=3, expires_on=None, by=None, now=began(now) + A_WEEK)
        if number % 3 == 0:
            for person_id in names:
                grant_qualification(session, person_id, instrument.id, grade=2, expires_on=date(now.year + 1, 12, 31), by=None, now=now)


def _close_some(session: Session, made: Furnished, now: datetime) -> None:
    """Give some instruments weekly maintenance since last year, a few a fault in the past, and two one just now."""
    today, last_year = now.astimezone(SHANGHAI).date(), began(now, years_back=1).astimezone(SHANGHAI).date()
    friday = last_year + timedelta(days=(4 - last_year.weekday()) % 7)
    for instrument in made.published[::9]:
        span = TimeSpan(from_wall(datetime.combine(friday, time(15)), SHANGHAI), from_wall(datetime.combine(friday, time(17)), SHANGHAI))
        close(
            session, instrument, span, kind="maintenance", reason="每周保养 / weekly maintenance", time_zone="Asia/Shanghai", now=now,
            by=None, repeats="weekly", repeat_until=today + timedelta(days=365),
        )  # fmt: skip
    for number, instrument in enumerate(made.published[5::17]):
        start = now - timedelta(days=45 + 70 * number)
        span = TimeSpan(start, start + timedelta(days=4 + 3 * (number % 3)))
        close(session, instrument, span, kind="fault", reason="探测器返厂维修 / detector repaired", time_zone="Asia/Shanghai", now=start, by=None)
    for instrument in made.published[20:60:25]:
        span = TimeSpan(now - timedelta(hours=20), now + timedelta(days=3))
        close(session, instrument, span, kind="fault", reason="真空系统维修 / vacuum repair", time_zone="Asia/Shanghai", now=now, by=None)
