"""The form of an instrument: made from the table of its fields, in groups of which only the needed one is open at first."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.widgets import CheckboxInput, DateInput, ListWidget

from instruments.catalogue import SHARING_MODES, Instrument
from instruments.classification import Category
from instruments.codes import CodeEntry
from instruments.editing import snapshot
from instruments.facilities import Facility
from instruments.fields import BY_NAME
from instruments.people import Group, Organisation
from portal.forms import Form, options
from portal.language import lazy_t, name, say, t

MOST_PROPOSED = 6
GROUPS: Sequence[tuple[str, Any, tuple[str, ...]]] = (
    ("essentials", lazy_t("要点", "The essentials"), (
        "name_zh", "name_en", "inner_id", "category_code", "manufacturer", "model", "country", "original_value", "commissioned", "contact",
        "sharing_mode", "sharing_reason", "sharing_approval",
    )),
    ("what", lazy_t("能做什么", "What it can do"), ("functions", "specifications", "services", "achievements", "subjects", "aliases")),
    ("use", lazy_t("如何使用与预约", "How it is used and booked"), (
        "accepts_bookings", "self_operated", "sample_service", "needs_qualification", "step_minutes", "lanes", "setup_minutes",
        "cleanup_minutes", "time_zone", "requirements", "fees", "service_url",
    )),
    ("place", lazy_t("地点与联系方式", "Where it is and whom to ask"), (
        "province", "city", "county", "street", "building", "room", "longitude", "latitude", "phone", "email", "address", "postal_code",
    )),
    ("origin", lazy_t("归属与来源", "Where it belongs and came from"), (
        "facility_id", "group_id", "department", "source", "funds", "accepted_on", "condition", "is_dedicated", "customs_supervised",
        "customs_declaration", "customs_item", "customs_imported_on",
    )),
)  # fmt: skip
HINTS: Mapping[str, Any] = {
    "inner_id": lazy_t("单位内唯一，提交后不能更改。", "Unique in the organisation; it stays once submitted."),
    "category_code": lazy_t("输入名称或六位代码，从列表中选择。", "Type a name or the six digits, and choose from the list."),
    "manufacturer": lazy_t("填写制造商，不是代理商。", "The maker, not the agent."),
    "original_value": lazy_t("以元为单位，例如 1280000.00。", "In yuan, such as 1280000.00."),
    "commissioned": lazy_t("可只写年或年月：2016、2016-10、2016-10-05。", "A year, a month or a day: 2016, 2016-10, 2016-10-05."),
    "country": lazy_t("自行研制的填中国。", "China where it was built here."),
    "sharing_reason": lazy_t("仅在不共享时填写。", "Only where it is not shared."),
    "sharing_approval": lazy_t("批准文件的名称或文号，仅在不共享时填写。", "The document that approves it; only where it is not shared."),
    "contact": lazy_t("填写科室或岗位，不填个人号码。", "A role and an office, not a private number."),
    "aliases": lazy_t("每行一个；搜索时也能找到。", "One in each line; search finds them too."),
    "subjects": lazy_t("最多 4 个。", "At most four."),
    "lanes": lazy_t("可同时使用的位置数。", "How many can use it side by side."),
    "step_minutes": lazy_t("开始和结束时间的最小间隔。", "Bookings start and end on these steps."),
    "setup_minutes": lazy_t("每次使用前自动占用。", "Held before each use."),
    "cleanup_minutes": lazy_t("每次使用后自动占用。", "Held after each use."),
    "fees": lazy_t("按规定须公布收费标准。", "Published by rule."),
    "time_zone": lazy_t("例如 Asia/Shanghai。", "Such as Asia/Shanghai."),
    "accepted_on": lazy_t("新仪器自验收起 30 个工作日内报送。", "A new instrument is reported within 30 working days of it."),
    "funds": lazy_t("勾选来源并填写金额（元）。", "Tick the sources, with amounts in yuan."),
}
NEEDED = frozenset({"name_zh", "inner_id", "category_code", "original_value", "country", "manufacturer", "model", "commissioned", "contact"})
NUMERIC = {"whole": "numeric", "money": "decimal", "degrees": "decimal"}


class FundRow(PlainForm):
    """One source of funds."""

    kind = HiddenField()
    used = BooleanField()
    amount = StringField(lazy_t("金额（元）", "Amount (yuan)"))


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything the lists of the form offer, read once: (value, words)."""

    by_field: Mapping[str, Sequence[tuple[str, str]]]
    categories: Sequence[tuple[str, str]]
    funds: Mapping[str, str]


