"""What stands beside an instrument's facts: what it is doing now, when it is free next, and whether this reader may book it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.catalogue import PUBLICATIONS, Instrument
from instruments.qualifications import GRADES, Qualification
from instruments.schedules import schedule_of
from instruments.timespan import TimeSpan
from portal.formats import clock, day, duration, instant, when
from portal.language import say, t
from scheduling.availability import availability
from scheduling.present import LOOK_AHEAD, Present, present, usual_use
from scheduling.reach import Reach, reach
from scheduling.rules.bounds import Bounds


@dataclass(frozen=True, slots=True)
class State:
    """The state now in words (kind: free, busy, closed), and the next free time with the address to book it."""

    kind: str
    sentence: str
    reason: str
    next_free: TimeSpan | None
    next_words: str
    next_length: str
    book_url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of "may I": met, missing or plain; and what to do about it."""

    kind: str
    text: str
    url: str = ""
    action: str = ""


def state_of(session: Session, instrument: Instrument, limits: Bounds, now: datetime) -> State:
    """Look at the coming four weeks; four statements. What is proposed begins no earlier than the rules let anybody begin."""
    tz = instrument.time_zone
    one = availability(session, schedule_of(instrument), TimeSpan(now, now + LOOK_AHEAD))
    state = present(one, now)
    least = timedelta(minutes=one.schedule.step_minutes)
    first = one.first_free(least, not_before=max(now, limits.earliest)) if is_bookable(instrument) else None
    free = one.free_from(first.start) if first else None
    use = usual_use(free, one.schedule) if free else None
    is_shown = instrument.is_published
    return State(
        kind=state.kind if is_shown and state.kind != "unplanned" else "closed",
        sentence=sentence_of(state, tz, now) if is_shown else say(PUBLICATIONS[instrument.publication]),
        reason=state.reason if is_shown else "",
        next_free=use,
        next_words=when(use.start, tz, now) if use else "",
        next_length=duration(free.duration) if free and free.end < one.window.end else "",
        book_url=book_url(instrument.id, use),
    )


def is_bookable(instrument: Instrument) -> bool:
    """Say whether time on it is booked here at all."""
    return instrument.is_published and instrument.accepts_bookings


def book_url(instrument_id: int, span: TimeSpan | None = None) -> str:
    """Give the address of the booking page, with the time filled in where there is one."""
    times = {"start": instant(span.start), "end": instant(span.end)} if span else {}
    return url_for("bookings.create", instrument_id=instrument_id, **times)


def answers(session: Session, instrument: Instrument, state: State, viewer: Viewer, now: datetime) -> list[Answer]:
    """Say whether this reader may book, what is missing, and how to get it; seven statements at most."""
    if not is_bookable(instrument):
        return [Answer("missing", _why_not_booked(instrument))]
    if viewer.is_anonymous:
        here = url_for("instruments.show", instrument_id=instrument.id)
        words = t("登录后可查看您能否预约。", "Log in to see whether you may book it.")
        return [Answer("plain", words, url_for("auth.login", next=here), t("登录", "Log in"))]
    sample = state.next_free or TimeSpan(now, now + timedelta(minutes=instrument.step_minutes))
    stands = reach(session, instrument, sample, viewer=viewer, now=now)
    if not stands.refusals:
        return _allowed(instrument, stands, viewer, now)
    said = [Answer("missing", say(refusal.sentence)) for refusal in stands.refusals if refusal.code != "qualification"]
    if len(said) < len(stands.refusals):
        said.append(_unqualified(instrument, stands.qualification, now))
    if stands.lacks_qualification:
        said.append(Answer("plain", t("也可以预约由工作人员协助上机。", "Or book it with the help of the staff.")))
    return said


def sentence_of(state: Present, tz: str, now: datetime) -> str:
    """Say what an instrument is doing, in the reader's language."""
    if state.kind == "unplanned":
        return t("尚未公布开放时间", "No opening hours have been published")
    if state.until is None:
        return {
            "free": t("现在空闲", "Free now"),
            "busy": t("使用中", "In use"),
            "closed": t("近四周不开放", "Not open in the next four weeks"),
        }[state.kind]
    until = _until(state.until, tz, now)
    return {
        "free": t("空闲，至 {until}", "Free until {until}", until=until),
        "busy": t("使用中，至 {until}", "In use until {until}", until=until),
        "closed": t("未开放，至 {until}", "Closed until {until}", until=until),
    }[state.kind]


def _until(end: datetime, tz: str, now: datetime) -> str:
    """Write the end of a state: the time alone when it is today."""
    zone = ZoneInfo(tz)
    return clock(end, tz) if end.astimezone(zone).date() == now.astimezone(zone).date() else when(end, tz, now)


def _why_not_booked(instrument: Instrument) -> str:
    if not instrument.is_published:
        return t("该仪器目前未开放预约。", "It is not open for booking now.")
    return t("该仪器不在线预约机时，请联系管理员。", "Its time is not booked online. Please ask the people in charge.")


def _allowed(instrument: Instrument, stands: Reach, viewer: Viewer, now: datetime) -> list[Answer]:
    said = [Answer("met", t("您可以预约该仪器。", "You may book it."))]
    if viewer.may_manage(instrument):
        said = [Answer("met", t("您是该仪器的管理员。", "You are in charge of it."))]
    held = stands.qualification
    if held is not None and held.holds_on(now.astimezone(ZoneInfo(instrument.time_zone)).date()):
        grade = t("上机资格：{n} 级（{words}）", "Qualified: grade {n} ({words})", n=held.grade, words=say(GRADES[held.grade]))
        until = t("，有效期至 {day}", ", until {day}", day=day(held.expires_on)) if held.expires_on else ""
        said.append(Answer("met", grade + until))
    said += [Answer("plain", say(approval.sentence)) for approval in stands.approvals]
    if stands.mode == "assisted":
        said.append(Answer("plain", t("由工作人员协助上机。", "The staff operate it with you.")))
    return said


def _unqualified(instrument: Instrument, held: Qualification | None, now: datetime) -> Answer:
    """Say what became of the qualification, and lead to asking for it."""
    url = url_for("qualifications.ask", instrument_id=instrument.id)
    if held is None:
        return Answer(
            "missing", t("自主上机须先取得资格。", "To operate it yourself you need a qualification."), url, t("申请资格", "Ask for it")
        )
    if held.status == "asked":
        return Answer("plain", t("您已申请上机资格，等待管理员答复。", "You have asked for a qualification; the answer is still to come."))
    if held.status == "granted":
        if held.expires_on and held.expires_on < now.date():
            words = t("您的上机资格已于 {day} 到期。", "Your qualification ended on {day}.", day=day(held.expires_on))
            return Answer("missing", words, url, t("申请延期", "Ask for a new one"))
        words = t("您的资格等级为 {n} 级，尚不足以自主上机。", "Your grade, {n}, does not yet let you operate it yourself.", n=held.grade)
        return Answer("missing", words)
    ended = t("您的上机资格已撤销。", "Your qualification was taken back.") if held.status == "revoked" else ""
    ended = ended or t("您的上机资格申请未通过。", "Your request for a qualification was refused.")
    reason = t("原因：{why}", " The reason given: {why}", why=held.answer) if held.answer else ""
    return Answer("missing", ended + reason, url, t("再次申请", "Ask again"))
