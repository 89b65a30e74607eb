"""Publication: draft -> submitted -> published or sent back; suspended, retired; exemption; and the clock of 30 working days.

Source: 国科发基〔2017〕289号 Art. 11: a new instrument is reported within 30 working days of acceptance.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from instruments.catalogue import Instrument, PublicationPhase
from instruments.errors import Invalid, OutOfOrder, Refusal, Refused, Sentence
from instruments.holidays import SpecialDay
from instruments.timespan import zone

WORKING_DAYS_TO_REPORT = 30
STEPS = {
    "submit": ({"draft", "refused"}, "submitted"),
    "accept": ({"submitted"}, "published"),
    "send_back": ({"submitted"}, "refused"),
    "suspend": ({"published"}, "suspended"),
    "resume": ({"suspended"}, "published"),
    "retire": ({"published", "suspended", "draft", "refused"}, "retired"),
    "reopen": ({"retired"}, "draft"),
}
STEP_WORDS = {
    "submit": Sentence("提交审核", "Submit for audit"),
    "accept": Sentence("审核通过并发布", "Accept and publish"),
    "send_back": Sentence("退回", "Send back"),
    "suspend": Sentence("暂停开放", "Suspend"),
    "resume": Sentence("恢复开放", "Resume"),
    "retire": Sentence("退役", "Retire"),
    "reopen": Sentence("重新启用为草稿", "Reopen as a draft"),
}
NEED_REASON = frozenset({"send_back", "suspend", "retire", "reopen"})
REQUIRED = {
    "name_zh": Sentence("中文名称", "Chinese name"),
    "inner_id": Sentence("单位内部编号", "inner id"),
    "category_code": Sentence("仪器分类", "category"),
    "original_value": Sentence("原值", "original value"),
    "country": Sentence("产地国别", "country"),
    "manufacturer": Sentence("生产厂商", "manufacturer"),
    "model": Sentence("规格型号", "model"),
    "commissioned": Sentence("启用日期", "date of commissioning"),
    "contact": Sentence("联系人或联系科室", "contact"),
}
UNSHARED = {
    "sharing_reason": Sentence("不共享原因", "reason for not sharing"),
    "sharing_approval": Sentence("不共享的批准文件", "approval of not sharing"),
}
REPORTED = frozenset({"submitted", "published", "suspended", "retired"})


def step(instrument: Instrument, name: str, *, now: datetime, note: str = "") -> None:
    """Take one step of the publication; a step that does not follow is OutOfOrder, a lacking field or reason is refused."""
    if name not in STEPS:
        raise Invalid("step", Sentence("没有这一步骤。", "There is no such step."))
    allowed, target = STEPS[name]
    if instrument.publication not in allowed:
        raise OutOfOrder(
            Sentence("当前状态下不能进行此操作，请刷新页面。", "This step does not follow from the present state. Reload the page.")
        )
    if name in NEED_REASON and not note.strip():
        raise Invalid("note", Sentence("请填写原因。", "Please give the reason."))
    if len(note.strip()) > 500:
        raise Invalid("note", Sentence("原因不超过 500 字。", "A reason has at most 500 characters."))
    if name == "submit":
        _refuse_unready(instrument)
        instrument.submitted_at = now
    if name == "accept":
        instrument.published_at = now
    instrument.publication, instrument.publication_note = target, note.strip()
    instrument.phases.append(PublicationPhase(at=now, publication=target))
    instrument.schedule_version += 1


def missing_fields(instrument: Instrument) -> list[str]:
    """Name the required fields that are empty; an instrument that is not shared also needs its reason and who approved of it."""
    needed = [*REQUIRED, *UNSHARED] if instrument.sharing_mode == "none" else REQUIRED
    return [field for field in needed if getattr(instrument, field) in (None, "")]


def _refuse_unready(instrument: Instrument) -> None:
    refusals = [_refusal(field, (REQUIRED | UNSHARED)[field]) for field in missing_fields(instrument)]
    if refusals:
        raise Refused(refusals)


def _refusal(field: str, words: Sentence) -> Refusal:
    return Refusal(f"missing_{field}", Sentence(f"请先填写“{words.zh}”。", f"Please fill in the {words.en} first."), {"field": field})


def ask_exemption(instrument: Instrument, reason: str) -> None:
    """Apply for exemption from joining the network (secret, special use, technical limit), with the reason."""
    if not reason.strip() or len(reason.strip()) > 500:
        raise Invalid(
            "exemption_reason", Sentence("请填写豁免原因（不超过 500 字）。", "Give the reason for the exemption, at most 500 characters.")
        )
    if instrument.exemption_status in ("asked", "granted"):
        raise OutOfOrder(Sentence("已申请豁免或已获豁免。", "An exemption has been asked for, or is granted already."))
    instrument.exemption_reason, instrument.exemption_status = reason.strip(), "asked"


def decide_exemption(instrument: Instrument, *, granted: bool) -> None:
    """Grant or refuse an exemption that was asked for."""
    if instrument.exemption_status != "asked":
        raise OutOfOrder(Sentence("没有待处理的豁免申请。", "No exemption is being asked for."))
    instrument.exemption_status = "granted" if granted else "refused"
    instrument.is_exempt = granted


def working_days(after: date, until: date, days: Mapping[date, SpecialDay]) -> int:
    """Count working days after one date up to and including another; holidays and make-up workdays are minded."""
    if until <= after:
        return 0
    weeks, rest = divmod((until - after).days, 7)
    usual = weeks * 5 + sum((after + timedelta(days=number)).weekday() < 5 for number in range(1, rest + 1))
    return usual + sum(special.is_working - (day.weekday() < 5) for day, special in days.items() if after < day <= until)


def days_to_report(instrument: Instrument, now: datetime, days: Mapping[date, SpecialDay]) -> int | None:
    """Give the working days left to report a new instrument (negative: days late), or None without an acceptance date.

    The clock stops on the day it was submitted, by the instrument's own calendar, and runs on when it is sent back.
    """
    if instrument.accepted_on is None:
        return None
    reported_at = (instrument.submitted_at or instrument.published_at) if instrument.publication in REPORTED else None
    until = (reported_at or now).astimezone(zone(instrument.time_zone)).date()
    return WORKING_DAYS_TO_REPORT - working_days(instrument.accepted_on, until, days)