def read_choices(session: Session, organisation: Organisation) -> Choices:
    """Read what the form offers for an instrument of an organisation; four statements."""
    entries: dict[str, list[tuple[str, str]]] = {}
    wanted = ("country", "source", "condition", "city", "subject", "fund")
    rows = session.scalars(
        select(CodeEntry).where(CodeEntry.list_name.in_(wanted), CodeEntry.active).order_by(CodeEntry.position, CodeEntry.code)
    )
    for row in rows:
        entries.setdefault(row.list_name, []).append((row.code, say(row.name)))
    facilities = session.scalars(select(Facility).where(Facility.organisation_id == organisation.id).order_by(Facility.name_zh)).all()
    groups = session.scalars(select(Group).where(Group.organisation_id == organisation.id, Group.is_active).order_by(Group.name_zh)).all()
    kinds = session.execute(select(Category.code, Category.name_zh, Category.name_en).where(Category.level == 3).order_by(Category.code)).all()
    return Choices(
        {
            "country": entries.get("country", []), "source": entries.get("source", []), "condition": entries.get("condition", []),
            "city": entries.get("city", []), "subjects": entries.get("subject", []),
            "facility_id": [(str(one.id), name(one)) for one in facilities], "group_id": [(str(one.id), name(one)) for one in groups],
        },
        [(row.code, name(row)) for row in kinds],
        dict(entries.get("fund", [])),
    )  # fmt: skip


