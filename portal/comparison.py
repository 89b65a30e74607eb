"""Several instruments side by side: the same questions asked of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.catalogue import SHARING_MODES, Instrument
from instruments.classification import Category
from instruments.codes import names_of
from instruments.errors import Invalid, NotFound, Sentence
from instruments.hourswords import plan_on, say_plan
from instruments.opening import plans_of
from instruments.rulebooks import in_force, rule_book_history
from instruments.timespan import TimeSpan, zone
from portal.formats import duration, partial_day
from portal.instrumentfacts import ways_of
from portal.language import name, say, t
from scheduling.finding import next_uses
from scheduling.rules.book import read_entries
from scheduling.rules.words import say_rules

MOST_COMPARED = 4
MOST_ASKED = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One question and its answers, each a list of lines; `differs` where they are not all the same."""

    title: str
    cells: Sequence[Sequence[str]]

    @property
    def differs(self) -> bool:
        """Say whether the instruments differ in this."""
        return len({tuple(cell) for cell in self.cells}) > 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """The instruments with the next free time of each, and the lines; too many instruments have no lines."""

    instruments: Sequence[Instrument]
    next_free: Mapping[int, TimeSpan] = field(default_factory=dict)
    lines: Sequence[Line] = ()
    is_too_many: bool = False


def read_ids(texts: Iterable[str]) -> list[int]:
    """Read ids given one by one or with commas between, each once; Invalid for what is no id, or for far too many."""
    parts = list(dict.fromkeys(part.strip() for text in texts for part in text.split(",") if part.strip()))
    if len(parts) > MOST_ASKED or not all(re.fullmatch("[0-9]{1,18}", part) for part in parts):
        raise Invalid("ids", Sentence("请在搜索结果中选择要比较的仪器。", "Please choose the instruments to compare among the results."))
    return [int(part) for part in parts]


def compared(session: Session, ids: Sequence[int], *, viewer: Viewer, now: datetime) -> Comparison:
    """Compare instruments in the order asked for; one that is not the reader's to see is NotFound. Fifteen statements at most."""
    instruments = _load(session, ids, viewer)
    if len(instruments) > MOST_COMPARED:
        return Comparison(instruments, is_too_many=True)
    if not instruments:
        return Comparison([])
    return Comparison(instruments, next_uses(session, instruments, now), _lines(session, instruments, now))


def _load(session: Session, ids: Sequence[int], viewer: Viewer) -> list[Instrument]:
    whole = (joinedload(Instrument.organisation), joinedload(Instrument.facility))
    by_id = {one.id: one for one in session.scalars(select(Instrument).where(Instrument.id.in_(ids)).options(*whole))} if ids else {}
    if any(one not in by_id or not viewer.may_see(by_id[one]) for one in ids):
        raise NotFound
    return [by_id[one] for one in ids]


def _lines(session: Session, instruments: Sequence[Instrument], now: datetime) -> list[Line]:
    lines = [Line(title, [[text] if (text := ask(one)) else [] for one in instruments]) for title, ask in _questions(session, instruments)]
    lines += [
        Line(t("开放时间", "Opening hours"), _hours(session, instruments, now)),
        Line(t("预约规则", "Rules of booking"), _rules(session, instruments, now)),
    ]
    return [line for line in lines if any(line.cells)]


def _questions(session: Session, instruments: Sequence[Instrument]) -> list[tuple[str, Callable[[Instrument], str]]]:
    cities = names_of(session, {("city", one.city) for one in instruments if one.city})
    codes = {one.category_code for one in instruments if one.category_code}
    categories = {row.code: name(row) for row in session.scalars(select(Category).where(Category.code.in_(codes)))}
    return [
        (t("规格型号", "Model"), lambda one: one.model),
        (t("生产厂商", "Manufacturer"), lambda one: one.manufacturer),
        (t("分类", "Category"), lambda one: categories.get(one.category_code or "", "")),
        (t("管理单位", "Organisation"), lambda one: name(one.organisation)),
        (t("城市", "City"), lambda one: say(cities[("city", one.city)]) if ("city", one.city) in cities else one.city),
        (t("谁能用", "Who may use it"), lambda one: say(SHARING_MODES[one.sharing_mode]) if one.sharing_mode in SHARING_MODES else ""),
        (t("使用方式", "How it is used"), lambda one: t("，", ", ").join(ways_of(one))),
        (t("能做什么", "What it does"), lambda one: one.functions),
        (t("主要技术指标", "Specifications"), lambda one: one.specifications),
        (t("样品与使用要求", "Samples and conditions"), lambda one: one.requirements),
        (t("参考收费", "Fees"), lambda one: one.fees),
        (t("机位", "Places"), lambda one: str(one.lanes) if one.lanes > 1 else ""),
        (t("上机前准备", "Set-up before each use"), lambda one: duration(one.setup_minutes) if one.setup_minutes else ""),
        (t("启用时间", "In use since"), lambda one: partial_day(one.commissioned)),
        (t("联系人", "Contact"), lambda one: t("，", ", ").join(part for part in (one.contact, one.phone, one.email) if part)),
    ]


def _hours(session: Session, instruments: Sequence[Instrument], now: datetime) -> list[list[str]]:
    plans = plans_of(session, [one.id for one in instruments])
    in_use = [plan_on(plans.get(one.id, []), now.astimezone(zone(one.time_zone)).date()) for one in instruments]
    return [[say(sentence) for sentence in say_plan(plan)] if plan else [] for plan in in_use]


def _rules(session: Session, instruments: Sequence[Instrument], now: datetime) -> list[list[str]]:
    books = rule_book_history(session, [one.id for one in instruments])
    entries = [read_entries(in_force(books.get(one.id, []), now)) for one in instruments]
    return [[say(rule) for rule in say_rules(some, one)] for some, one in zip(entries, instruments, strict=True)]
