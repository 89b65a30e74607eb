"""The forms of a use: what the user tells at the end, how it was, and what a manager writes down or corrects."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import DateTimeLocalInput

from instruments.errors import Invalid, Sentence
from instruments.timespan import TimeSpan
from portal.forms import AtMost, Form, Required, options
from portal.language import lazy_t
from portal.walltimes import read_span
from scheduling.particulars import MOST_MINUTES, MOST_PIECES, Particulars
from scheduling.usage import MODES, OUTCOMES, PURPOSES, RATINGS, UsageRecord

QUANTITY = re.compile(r"\s*([^=＝:：\s][^=＝:：]{0,39}?)\s*[=＝:：]\s*([0-9]{1,10}(?:\.[0-9]{1,6})?)\s*")
NO_QUANTITY = Sentence("每行写一项，例如：液氮=2.5", "Write one on each line, such as: nitrogen=2.5")


def words_of(known: Any) -> Any:
    """Make what a list to choose from offers from a code list of sentences."""
    return options((key, lazy_t(words.zh, words.en)) for key, words in known.items())


def number(zh: str, en: str, most: int) -> IntegerField:
    """Make a field for a whole number that may be left empty."""
    return IntegerField(lazy_t(zh, en), [Optional(), NumberRange(0, most)], render_kw={"inputmode": "numeric", "min": 0, "max": most})


class EndForm(Form):
    """What the user tells when she is done."""

    samples = number("样品数", "Samples", MOST_PIECES)
    fault_minutes = number("其中故障（分钟）", "Of it lost to faults (minutes)", MOST_MINUTES)
    outcome = SelectField(lazy_t("结果", "How it came out"), choices=words_of(OUTCOMES), default="")
    content = TextAreaField(lazy_t("做了什么", "What was done"), [AtMost(500)], render_kw={"rows": 2})

    def known(self) -> Particulars:
        """Give what was told."""
        return Particulars(
            samples=self.samples.data or 0, fault_minutes=self.fault_minutes.data or 0, outcome=self.outcome.data or "", content=self.content.data or ""
        )  # fmt: skip


class RatingForm(Form):
    """How satisfied the user is."""

    rating = RadioField(lazy_t("您对这次服务", "How satisfied are you?"), choices=words_of(RATINGS), validate_choice=False)
    comment = TextAreaField(lazy_t("想说的话", "A word about it"), [AtMost(500)], render_kw={"rows": 2})


class UseForm(Form):
    """A use as a manager writes it down: whose, when, how, and what is known of it."""

    person = StringField(
        lazy_t("使用者邮箱", "The user's e-mail address"),
        [Required(), AtMost(254)],
        render_kw={"inputmode": "email", "autocomplete": "off"},
    )
    group = SelectField(
        lazy_t("课题组", "Group"), [Optional()], validate_choice=False, choices=options([("", lazy_t("无", "none"))]), default=""
    )
    start = StringField(lazy_t("开始", "From"), [Required()], widget=DateTimeLocalInput())
    end = StringField(lazy_t("结束", "Until"), [Required()], widget=DateTimeLocalInput())
    mode = SelectField(lazy_t("使用方式", "How"), choices=words_of(MODES), default="self")
    purpose = SelectField(lazy_t("用途", "What for"), choices=words_of(PURPOSES), default="research")
    operator = StringField(lazy_t("操作人邮箱", "The operator's e-mail address"), [AtMost(254)], render_kw={"autocomplete": "off"})
    lane = IntegerField(lazy_t("机位", "Place"), [Optional(), NumberRange(1, 500)])
    samples = number("样品数", "Samples", MOST_PIECES)
    runs = number("次数", "Runs", MOST_PIECES)
    startup_minutes = number("开机预热（分钟）", "Start-up (minutes)", MOST_MINUTES)
    post_minutes = number("后处理（分钟）", "Post-processing (minutes)", MOST_MINUTES)
    fault_minutes = number("其中故障（分钟）", "Of it lost to faults (minutes)", MOST_MINUTES)
    effective_minutes = number("有效机时（分钟）", "Effective time (minutes)", MOST_MINUTES)
    quantities = TextAreaField(lazy_t("其他数量", "Other quantities"), [AtMost(2000)], render_kw={"rows": 2})
    project = StringField(lazy_t("项目", "Project"), [AtMost(200)])
    content = TextAreaField(lazy_t("方法与内容", "Method and content"), [AtMost(500)], render_kw={"rows": 2})
    outcome = SelectField(lazy_t("结果", "How it came out"), choices=words_of(OUTCOMES), default="")

    def span(self, tz: ZoneInfo) -> TimeSpan:
        """Read the times on the instrument's clock; Invalid with the name of the field."""
        return read_span(self.start.data or "", self.end.data or "", tz)

    def known(self) -> Particulars:
        """Give the particulars; Invalid for quantities that cannot be read."""
        return Particulars(
            self.startup_minutes.data or 0, self.post_minutes.data or 0, self.fault_minutes.data or 0, self.effective_minutes.data,
            self.samples.data or 0, self.runs.data or 0, read_quantities(self.quantities.data or ""), (), self.content.data or "",
            self.project.data or "", self.outcome.data or "",
        )  # fmt: skip


class CorrectionForm(UseForm):
    """A use as it should have been written down, and why it was not."""

    reason = TextAreaField(lazy_t("更正的原因", "Why it is corrected"), [Required(), AtMost(500)], render_kw={"rows": 2})


def read_quantities(text: str) -> tuple[tuple[str, Decimal], ...]:
    """Read lines such as "nitrogen=2.5"."""
    found = []
    for line in text.splitlines():
        if not line.strip():
            continue
        match = QUANTITY.fullmatch(line)
        if match is None:
            raise Invalid("quantities", NO_QUANTITY)
        found.append((match[1], Decimal(match[2])))
    return tuple(found)


def written_quantities(one: UsageRecord) -> str:
    """Write quantities as they are read."""
    return "\n".join(f"{code}={amount}" for code, amount in one.quantities.items())
