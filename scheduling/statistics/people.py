"""Who used an instrument, as sets: people are counted once however many instruments they used, so that their counts do not add up.

One row holds all people of an instrument and a year, packed: three numbers of four bytes each for a person and where she came from then, the
last one with a bit for each month in which she did. Those of a network of 10,000 instruments are joined in a tenth of a second, by whatever
grouping, for any months; counting distinct rows of one person each took most of a report's time.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import compress
from typing import Any

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from scheduling.statistics.periods import Period

FOUR_BYTES = next(code for code in "IL" if array(code).itemsize == 4)
ALL_YEAR = 0xFFF
Known = Mapping[tuple[int, int], int]  # a person and her home, as home_number gives it: the bits of the months


class People:
    """All who used an instrument in a year, packed."""

    who: Mapped[bytes] = mapped_column(LargeBinary)


def home_number(organisation_id: int, is_external: bool) -> int:
    """Give the number of whence somebody came: twice the organisation's, plus one where it was another than the instrument's."""
    return 2 * organisation_id + is_external


def home_of(number: int) -> tuple[int, bool]:
    """Give the organisation, and whether it was another than the instrument's."""
    return number >> 1, bool(number & 1)


def pack(known: Known) -> bytes:
    """Pack people, in the order of their ids; those without a month are left out."""
    made = array(FOUR_BYTES, (number for (person, home), months in sorted(known.items()) if months for number in (person, home, months)))
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()


def unpack(*blobs: bytes) -> tuple[array[int], array[int], array[int]]:
    """Give the persons, their homes and the bits of their months of one packed row or several, side by side."""
    numbers = array(FOUR_BYTES, b"".join(blobs))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers[::3], numbers[1::3], numbers[2::3]


def bits(first: date, until: date, year: int) -> int:
    """Give the bits of the months of a year that lie between two firsts of a month."""
    begin, end = (min(max((day.year - year) * 12 + day.month - 1, 0), 12) for day in (first, until))
    return (1 << end) - (1 << begin) if end > begin else 0


def people_in(period: Period, starts_on: Any, *blobs: bytes) -> tuple[Sequence[int], Sequence[int]]:
    """Give the persons of rows of one year who came within a period, and their homes, side by side."""
    wanted, (persons, homes, months) = bits(period.first, period.until, _year(starts_on)), unpack(*blobs)
    if wanted == ALL_YEAR:
        return persons, homes
    came = [number & wanted for number in months]
    return list(compress(persons, came)), list(compress(homes, came))


def _year(starts_on: Any) -> int:
    return int(str(starts_on)[:4])  # a date, or a text as the driver gives it


class Heads:
    """People counted by key: each once a key, and each once in all."""

    def __init__(self, people: Mapping[str, set[int]], outside: Mapping[str, set[int]]) -> None:
        self._people, self._outside = people, outside

    def counts(self) -> dict[str, dict[str, int]]:
        """Give the counts of each key, by the names of the quantities."""
        return {key: {"users": len(people), "external_users": len(self._outside[key])} for key, people in self._people.items()}

    def total(self) -> dict[str, int]:
        """Give the counts of all keys together."""
        people, outside = (set().union(*sets.values()) for sets in (self._people, self._outside))
        return {"users": len(people), "external_users": len(outside)}


NOBODY = Heads({}, {})


def heads(period: Period, rows: Iterable[Any]) -> Heads:
    """Gather rows of (key, starts_on, who), each of one instrument and year, of which the months of a period count."""
    gathered: dict[tuple[Any, Any], list[bytes]] = {}
    for key, starts_on, who in rows:
        gathered.setdefault((key, starts_on), []).append(who)
    people: dict[str, set[int]] = {}
    outside: dict[str, set[int]] = {}
    for (key, starts_on), blobs in gathered.items():
        persons, homes = people_in(period, starts_on, *blobs)
        people.setdefault(str(key), set()).update(persons)
        outside.setdefault(str(key), set()).update([person for person, home in zip(persons, homes, strict=True) if home & 1])
    return Heads(people, outside)


def heads_by_month(period: Period, rows: Iterable[Any]) -> Heads:
    """Gather rows of (starts_on, who) by the months of a period: the keys are the firsts of months, as texts."""
    years: dict[Any, list[bytes]] = {}
    for starts_on, who in rows:
        years.setdefault(starts_on, []).append(who)
    people: dict[str, set[int]] = {}
    outside: dict[str, set[int]] = {}
    for starts_on, blobs in years.items():
        year, known, known_outside = _year(starts_on), dict[int, int](), dict[int, int]()
        for person, home, months in zip(*unpack(*blobs), strict=True):
            known[person] = known.get(person, 0) | months
            if home & 1:
                known_outside[person] = known_outside.get(person, 0) | months
        for number in range(12):
            if bits(period.first, period.until, year) >> number & 1:
                key = f"{year}-{number + 1:02}-01"
                people[key], outside[key] = ({one for one, months in some.items() if months >> number & 1} for some in (known, known_outside))
    return Heads(people, outside)
