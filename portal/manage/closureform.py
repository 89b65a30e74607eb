"""The form of a closure: when, how often, of what kind and why, and what becomes of the bookings it meets."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import DateInput, DateTimeLocalInput

from instruments.closures import KINDS, REPEATS
from instruments.errors import Invalid, Sentence
from instruments.timespan import TimeSpan, from_wall
from portal.forms import AtMost, Form, Required, options
from portal.language import lazy_t

NO_TIME = Sentence("请填写日期和时间，例如 2026-11-27 15:00。", "Please give a day and a time, such as 2026-11-27 15:00.")
NO_DAY = Sentence("请填写日期，例如 2026-12-31。", "Please give a date, such as 2026-12-31.")


class ClosureForm(Form):
    """Asks when, how often, of what kind and why; and what becomes of the bookings it meets."""

    scope = RadioField(lazy_t("停机范围", "What is closed"), validate_choice=True)
    start = StringField(lazy_t("开始", "From"), [Required()], widget=DateTimeLocalInput())
    end = StringField(lazy_t("结束", "Until"), [Required()], widget=DateTimeLocalInput())
    kind = SelectField(
        lazy_t("类型", "Kind"), choices=options((key, lazy_t(words.zh, words.en)) for key, words in KINDS.items()), default="maintenance"
    )
    reason = TextAreaField(lazy_t("原因", "Reason"), [Required(), AtMost(300)], render_kw={"rows": 2})
    repeats = SelectField(
        lazy_t("重复", "Repeats"), choices=options((key, lazy_t(words.zh, words.en)) for key, words in REPEATS.items()), default=""
    )
    repeat_every = IntegerField(lazy_t("间隔", "Every"), [Optional(), NumberRange(1, 99)], default=1)
    repeat_until = StringField(lazy_t("重复至", "Last day"), [Optional()], widget=DateInput())
    treat = RadioField(
        lazy_t("受影响的预约", "The bookings it meets"), default="cancel",
        choices=options([
            ("cancel", lazy_t("取消，并通知本人", "Cancel them, and tell their people")),
            ("keep", lazy_t("保留，并提醒本人届时停机", "Let them stand, and tell their people of the closure")),
        ]),
    )  # fmt: skip

    def span(self, tz: ZoneInfo) -> TimeSpan:
        """Read the times on the instrument's clock; Invalid with the name of the field."""
        return TimeSpan(_instant("start", self.start.data, tz), _instant("end", self.end.data, tz))

    def last_day(self) -> date | None:
        """Read the last day of a recurring one."""
        if not self.repeats.data or not self.repeat_until.data:
            return None
        try:
            return date.fromisoformat(self.repeat_until.data)
        except ValueError as error:
            raise Invalid("repeat_until", NO_DAY) from error


def _instant(field: str, text: str, tz: ZoneInfo) -> datetime:
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is not None or not 1990 <= local.year <= 2200:
            raise ValueError(text)
    except ValueError as error:
        raise Invalid(field, NO_TIME) from error
    return from_wall(local, tz)
