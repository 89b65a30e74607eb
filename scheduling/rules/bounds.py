"""What a rule book says of time to everybody alike: from when to when bookings may begin, and on which steps. For calendars and proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import gcd

from instruments.catalogue import Instrument
from instruments.errors import Sentence
from scheduling.rules.base import When, Who
from scheduling.rules.book import Entry, with_defaults
from scheduling.rules.times import Horizon, Notice, TimeGrid


@dataclass(frozen=True, slots=True)
class Bounds:
    """Nobody may begin before `earliest` or after `latest` (None: no end), each with the rule that says so; starts lie on the step."""

    earliest: datetime
    latest: datetime | None
    earliest_rule: Sentence | None
    latest_rule: Sentence | None
    step_minutes: int


def bounds(entries: Sequence[Entry], instrument: Instrument, now: datetime) -> Bounds:
    """Read the bounds out of the entries that concern everybody at all times and refuse."""
    rules = [
        entry.rule
        for entry in with_defaults(entries, instrument)
        if entry.effect == "refuse" and entry.who == Who() and entry.when == When()
    ]
    notice = max((rule for rule in rules if isinstance(rule, Notice)), key=lambda rule: rule.minutes, default=None)
    horizon = min((rule for rule in rules if isinstance(rule, Horizon)), key=lambda rule: rule.days, default=None)
    grid = next((rule for rule in rules if isinstance(rule, TimeGrid)), None)
    return Bounds(
        earliest=now + timedelta(minutes=notice.minutes if notice else 0),
        latest=now + timedelta(days=horizon.days) if horizon else None,
        earliest_rule=notice.sentence() if notice else None,
        latest_rule=horizon.sentence() if horizon else None,
        step_minutes=gcd(grid.step_minutes, grid.offset_minutes) if grid else instrument.step_minutes,
    )
