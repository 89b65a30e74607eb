"""What is asked of a search, checked once, and what it answers."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import NamedTuple

from instruments.catalogue import PUBLICATIONS, SHARING_MODES, Instrument
from instruments.classification import is_code
from instruments.errors import Invalid, Sentence

MOST_AT_ONCE = 200
SORTS = ("relevance", "name")
OPERATIONS = {
    "self_operated": Sentence("自主上机", "Operated by the user"),
    "sample_service": Sentence("送样测试", "Samples measured for the user"),
}
# What an hour costs the reader; the last: nobody has said it.
PRICE_BANDS = {
    "free": Sentence("免费", "Free"),
    "to100": Sentence("100 元以内", "Up to ¥100"),
    "to300": Sentence("100–300 元", "¥100–300"),
    "to1000": Sentence("300–1000 元", "¥300–1000"),
    "above": Sentence("1000 元以上", "Above ¥1000"),
    "request": Sentence("面议或未公布", "On request or not published"),
}


@dataclass(frozen=True, slots=True)
class Query:
    """A search: what was typed, and what the instruments must be. Empty means: does not matter.

    `restrict_ids` are the only ones that may be found (those free at some time); `statuses` other than published are for those who may inspect.
    """

    text: str = ""
    category: str = ""
    organisation_ids: tuple[int, ...] = ()
    city: str = ""
    facility_id: int | None = None
    audience: str = ""
    operation: str = ""
    needs_qualification: bool | None = None
    price: str = ""
    statuses: tuple[str, ...] = ("published",)
    restrict_ids: frozenset[int] | None = None
    sort: str = "relevance"
    limit: int = 20
    cursor: str = ""

    def check(self) -> None:
        """Refuse what cannot be asked, naming the field."""
        if not 1 <= self.limit <= MOST_AT_ONCE:
            raise Invalid("limit", Sentence(f"每页 1 至 {MOST_AT_ONCE} 条。", f"Ask for 1 to {MOST_AT_ONCE} at a time."))
        known = {"sort": SORTS, "audience": ("", *SHARING_MODES), "operation": ("", *OPERATIONS), "price": ("", *PRICE_BANDS)}
        for name, values in known.items():
            if getattr(self, name) not in values:
                raise Invalid(name, Sentence("没有这个选项。", "There is no such choice."))
        if not set(self.statuses) <= PUBLICATIONS.keys():
            raise Invalid("statuses", Sentence("没有这种发布状态。", "There is no such state of publication."))
        if self.category and not is_code(self.category):
            raise Invalid("category", Sentence("仪器分类代码为 6 位数字。", "A category code has six digits."))


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet, its name in both languages, and how many instruments choosing it would leave.

    `level` and `parent` place a category in its tree; `is_chosen` says that the query asks for it.
    """

    value: str
    name: Sentence
    count: int
    is_chosen: bool = False
    level: int = 0
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found, in order, how many there are in all, and what one could narrow it down to.

    `corrected` is the text that was searched for instead of the one typed; `is_loosened` says that not all of it had to be there.
    """

    instruments: tuple[Instrument, ...]
    total: int
    facets: dict[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    next: str | None = None
    corrected: str | None = None
    is_loosened: bool = False

    @property
    def ids(self) -> tuple[int, ...]:
        """Give the ids of this page."""
        return tuple(instrument.id for instrument in self.instruments)


class Place(NamedTuple):
    """Where a page ended: the score, the name and the id of its last instrument."""

    score: int
    name: str
    id: int


def cursor_at(sort: str, place: Place) -> str:
    """Write down a place in a list."""
    return base64.urlsafe_b64encode(json.dumps([sort, *place], ensure_ascii=False).encode()).decode().rstrip("=")


def place_at(sort: str, cursor: str) -> Place | None:
    """Read a place in a list sorted so; an empty cursor is the beginning, a wrong one is refused."""
    if not cursor:
        return None
    try:
        raw = base64.b64decode(cursor[:2000] + "=" * (-len(cursor[:2000]) % 4), altchars=b"-_", validate=True)
        written, score, name, number = json.loads(raw)
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise _bad_cursor() from None
    if written != sort or type(score) is not int or type(number) is not int or not isinstance(name, str):
        raise _bad_cursor()
    return Place(score, name, number)


def _bad_cursor() -> Invalid:
    return Invalid("cursor", Sentence("翻页标记无效，请从第一页重新开始。", "This place in the list is not valid. Start again from the first page."))
