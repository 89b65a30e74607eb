"""Dates as people write them: "2015.6", "2017-", "令和5年", "2015-04-09 (beginDate)", 42103. What is not said is not made up."""

from __future__ import annotations

import re
from datetime import date, timedelta

from instruments.exchange.cells import narrow
from instruments.exchange.readings import Reading, left_empty

EARLIEST, LATEST = 1900, 2100
ERAS = {
    "令和": 2018,
    "平成": 1988,
    "昭和": 1925,
    "大正": 1911,
    "r": 2018,
    "h": 1988,
    "s": 1925,
    "民國": 1911,
    "民国": 1911,
    "中華民國": 1911,
    "中华民国": 1911,
}
MONTHS = {
    name: number for number, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
SERIAL_DAYS = (18_264, 73_050)  # 1950 to 2099, in days since the spreadsheet's day 0
_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?)?)?")
_NOTE = re.compile(r"\s*[(（\[][^()（）\[\]]*[)）\]]\s*$")
_PARTS = re.compile(r"(\d{4})\s*(?:[-./年]\s*(?:(\d{1,2})\s*(?:[-./月]\s*(?:(\d{1,2})\s*日?)?)?)?)?(?:年|年度|月)?\s*[-~至]?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_ERA = re.compile(
    r"(令和|平成|昭和|大正|中華民國|中华民国|民國|民国|[rhs])\s*(元|\d{1,3})\s*(?:年度?|[-./])?(?:\s*(\d{1,2})\s*[月./-]?(?:\s*(\d{1,2})\s*日?)?)?",
    re.IGNORECASE,
)
_DAY_LAST = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})")
_IN_WORDS = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?[\s-]+)?([a-z]{3})[a-z]*\.?[\s,-]+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(\d{4})", re.IGNORECASE
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")


def read_partial_date(text: str, today: date) -> Reading:
    """Read a date as "2016", "2016-10" or "2016-10-05", as exactly as it was given."""
    clean = _ISO.fullmatch(text)
    if clean:
        return _checked(_join(*clean.groups()), today, said=True)
    plain = _NOTE.sub("", narrow(text)).strip()
    doubt = _doubt(plain)
    return doubt or _checked(_from_parts(plain) or _from_serial(plain), today, said=False) if plain else _unreadable()


def read_full_date(text: str, today: date) -> Reading:
    """Read a day; a date of which the day is not said gives none."""
    reading = read_partial_date(text, today)
    if reading.value is None:
        return reading
    if len(reading.value) < 10:
        return left_empty("缺少月或日，未采用", "The month or the day is missing; not taken")
    return Reading(date.fromisoformat(reading.value), reading.warnings)


def _from_parts(plain: str) -> str | None:
    if found := _PARTS.fullmatch(plain):
        return _join(*found.groups())
    if (found := _COMPACT.fullmatch(plain)) and (whole := _join(*found.groups())):
        return whole
    if found := _ERA.fullmatch(plain):
        era, years, month, day = found.groups()
        return _join(str(ERAS[era.lower()] + (1 if years == "元" else int(years))), month, day)
    if (found := _IN_WORDS.fullmatch(plain)) and (number := MONTHS.get(found[2].lower())):
        return _join(found[4], str(number), found[1] or found[3])
    if found := _DAY_LAST.fullmatch(plain):
        first, second, year = found.groups()
        day, month = (first, second) if int(first) > 12 else (second, first)
        return _join(year, month, day)
    years_named = set(_YEAR.findall(plain))
    return years_named.pop() if len(years_named) == 1 and not re.search(r"\d{5}", plain) else None


def _doubt(plain: str) -> Reading | None:
    """Give the year alone where the rest may be read in two ways."""
    if re.fullmatch(r"\d{4}\.1", plain):
        return Reading(plain[:4]).warn(
            "可能是 1 月，也可能是被表格软件去掉 0 的 10 月，只取年份",
            "January, or October whose 0 a spreadsheet dropped: only the year is taken",
        )
    found = _DAY_LAST.fullmatch(plain)
    if found and int(found[1]) <= 12 and int(found[2]) <= 12 and found[1] != found[2]:
        return Reading(found[3]).warn("日与月的先后不明，只取年份", "Day and month could be either way round: only the year is taken")
    return None


def _from_serial(plain: str) -> str | None:
    if re.fullmatch(r"\d{5}(\.\d+)?", plain) and SERIAL_DAYS[0] <= float(plain) <= SERIAL_DAYS[1]:
        return (date(1899, 12, 30) + timedelta(days=int(float(plain)))).isoformat()
    return None


def _join(year: str, month: str | None = None, day: str | None = None) -> str | None:
    """Put the parts together when they are a date that exists."""
    try:
        found = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if not EARLIEST <= found.year <= LATEST:
        return None
    return found.isoformat()[: 10 if day else 7 if month else 4]


def _checked(found: str | None, today: date, *, said: bool) -> Reading:
    if found is None:
        return _unreadable()
    reading = Reading(found)
    if found > today.isoformat()[: len(found)]:
        reading = reading.warn("日期在今天之后，请核对", "The date lies in the future; please check")
    return reading if said else reading.warn(f"读作 {found}", f"Read as {found}")


def _unreadable() -> Reading:
    return left_empty("看不出是一个日期", "This cannot be read as a date")
