"""A rule book in plain words, in both languages, for the instrument's page, the API and mail."""

from __future__ import annotations

from collections.abc import Sequence

from instruments.catalogue import Instrument
from instruments.errors import Sentence
from scheduling.bookings import MODES, PURPOSES
from scheduling.rules.base import When, Who
from scheduling.rules.book import Entry, with_defaults
from scheduling.rules.persons import AUDIENCE_WORDS

WEEKDAYS_ZH = "一二三四五六日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
BREACH = {
    "refuse": Sentence("", ""),
    "approve": Sentence("（不符合时须经审批）", " (Otherwise a manager decides.)"),
    "warn": Sentence("（建议）", " (Advice only.)"),
}


def say_rules(entries: Sequence[Entry], instrument: Instrument) -> list[Sentence]:
    """Say every entry of a rule book, the defaults included."""
    return [say_entry(entry) for entry in with_defaults(entries, instrument)]


def say_entry(entry: Entry) -> Sentence:
    """Say one entry: whom and when it concerns, the rule, and what a breach means."""
    own, breach = entry.rule.sentence(), BREACH[entry.effect] if entry.rule.kind != "approval" else BREACH["refuse"]
    scope = [part for part in (_say_who(entry.who), say_when(entry.when)) if part.zh]
    if not scope:
        return Sentence(own.zh + breach.zh, own.en + breach.en)
    zh, en = "，".join(part.zh for part in scope), ", ".join(part.en for part in scope)
    return Sentence(f"{zh}：{own.zh}{breach.zh}", f"{en[0].upper()}{en[1:]}: {own.en}{breach.en}")


def _say_who(who: Who) -> Sentence:
    zh: list[str] = []
    en: list[str] = []
    if who.audiences:
        zh.append("、".join(AUDIENCE_WORDS[one].zh for one in who.audiences))
        en.append("for " + ", ".join(AUDIENCE_WORDS[one].en for one in who.audiences))
    if who.modes:
        zh.append("、".join(MODES[one].zh for one in who.modes))
        en.append("for " + ", ".join(MODES[one].en.lower() for one in who.modes) + " use")
    if who.purposes:
        zh.append("用于" + "、".join(PURPOSES[one].zh for one in who.purposes))
        en.append("for " + ", ".join(PURPOSES[one].en.lower() for one in who.purposes))
    if who.grade_from:
        zh.append(f"资格 {who.grade_from} 级及以上")
        en.append(f"from grade {who.grade_from}")
    if who.grade_below < 5:
        zh.append(f"资格低于 {who.grade_below} 级")
        en.append(f"below grade {who.grade_below}")
    return Sentence("，".join(zh), ", ".join(en))


def say_when(when: When) -> Sentence:
    """Say a weekly band; one that is always says nothing."""
    zh: list[str] = []
    en: list[str] = []
    if when.weekdays:
        days = sorted(when.weekdays)
        zh.append("周" + "、".join(WEEKDAYS_ZH[day] for day in days))
        en.append("on " + ", ".join(WEEKDAYS_EN[day] for day in days))
    if (when.from_minute, when.until_minute) != (0, 1440):
        zh.append(f"{_clock(when.from_minute)}-{'次日' if when.until_minute > 1440 else ''}{_clock(when.until_minute)}")
        en.append(f"{_clock(when.from_minute)}-{_clock(when.until_minute)}{' the next day' if when.until_minute > 1440 else ''}")
    if when.holidays == "only":
        zh.append("节假日")
        en.append("on holidays")
    if when.holidays == "not":
        zh.append("节假日除外")
        en.append("except on holidays")
    return Sentence(" ".join(zh), " ".join(en))


def _clock(minute: int) -> str:
    if minute == 1440:
        return "24:00"
    hours, minutes = divmod(minute % 1440, 60)
    return f"{hours:02d}:{minutes:02d}"
