"""The form of a saved report."""

from __future__ import annotations

from typing import Any

from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import NumberRange

from portal.forms import AtMost, Form, Required, options
from portal.language import current_language, lazy_t, say
from portal.savedreports import FORMATS, LAST_DAY, SCHEDULES, SPANS
from scheduling.statistics.reports import BY


class SavedForm(Form):
    """What is asked for, how it is written and when it is sent."""

    name = StringField(lazy_t("名称", "Name"), [Required(), AtMost(100)])
    by = SelectField(lazy_t("按什么分行", "A row for each"), default="organisation")
    span = SelectField(lazy_t("时间", "Time"), default="last_month")
    format = SelectField(lazy_t("格式", "File"), default="xlsx")
    language = SelectField(lazy_t("语言", "Language"), choices=options((("zh", "中文"), ("en", "English"))))
    schedule = SelectField(lazy_t("发送", "Sent"), default="monthly")
    day = IntegerField(lazy_t("几号", "On day"), [NumberRange(1, LAST_DAY)], default=1)

    def __init__(self, **values: Any) -> None:
        super().__init__(**{"language": current_language(), **values})
        for field, known in (("by", BY), ("span", SPANS), ("format", FORMATS), ("schedule", SCHEDULES)):
            self[field].choices = options((key, say(words)) for key, words in known.items())

    def fields(self, given: dict[str, str]) -> dict[str, Any]:
        """Give what the report asks for; `given` are its filters."""
        told = {name: self[name].data for name in ("name", "span", "format", "language", "schedule", "day")}
        return {**told, "given": {**given, "by": self.by.data}}
