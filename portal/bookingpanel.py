"""The panel beside a booking form: what would come of it, every rule with a tick or the reason, and the times that would work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from instruments.errors import Invalid
from instruments.timespan import TimeSpan
from portal.formats import duration, instant, money, wall
from portal.forms import Form
from portal.language import name, t
from portal.quotes import Checked, checked
from portal.rateshown import Price, price_of_quote
from scheduling.alternatives import Alternative
from scheduling.quoting import Quote


@dataclass(frozen=True, slots=True)
class Offer:
    """One time that would work, one press away: its address, and for this instrument the times to fill in (start, end)."""

    url: str
    span: TimeSpan
    tz: str
    words: str
    times: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """kind: possible, approval, refused or unread; `action` is what the one button says.

    `ask_url` is where a qualification that is missing is asked for.
    """

    kind: str
    summary: str
    action: str
    span: TimeSpan | None = None
    tz: str = ""
    checked: Sequence[Checked] = ()
    offers: Sequence[Offer] = ()
    problems: Sequence[str] = ()
    ask_url: str = ""
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What the button says when the time can be had, and when it must be asked for."""

    book: str
    ask: str


def booking_words() -> Words:
    """Give the words of a new booking."""
    return Words(t("预约", "Book"), t("申请预约", "Ask for approval"))


def moving_words() -> Words:
    """Give the words of a move."""
    return Words(t("改到这个时间", "Move it here"), t("申请改期", "Ask to move it"))


def panel_of(found: Quote, span: TimeSpan, words: Words, address: Callable[[Alternative], str]) -> Panel:
    """Show a quote; `address` gives the page on which an alternative is filled in."""
    own = {case.instrument.id for case in found.cases}
    offers = [_offer(one, span, own, address(one)) for one in found.alternatives]
    unqualified = [case for case in found.cases if any(one.code == "qualification" for one in case.refusals)]
    ask_url = url_for("qualifications.ask", instrument_id=unqualified[0].instrument.id) if unqualified else ""
    kind = "refused" if found.refusals else "approval" if found.approvals else "possible"
    summary = {
        "refused": t("这个时间约不了。", "This time cannot be had."),
        "approval": t("可以申请，管理员批准后生效。", "You can ask for it; a manager decides."),
        "possible": t("可以约，提交后立即确认。", "You can have it, confirmed at once."),
    }[kind]
    action = words.ask if kind == "approval" else words.book
    return Panel(kind, summary, action, span, found.cases[0].instrument.time_zone, checked(found), offers, ask_url=ask_url, price=price_of_quote(found))


def unchanged_panel(span: TimeSpan, tz: str, words: Words) -> Panel:
    """Say that a booking would be moved to where it is."""
    return Panel("unread", t("它现在就在这个时间。", "It is at this time now."), words.book, span, tz)


def unread_panel(form: Form, words: Words) -> Panel:
    """Say what keeps the form from being understood: its errors, or that no time is chosen yet."""
    problems = [f"{field.label.text}{t('：', ': ')}{error}" for field in form for error in field.errors]
    summary = t("请先改正：", "Please put this right first:") if problems else t("请选择时间。", "Choose a time.")
    return Panel("unread", summary, words.book, problems=[*problems, *map(str, form.form_errors)])


def unread_because(form: Form, error: Invalid, words: Words) -> Panel:
    """Show beside its field what could not be read, and say so in the panel."""
    form.refuse(error)
    return unread_panel(form, words)


def booking_address(args: Mapping[str, Any]) -> Callable[[Alternative], str]:
    """Lead to the booking page of an alternative's instrument, or of all of several, with the rest of the form as it was."""
    if "ids" in args:
        return lambda one: url_for("bookings.several", **times_of(one.span), **args)
    return lambda one: url_for("bookings.create", instrument_id=one.instrument.id, **times_of(one.span), **args)


def times_of(span: TimeSpan) -> dict[str, str]:
    """Give a span as the part of an address."""
    return {"start": instant(span.start), "end": instant(span.end)}


def _offer(one: Alternative, wished: TimeSpan, own: set[int], url: str) -> Offer:
    instrument, is_own = one.instrument, one.instrument.id in own
    own_words = t("本仪器", "this instrument") if len(own) == 1 else t("全部仪器", "all of them")
    told = [own_words if is_own else f"{name(instrument)} {instrument.model}".strip()]
    if not is_own:
        told.append(name(instrument.organisation))
    if one.span.start == wished.start:
        told.append(t("开始时间相同", "same start"))
    if one.span.duration != wished.duration:
        told.append(duration(one.span))
    if one.needs_approval:
        told.append(t("需审批", "needs approval"))
    if one.total is not None:
        told.append(money(one.total))
    times = (wall(one.span.start, instrument.time_zone), wall(one.span.end, instrument.time_zone)) if is_own else None
    return Offer(url, one.span, instrument.time_zone, t("，", ", ").join(told), times)
