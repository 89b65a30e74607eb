"""Rules that hold for every instrument without being written into its rule book."""

from __future__ import annotations

from datetime import timedelta

from instruments.catalogue import Instrument
from instruments.errors import Refusal, Sentence
from scheduling.bookings import LONGEST
from scheduling.rules.base import Ask, When
from scheduling.rules.persons import QualificationRule
from scheduling.rules.times import OpenHours, TimeGrid

CLOCK_SLACK = timedelta(minutes=1)


def refuse_unbookable(ask: Ask) -> Refusal | None:
    """An instrument takes bookings only while published and accepting them."""
    if not ask.instrument.is_published:
        return Refusal("not_published", Sentence("该仪器目前未开放预约。", "This instrument is not open for booking now."))
    if not ask.instrument.accepts_bookings:
        return Refusal(
            "no_bookings",
            Sentence("该仪器不接受机时预约,请联系管理员。", "This instrument takes no bookings of time. Please ask its manager."),
        )
    return None


def refuse_past(ask: Ask) -> Refusal | None:
    """A booking cannot start in the past."""
    if ask.span.start + CLOCK_SLACK >= ask.now:
        return None
    return Refusal("past", Sentence("开始时间已过。", "That time has passed already."), {"earliest": ask.now})


def refuse_endless(ask: Ask) -> Refusal | None:
    """No booking lasts longer than 92 days."""
    if ask.span.duration <= LONGEST:
        return None
    return Refusal(
        "longest", Sentence("一次预约最长 92 天。", "A booking lasts 92 days at most."), {"minutes": int(LONGEST.total_seconds() // 60)}
    )


def refuse_unshared(ask: Ask) -> Refusal | None:
    """An instrument shared only inside its organisation, or not shared, is booked by its own people only."""
    if ask.instrument.sharing_mode == "external" or ask.audience in ("group", "internal"):
        return None
    return Refusal("sharing", Sentence("该仪器仅在本单位内部共享。", "This instrument is shared inside its own organisation only."))


def refuse_mode(ask: Ask) -> Refusal | None:
    """Only modes the instrument offers; maintenance is for its managers."""
    if ask.mode == "maintenance" and not ask.is_manager:
        return Refusal("mode", Sentence("维护机时仅限仪器管理员预约。", "Only a manager books time for maintenance."))
    if ask.mode == "self" and not ask.instrument.self_operated:
        return Refusal(
            "mode",
            Sentence("该仪器不提供自主上机,请选择协助上机。", "This instrument is not self-operated. Choose assisted use."),
            {"modes": ["assisted"]},
        )
    return None


def refuse_unqualified(ask: Ask) -> Refusal | None:
    """Who operates an instrument that needs training herself is qualified for it; its managers are."""
    if not ask.instrument.needs_qualification or ask.is_manager:
        return None
    return QualificationRule(grade=1).check(ask, When())


STANDING = (refuse_unbookable, refuse_past, refuse_endless, refuse_unshared, refuse_mode, refuse_unqualified)


def default_rules(instrument: Instrument) -> tuple[TimeGrid, OpenHours]:
    """Give the rules that apply unless the rule book has its own entry of the kind."""
    return TimeGrid(step_minutes=min(instrument.step_minutes, 1440), offset_minutes=0), OpenHours(grade_outside=0)