class InstrumentForm(Form):
    """The fields of an instrument, and what they were when the person saw them."""

    shown = HiddenField(default="1")
    seen = HiddenField()
    funds = FieldList(FormField(FundRow), label=lazy_t("资金来源", "Funds"))
    keep_spaces = ("seen",)

    def values(self) -> dict[str, Any]:
        """Give what was filled in, by field; what the form did not show is left out."""
        given = {field: self._value(field) for field in BY_NAME if field in self._fields and field != "funds"}
        sent = {field: value for field, value in given.items() if field in request.form or BY_NAME[field].kind in ("yes", "subjects")}
        return sent | {"funds": self._funds()}

    def _value(self, field: str) -> Any:
        value = self._fields[field].data
        return category_code(value) if field == "category_code" else value

    def _funds(self) -> list[dict[str, str]]:
        rows = [row.form for row in self.funds]
        return [{"kind": row.kind.data, "amount": row.amount.data or ""} for row in rows if row.used.data or row.amount.data]

    def seen_values(self) -> dict[str, Any]:
        """Read what the fields were when the form was written; nothing where that cannot be read."""
        try:
            found = json.loads(self.seen.data or "{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def _make(field: str) -> Field:
    kind, most = BY_NAME[field].kind, BY_NAME[field].most
    sentence = BY_NAME[field].label
    label, hint = lazy_t(sentence.zh, sentence.en), HINTS.get(field, "")
    if kind == "yes":
        return BooleanField(label, description=hint)
    if kind == "long":
        return TextAreaField(label, description=hint, render_kw={"maxlength": most, "rows": 3})
    if kind == "aliases":
        return TextAreaField(label, description=hint, render_kw={"rows": 3})
    if kind == "subjects":
        return SelectMultipleField(label, description=hint, validate_choice=False, widget=ListWidget(), option_widget=CheckboxInput())
    if kind == "choice":
        return RadioField(label, choices=options((key, lazy_t(words.zh, words.en)) for key, words in SHARING_MODES.items()), validate_choice=False)
    if kind in ("code", "key") or field == "city":
        return SelectField(label, description=hint, validate_choice=False)
    return StringField(label, description=hint, **_line(field, kind, most))


def _line(field: str, kind: str, most: int) -> dict[str, Any]:
    if kind == "day":
        return {"widget": DateInput()}
    attributes: dict[str, Any] = {"maxlength": most} if kind in ("text", "url", "zone", "email") else {}
    attributes |= {"inputmode": NUMERIC[kind]} if kind in NUMERIC else {}
    attributes |= {"list": "categories", "autocomplete": "off"} if field == "category_code" else {}
    return {"render_kw": attributes}


for _group, _title, _names in GROUPS:
    for _name in _names:
        if _name != "funds":
            setattr(InstrumentForm, _name, _make(_name))


def make_form(choices: Choices, instrument: Instrument | None, *, values: Mapping[str, Any] | None = None) -> InstrumentForm:
    """Make the form, filled from what was sent, or from `values`, or from the instrument as it is."""
    shown = dict(values if values is not None else snapshot(instrument) if instrument is not None else {})
    form = InstrumentForm(formdata=None if values is not None or request.method == "GET" else request.form, data=_as_typed(shown, choices))
    for field, pairs in choices.by_field.items():
        form[field].choices = options(_with_present(pairs, form[field].data, is_open=field != "subjects"))
    if instrument is not None and instrument.publication != "draft":
        del form.inner_id
    return form


def _as_typed(shown: Mapping[str, Any], choices: Choices) -> dict[str, Any]:
    """Write stored values as they stand in the inputs."""
    typed = {key: "" if value is None else str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
             for key, value in shown.items()}  # fmt: skip
    names = dict(choices.categories)
    code = typed.get("category_code") or ""
    typed["category_code"] = f"{code} {names.get(code, '')}".strip()
    if isinstance(typed.get("aliases"), list):
        typed["aliases"] = "\n".join(typed["aliases"])
    stored = list(typed.get("funds") or [])
    rest = [kind for kind in choices.funds if kind not in [row.get("kind") for row in stored]]
    typed["funds"] = [{"kind": row.get("kind", ""), "used": True, "amount": row.get("amount", "")} for row in stored]
    typed["funds"] += [{"kind": kind, "used": False, "amount": ""} for kind in rest]
    return typed


def _with_present(pairs: Sequence[tuple[str, str]], present: Any, *, is_open: bool) -> list[tuple[str, str]]:
    """Offer what is stored even where the list does not have it, and nothing at all."""
    known = {value for value, _ in pairs}
    stored = [one for one in (present if isinstance(present, list) else [present]) if one and str(one) not in known]
    return [*([("", t("（未填写）", "(none)"))] if is_open else []), *pairs, *((str(one), str(one)) for one in stored)]


def category_code(text: str | None) -> str:
    """Read what was typed for the category: six digits, with or without the name behind them, else the text as it is."""
    found = re.match(r"\s*(\d{6})(?!\d)", text or "")
    return found[1] if found else (text or "").strip()


def proposed_categories(session: Session, text: str) -> Sequence[Category]:
    """Give the categories whose name holds a text; the only one with exactly this name alone."""
    text = text.replace("\x00", "").strip()[:40]
    if not text:
        return ()
    like = or_(Category.name_zh.contains(text, autoescape=True), Category.name_en.icontains(text, autoescape=True))
    rows = session.scalars(select(Category).where(like, Category.level == 3).order_by(Category.code).limit(200)).all()
    exact = [row for row in rows if text.lower() in (row.name_zh.lower(), row.name_en.lower())]
    return exact if len(exact) == 1 else rows[:MOST_PROPOSED]
