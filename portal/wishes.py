"""The booking form: what a person wishes for, from a link or from the fields, and what it takes to show it again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput, DateTimeLocalInput, ListWidget

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import Invalid, Sentence
from instruments.people import Group
from instruments.timespan import TimeSpan
from portal.formats import wall
from portal.forms import AtMost, Form, Required
from portal.language import lazy_t, name, say, t
from portal.rateshown import specs_of
from portal.walltimes import ShownTwice, read_span, read_time, turn_of
from scheduling.accounting.spenders import payable_by
from scheduling.bookings import MODES, PURPOSES
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.unitwords import quantities_of
from scheduling.rates import HAZARD
from scheduling.reserving import LONGEST_NOTE, Wish

TURNS = ("first", "second")
MISSING = lazy_t("请填写日期和时间。", "Please give a day and a time.")


class WallField(StringField):
    """A day and a time on the instrument's wall clock, as text: what it means is read later, with the zone."""

    widget = DateTimeLocalInput()


class TimesForm(Form):
    """From when to when; `*_again` matters only where the clocks show a time twice. `form_key` makes one sending of many."""

    start = WallField(lazy_t("开始", "From"), [Required(MISSING)])
    end = WallField(lazy_t("结束", "To"), [Required(MISSING)])
    start_again = SelectField(lazy_t("开始时间出现两次，是哪一次", "The start comes twice: which one"), validate_choice=False)
    end_again = SelectField(lazy_t("结束时间出现两次，是哪一次", "The end comes twice: which one"), validate_choice=False)
    note = TextAreaField(
        lazy_t("备注", "Note"),
        [AtMost(LONGEST_NOTE)],
        description=lazy_t("管理员能看到，例如样品情况、需要的附件。", "The manager reads it: your samples, say, or accessories you need."),
        render_kw={"rows": 3},
    )
    form_key = HiddenField()

    def prepare(self, tz: str) -> None:
        """Set what depends on the instrument's zone, and name the choices in the reader's language."""
        self.zone, self.twice = ZoneInfo(tz), set()
        words = {"first": t("第一次（拨慢之前）", "The first, before the change"), "second": t("第二次（拨慢之后）", "The second, after it")}
        for field in (self.start_again, self.end_again):
            field.choices = [("", t("请选择", "Please choose")), *((turn, words[turn]) for turn in TURNS)]

    def set_span(self, span: TimeSpan) -> None:
        """Show a span in the fields."""
        self.start.data, self.end.data = wall(span.start, self.zone.key), wall(span.end, self.zone.key)
        self.start_again.data, self.end_again.data = turn_of(span.start, self.zone), turn_of(span.end, self.zone)

    def read_span(self) -> TimeSpan:
        """Read the span from the fields; Invalid with its field for what cannot be."""
        return read_span(
            self.start.data or "", self.end.data or "", self.zone,
            start_again=self.start_again.data or "", end_again=self.end_again.data or "",
        )  # fmt: skip

    def asks_turn(self, field: str) -> bool:
        """Say whether the page must ask which of two a time means."""
        return field in self.twice or bool(self[f"{field}_again"].data)

    def refuse(self, error: Invalid) -> None:
        """Show what was refused beside its field, and remember where the page must ask again."""
        super().refuse(error)
        if isinstance(error, ShownTwice):
            self.twice.add(error.field)

    def renew_key(self) -> None:
        """Give the form a key of its own: sent twice, it counts once; shown again after a refusal, it is another form."""
        self.form_key.data = secrets.token_urlsafe(18)

    def asked(self) -> dict[str, Any]:
        """Give what is asked, without what changes from one showing of the form to the next."""
        return {field.name: field.data for field in self if field.name not in ("form_key", "csrf_token")}


@dataclass(frozen=True, slots=True)
class Count:
    """One number a tariff asks for, by the code of its unit: samples, runs, injections."""

    code: str
    label: str
    text: str

    @property
    def field(self) -> str:
        """Name its input."""
        return f"quantity-{self.code}"


