"""What a reader asks of the search page: read from the address with patience, every mistake named beside its field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from instruments.catalogue import SHARING_MODES
from instruments.classification import is_code
from instruments.errors import Invalid, Sentence
from instruments.search import Query
from instruments.search.query import OPERATIONS, PRICE_BANDS
from instruments.timespan import TimeSpan, from_wall
from portal.formats import HOME
from portal.links import LARGEST_KEY
from scheduling.finding import SORTS, FreeWish

PER_PAGE = 20
LONGEST_TEXT = 200
MOST_ORGANISATIONS = 50
USUAL_WINDOW, USUAL_LENGTH = timedelta(days=7), timedelta(hours=1)
HOURS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,2})?")
NO_SUCH = Sentence("没有这个选项。", "There is no such choice.")
NO_TIME = Sentence("请填写日期和时间，例如 2026-11-24 09:00。", "Please give a day and a time, such as 2026-11-24 09:00.")
NO_HOURS = Sentence("请填写小时数，例如 2 或 0.5。", "Please give a number of hours, such as 2 or 0.5.")
BACKWARDS = Sentence("结束时间必须晚于开始时间。", "The end must come after the start.")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AskedSearch:
    """A search as far as it could be read, and what could not: {field: sentence}."""

    query: Query
    free: FreeWish | None
    sort: str
    errors: Mapping[str, Sentence] = field(default_factory=dict)


def read_search(args: MultiDict[str, str], now: datetime) -> AskedSearch:
    """Read a search from an address. What cannot be read is left out and named."""
    reader = _Reader(args)
    query = Query(
        text=reader.one("q", _text, ""),
        category=reader.one("category", _category, ""),
        organisation_ids=reader.one("organisation", lambda _: _keys(args.getlist("organisation")), ()),
        city=reader.one("city", _short, ""),
        facility_id=reader.one("facility", _key, None),
        audience=reader.one("audience", lambda text: _among(text, SHARING_MODES), ""),
        operation=reader.one("operation", lambda text: _among(text, OPERATIONS), ""),
        price=reader.one("price", lambda text: _among(text, PRICE_BANDS), ""),
        needs_qualification=reader.one("qualification", lambda text: {"true": True, "false": False}[text], None),
        limit=PER_PAGE,
        cursor=args.get("cursor", "")[:2000],
    )
    sort = reader.one("sort", lambda text: _among(text, SORTS), "relevance")
    return AskedSearch(query, _free(reader, now), sort, reader.errors)


class _Reader:
    """Reads parts of an address one by one, and keeps what was wrong with them."""

    def __init__(self, args: MultiDict[str, str]) -> None:
        self._args = args
        self.errors: dict[str, Sentence] = {}

    def one(self, name: str, read: Callable[[str], T], otherwise: T) -> T:
        text = self._args.get(name, "").strip()
        if not text:
            return otherwise
        try:
            return read(text)
        except Invalid as error:
            self.errors[name] = error.sentence
        except (ValueError, KeyError, OverflowError):
            self.errors[name] = NO_SUCH
        return otherwise


def _free(reader: _Reader, now: datetime) -> FreeWish | None:
    """Read "free between ... and ... for ... hours"; one of the three is enough, the week to come and an hour stand for the others."""
    start, end = reader.one("free_from", _instant, None), reader.one("free_until", _instant, None)
    length = reader.one("hours", _length, None)
    if (start, end, length) == (None, None, None) or reader.errors.keys() & {"free_from", "free_until", "hours"}:
        return None
    start = start or now
    end = end or start + USUAL_WINDOW
    if end <= start:
        reader.errors["free_until"] = BACKWARDS
        return None
    wish = FreeWish(TimeSpan(start, end), length or min(USUAL_LENGTH, end - start))
    try:
        wish.check(now)
    except Invalid as error:
        reader.errors["hours" if error.field == "duration" else error.field] = error.sentence
        return None
    return wish


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise Invalid("q", Sentence(f"最多输入 {LONGEST_TEXT} 个字符。", f"At most {LONGEST_TEXT} characters, please."))
    return " ".join(text.replace("\x00", " ").split())


def _short(text: str) -> str:
    return _among(text, [text] if len(text) <= 40 and text.isprintable() else ())


def _category(text: str) -> str:
    return _among(text, [text] if is_code(text) else ())


def _among(text: str, known: Container[str]) -> str:
    if text not in known:
        raise ValueError(text)
    return text


def _key(text: str) -> int:
    if not re.fullmatch("[0-9]{1,19}", text) or int(text) > LARGEST_KEY:
        raise ValueError(text)
    return int(text)


def _keys(texts: Iterable[str]) -> tuple[int, ...]:
    keys = tuple(dict.fromkeys(_key(text.strip()) for text in texts if text.strip()))
    if len(keys) > MOST_ORGANISATIONS:
        raise ValueError(texts)
    return keys


def _instant(text: str) -> datetime:
    """Read a time on the province's clock, or one that carries its offset."""
    try:
        read = datetime.fromisoformat(unicodedata.normalize("NFKC", text))
        if not 2000 <= read.year <= 2200:
            raise ValueError(text)
    except ValueError as error:
        raise Invalid("time", NO_TIME) from error
    return read if read.tzinfo else from_wall(read, ZoneInfo(HOME))


def _length(text: str) -> timedelta:
    text = unicodedata.normalize("NFKC", text)
    if not HOURS.fullmatch(text) or float(text) <= 0:
        raise Invalid("hours", NO_HOURS)
    return timedelta(minutes=round(float(text) * 60))
