"""Rules that hold for every instrument without being written into its rule book."""

from __future__ import annotations

from datetime import timedelta

from instruments.catalogue import Instrument
from instruments.errors import Refusal, Sentence
from scheduling.rules.base import Ask, Rule
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
            Sentence("该仪器不接受机时预约，请联系管理员。", "This instrument takes no bookings of time. Please ask its manager."),
        )
    return None


def refuse_past(ask: Ask) -> Refusal | None:
    """A booking cannot start in the past."""
    if ask.span.start + CLOCK_SLACK >= ask.now:
        return None
    return Refusal("past", Sentence("开始时间已过。", "That time has passed already."), {"earliest": ask.now})


def refuse_unshared(ask: Ask) -> Refusal | None:
    """An instrument shared only inside its organisation, or not shared, is booked by its own people and its managers only."""
    if ask.instrument.sharing_mode == "external" or ask.audience in ("group", "internal") or ask.is_manager:
        return None
    return Refusal("sharing", Sentence("该仪器仅在本单位内部共享。", "This instrument is shared inside its own organisation only."))


def refuse_mode(ask: Ask) -> Refusal | None:
    """Only modes the instrument offers; maintenance is for its managers."""
    if ask.mode == "maintenance" and not ask.is_manager:
        return Refusal("mode", Sentence("维护机时仅限仪器管理员预约。", "Only a manager books time for maintenance."))
    if ask.mode == "self" and not ask.instrument.self_operated:
        return Refusal(
            "mode",
            Sentence("该仪器不提供自主上机，请选择协助上机。", "This instrument is not self-operated. Choose assisted use."),
            {"modes": ["assisted"]},
        )
    return None


def refuse_closed(ask: Ask) -> Refusal | None:
    """A closure, named with its reason, shuts everybody out."""
    for shut in ask.opening.shut:
        if shut.span.overlaps(ask.span):
            reason = shut.reason.rstrip("。. ")
            sentence = Sentence(f"该时段停机：{reason}。", f"The instrument is closed at that time: {reason}.")
            return Refusal("closed", sentence, {"start": shut.span.start, "end": shut.span.end})
    return None


STANDING = (refuse_unbookable, refuse_past, refuse_unshared, refuse_mode, refuse_closed)


def default_rules(instrument: Instrument) -> list[Rule]:
    """Give the rules that apply where the rule book has no entry of the kind."""
    rules: list[Rule] = [TimeGrid(step_minutes=instrument.step_minutes), OpenHours()]
    return [*rules, QualificationRule()] if instrument.needs_qualification else rules