class WishForm(TimesForm):
    """All of a wish but the instruments."""

    mode = SelectField(lazy_t("使用方式", "How"))
    purpose = SelectField(lazy_t("用途", "What for"))
    group = SelectField(lazy_t("课题组", "For which group"), default="")
    account = SelectField(lazy_t("付款账户", "Paid from"), default="")
    options = SelectMultipleField(
        lazy_t("附加项目", "Options"), option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False), default=list
    )
    counts: tuple[Count, ...] = ()

    def offer(self, session: Session, instruments: Sequence[Instrument], viewer: Viewer, now: datetime) -> None:
        """Offer the modes these instruments have for this person, her groups and accounts, and what their rates ask for."""
        self.prepare(instruments[0].time_zone)
        self._ask_for_rates(specs_of(session, instruments, now))
        self.mode.choices = [(mode, say(MODES[mode])) for mode in modes_of(instruments, viewer)]
        self.purpose.choices = [(purpose, say(words)) for purpose, words in PURPOSES.items()]
        providers = {one.organisation_id for one in instruments}
        accounts = payable_by(session, viewer, provider_id=providers.pop() if len(providers) == 1 else None, now=now)
        self.account.choices = [("", t("不指定", "Not said")), *((str(one.id), f"{one.name} ({one.number})") for one in accounts)]
        groups = session.scalars(select(Group).where(Group.id.in_(viewer.group_ids)).order_by(Group.id)).all() if viewer.group_ids else ()
        self.group.choices = [*((str(group.id), name(group)) for group in groups), ("", t("不计入课题组", "None"))]

    def start_from(self, args: Mapping[str, str]) -> None:
        """Choose as a link says, but for the times; what it does not say, or says wrongly, is left at what is usual."""
        for field in (self.mode, self.purpose, self.group, self.account):
            known = [value for value, _ in field.choices or ()]
            field.data = args[field.name] if args.get(field.name) in known else known[0]

    def _ask_for_rates(self, specs: Sequence[TariffSpec]) -> None:
        choices = {choice.code: say(choice.name) for spec in specs for choice in spec.choices}
        self.options.choices = list(choices.items())
        units = {code: say(words) for spec in specs for code, words in quantities_of(spec).items()}
        if any(one.only.hazard_from for spec in specs for one in (*spec.fees, *spec.adjustments, *spec.meters)):
            units[HAZARD] = t("样品危险等级（0-9）", "Hazard of the samples (0-9)")
        self.counts = tuple(Count(code, words, request.form.get(f"quantity-{code}", "").strip()[:20]) for code, words in units.items())

    def asked(self) -> dict[str, Any]:
        """Give what is asked, with the numbers the rates want."""
        return super().asked() | {count.field: count.text for count in self.counts}

    def read_wish(self, instrument_ids: Sequence[int]) -> Wish:
        """Read the wish; Invalid with its field for what cannot be."""
        group = self.group.data or ""
        return Wish(
            tuple(instrument_ids), self.read_span(), self.mode.data or "", self.purpose.data or "", int(group) if group else None,
            self.note.data or "", int(self.account.data) if self.account.data else None,
            quantities=read_counts(self.counts), options=tuple(self.options.data or ()),
        )  # fmt: skip


def read_counts(counts: Sequence[Count]) -> tuple[tuple[str, Decimal], ...]:
    """Read the numbers that were filled in; Invalid for what is none."""
    try:
        return tuple((count.code, Decimal(count.text)) for count in counts if count.text)
    except InvalidOperation as error:
        raise Invalid("quantities", Sentence("数量须为数字，例如 3。", "A quantity is a number such as 3.")) from error


def modes_of(instruments: Sequence[Instrument], viewer: Viewer) -> list[str]:
    """Give the modes all of the instruments offer this person, the usual one first."""
    own = ["self"] if all(one.self_operated for one in instruments) else []
    manages = all(viewer.may_manage(one) for one in instruments)
    return [*own, "assisted", "remote", "teaching", "training", *(["maintenance"] if manages else [])]


def span_of_link(args: Mapping[str, str], zone: ZoneInfo, usual: TimeSpan | None) -> TimeSpan | None:
    """Read ?start= and ?end= of a link, on the wall clock or with an offset; without an end, or without both, what is usual.

    Invalid for what cannot be.
    """
    if not args.get("start"):
        return usual
    if args.get("end"):
        return read_span(args["start"], args["end"], zone)
    start = read_time(args["start"], zone, "start")
    return TimeSpan(start, start + usual.duration) if usual else None


def check_zones(instruments: Sequence[Instrument]) -> None:
    """Refuse to book instruments together whose clocks differ: one time on the page would be two."""
    if len({one.time_zone for one in instruments}) > 1:
        raise Invalid(
            "instruments",
            Sentence("所选仪器不在同一时区，请分别预约。", "These instruments live by different clocks. Please book them one by one."),
        )

