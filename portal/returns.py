"""Returns as their readers see them: the page of one, where an error is mended, and the words all these pages share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import PortalError
from instruments.exchange.fields import FIELDS
from instruments.fields import BY_NAME
from instruments.people import Organisation
from portal.api.paging import cursor_of, key_of
from portal.auth import viewer
from portal.language import name, say, t
from portal.transactions import reading
from portal.vouchers import reasons
from scheduling.returning.checks import said
from scheduling.returning.formats import ReturnField
from scheduling.returning.lateness import deadlines, due_on
from scheduling.returning.returns import STATES, Return, ReturnRow, editions_of, rows_of, seen_return, shown, signs_for
from scheduling.returning.servicerows import count_left_out, count_unconfirmed
from scheduling.returning.since import Since, changed_since

ROWS, ERRORS = 20, 25
LOOKS = {"draft": "", "signed": "warn", "accepted": "good", "sent_back": "stop", "missing": "stop"}
WORDS = {"states": STATES, "return_looks": LOOKS}
# Where the register's form has a field under another name than the list of fields.
_OURS = {field.national: field.attribute for field in FIELDS if field.national}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong with a row: in words, and where it is mended ("" where the reader cannot)."""

    text: str
    url: str
    action: str


@dataclass(frozen=True, slots=True)
class WrongRow:
    """A row with all that is wrong with it."""

    row: ReturnRow
    about: str
    complaints: tuple[Complaint, ...]


def complaints_of(one: Return, row: ReturnRow, who: Viewer) -> tuple[Complaint, ...]:
    """Say all that is wrong with a row, each with the page on which it is put right."""
    return tuple(_complaint(one, row, problem, who) for problem in row.problems)


def _complaint(one: Return, row: ReturnRow, problem: list[str], who: Viewer) -> Complaint:
    field = one.layout.field(problem[0])
    url, action = MENDED[field.mend](one, row, field, who)
    return Complaint(say(said(one.layout, problem)), url, action)


def _at_use(_one: Return, row: ReturnRow, _field: ReturnField, _who: Viewer) -> tuple[str, str]:
    return url_for("usage.show", usage_id=row.usage_id), t("查看使用记录", "See the use")


def _at_facts(_one: Return, row: ReturnRow, _field: ReturnField, _who: Viewer) -> tuple[str, str]:
    return url_for("manage.return_facts", usage_id=row.usage_id), t("补充", "Fill it in")


def _at_instrument(_one: Return, row: ReturnRow, field: ReturnField, _who: Viewer) -> tuple[str, str]:
    ours = _OURS.get(field.name, "")
    anchor = ours if ours in BY_NAME else None
    return url_for("manage.edit", instrument_id=row.instrument_id, _anchor=anchor), t("修改仪器信息", "Edit the instrument")


def _at_organisation(one: Return, _row: ReturnRow, _field: ReturnField, who: Viewer) -> tuple[str, str]:
    if who.is_province_admin:
        return url_for("province.organisation", organisation_id=one.organisation_id), t("修改单位信息", "Edit the organisation")
    return "", t("请联系省平台管理员", "Ask the province's administrator")


def _at_figures(one: Return, row: ReturnRow, _field: ReturnField, who: Viewer) -> tuple[str, str]:
    if signs_for(who, one.organisation_id):
        return url_for("organisations.return_figures", return_id=one.id, instrument_id=row.instrument_id), t(
            "填写人工数据", "Type the figures"
        )
    return url_for("manage.results", instrument_id=row.instrument_id), t("登记成果", "Write down results")


MENDED: dict[str, Callable[[Return, ReturnRow, ReturnField, Viewer], tuple[str, str]]] = {
    "use": _at_use, "charge": _at_use, "person": _at_use, "facts": _at_facts, "instrument": _at_instrument, "organisation": _at_organisation,
    "figures": _at_figures,
}  # fmt: skip


def about(one: Return, row: ReturnRow) -> str:
    """Say in a few words which row it is, without naming anybody."""
    parts = (name(row.instrument), row.data.get("innerId", ""), row.data.get("month", ""), row.data.get("startTime", ""))
    return " ".join(str(part) for part in parts if part) or str(row.position)


def return_page(return_id: int, error: PortalError | None = None) -> str:
    """Write the page of a return, with the reasons why a step was refused."""
    who = viewer()
    after, wrong_after = key_of(request.args.get("after"), int), key_of(request.args.get("wrong"), int)
    with reading() as session:
        one = seen_return(session, return_id, who)
        rows, more = rows_of(session, one, after=after[0] if after else 0, limit=ROWS)
        wrong, more_wrong = rows_of(session, one, after=wrong_after[0] if wrong_after else 0, limit=ERRORS, wrong_only=True)
        signs, editions = signs_for(who, one.organisation_id), editions_of(session, one)
        return render_template(
            "returns/show.html", one=one, layout=one.layout, rows=[(row, shown(one, row.data, who)) for row in rows],
            next=cursor_of(more) if more else None, wrong=[WrongRow(row, about(one, row), complaints_of(one, row, who)) for row in wrong],
            next_wrong=cursor_of(more_wrong) if more_wrong else None, editions=editions, since=_since(session, one),
            left_out=_left_out(session, one), unconfirmed=_unconfirmed(session, one), due=due_on(one.period, deadlines(session)[one.kind]),
            may_sign=signs and one.state == "draft", may_remake=signs and one.state in ("draft", "sent_back") and editions[-1].id == one.id, signs=signs,
            may_review=who.is_province_admin and one.state == "signed", problems=reasons(error), **WORDS,
        )  # fmt: skip


def _since(session: Session, one: Return) -> Since:
    return Since() if one.state == "draft" else changed_since(session, one)


def _left_out(session: Session, one: Return) -> int:
    return _counted(session, one, count_left_out)


def _unconfirmed(session: Session, one: Return) -> int:
    return _counted(session, one, count_unconfirmed)


def _counted(session: Session, one: Return, count: Callable[[Session, Organisation, Any], int]) -> int:
    """Count what a draft of service records leaves out or takes along with doubt; nothing of other returns."""
    return count(session, one.organisation, one.period) if one.kind == "service_records" and one.state == "draft" else 0
