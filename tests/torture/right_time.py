"""Promise 9: wall clocks of the whole world, in random cases against zoneinfo (the long form: 100,000)."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from instruments.timespan import TimeSpan, from_wall, local_days

# Midnight jumps, half-hour steps, days that never were, clocks set back over midnight, seconds of local mean time.
ODD = (
    "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "America/Sao_Paulo", "Asia/Beirut",
    "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "America/Havana", "Asia/Tehran", "Antarctica/Troll", "America/Scoresbysund", "UTC",
)  # fmt: skip
FIRST, SECONDS = datetime(1902, 1, 1, tzinfo=UTC), 197 * 365 * 86400
FromWall = Callable[[datetime, ZoneInfo], datetime]


@cache
def zones() -> list[str]:
    """All zones the machine knows that are places, the odd ones many times over."""
    return sorted(name for name in available_timezones() if "/" in name) + list(ODD) * 20


def disagreements(cases: int, convert: FromWall = from_wall, seed: int = 9) -> list[str]:
    """Give the random instants that do not come back from the wall as zoneinfo says: a repeated time is the first of the two."""
    chance = random.Random(seed)
    found: list[str] = []
    for _ in range(cases):
        tz = ZoneInfo(chance.choice(zones()))
        instant = _near_a_change(FIRST + timedelta(seconds=chance.randrange(SECONDS)), tz, chance)
        local = instant.astimezone(tz)
        back = convert(local.replace(tzinfo=None, fold=0), tz)
        if back != local.replace(fold=0).astimezone(UTC) or (back == instant) != (local.fold == 0):
            found.append(f"{tz} {instant}")
    return found


def uneven_days(cases: int, seed: int = 9) -> list[str]:
    """Give the random spans whose parts by local day do not follow each other from start to end."""
    chance = random.Random(seed)
    found: list[str] = []
    for _ in range(cases):
        tz = ZoneInfo(chance.choice(zones()))
        start = _near_a_change(FIRST + timedelta(seconds=chance.randrange(SECONDS)), tz, chance)
        span = TimeSpan(start, start + timedelta(minutes=chance.randrange(1, 6000)))
        parts = list(local_days(span, tz))
        edges = [part.start for _, part in parts] + [span.end]
        days = [day for day, _ in parts]
        if [part.end for _, part in parts] != edges[1:] or edges[0] != span.start or days != sorted(set(days)):
            found.append(f"{tz} {span}")
    return found


def _near_a_change(instant: datetime, tz: ZoneInfo, chance: random.Random) -> datetime:
    """Half the time go on to within hours of the next change of the clocks, where all the difficulties are."""
    if chance.random() < 0.5:
        return instant
    offset = instant.astimezone(tz).utcoffset()
    for _ in range(13):
        later = instant + timedelta(days=30)
        if later.astimezone(tz).utcoffset() != offset:
            break
        instant = later
    step = timedelta(days=32)
    while step > timedelta(hours=1):
        step /= 2
        if (instant + step).astimezone(tz).utcoffset() == offset:
            instant += step
    return (instant + timedelta(seconds=chance.randrange(-7200, 3 * 7200))).replace(microsecond=0)


def run(*, quick: bool) -> None:
    """Compare the conversions with zoneinfo."""
    cases = 5_000 if quick else 100_000
    wrong = disagreements(cases) + uneven_days(cases)
    print(f"right_time: {cases} wall-clock times and {cases} spans in {len(set(zones()))} zones, {len(wrong)} wrong")
    assert wrong == [], wrong[:10]
