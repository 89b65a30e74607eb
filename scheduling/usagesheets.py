"""Back-fill by sheet: rows of a list become uses, each by the same verb as a manager's entry; every row is reported, a bad one stops no other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer, managed_by
from instruments.catalogue import Instrument
from instruments.errors import Invalid, PortalError, Sentence
from instruments.people import person_by_email
from instruments.timespan import TimeSpan, from_wall, zone
from scheduling.particulars import Particulars
from scheduling.recording import UseEntry, record_use
from scheduling.usage import MODES, OUTCOMES, PURPOSES, UsageRecord

COLUMNS: Mapping[str, Sentence] = {
    "instrument": Sentence("仪器编号", "Instrument number"),
    "person": Sentence("使用者邮箱", "User e-mail"),
    "start": Sentence("开始时间", "Start"),
    "end": Sentence("结束时间", "End"),
    "mode": Sentence("使用方式", "Mode"),
    "purpose": Sentence("用途", "Purpose"),
    "samples": Sentence("样品数", "Samples"),
    "effective_minutes": Sentence("有效机时（分钟）", "Effective minutes"),
    "fault_minutes": Sentence("故障（分钟）", "Fault minutes"),
    "operator": Sentence("操作人邮箱", "Operator e-mail"),
    "project": Sentence("项目", "Project"),
    "content": Sentence("内容", "Content"),
    "outcome": Sentence("结果", "Outcome"),
}
NEEDED = ("instrument", "person", "start", "end")
MOST_ROWS = 200  # one transaction looks at them all: nobody waits long for the database
LOCAL = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]+(\d{1,2})[:：](\d{2})(?:[:：](\d{2})(?:\.0+)?)?")
WHOLE = re.compile(r"(\d{1,7})(?:\.0+)?")
NO_TIME = Sentence("请写作 2026-11-20 09:00。", "Write it as 2026-11-20 09:00.")
NO_NUMBER = Sentence("应为整数。", "This is a whole number.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a row: added, unchanged (it is recorded already) or refused, with the column and the reason."""

    row: int
    action: str
    cells: Mapping[str, str]
    field: str = ""
    reason: Sentence | None = None
    usage_id: int | None = None


def find_columns(headers: Sequence[str]) -> dict[str, int]:
    """Find what each column is by its header, in either language; Invalid when one that is needed is missing."""
    folded = [_fold(header) for header in headers]
    found = {
        key: folded.index(name)
        for key, words in COLUMNS.items()
        for name in (_fold(words.zh), _fold(words.en), _fold(key))
        if name in folded
    }
    missing = [COLUMNS[key] for key in NEEDED if key not in found]
    if missing:
        zh, en = "、".join(words.zh for words in missing), ", ".join(words.en for words in missing)
        raise Invalid("file", Sentence(f"表中缺少这些列：{zh}。", f"The sheet lacks these columns: {en}."))
    return found


def _fold(text: str) -> str:
    return re.sub(r"[\s_()（）*＊:：-]+", "", text).lower()


def read_rows(columns: Mapping[str, int], lines: Iterable[tuple[int, Sequence[str]]]) -> list[tuple[int, dict[str, str]]]:
    """Take the known cells out of each line; Invalid for more rows than a sheet may have."""
    rows = [(number, {key: cells[at].strip() if at < len(cells) else "" for key, at in columns.items()}) for number, cells in lines]
    rows = [(number, cells) for number, cells in rows if any(cells.values())]
    if len(rows) > MOST_ROWS:
        raise Invalid(
            "file", Sentence(f"一张表最多 {MOST_ROWS} 行，请分开上传。", f"A sheet has at most {MOST_ROWS} rows; please split it.")
        )
    return rows


def take_in(session: Session, rows: Sequence[tuple[int, Mapping[str, str]]], *, viewer: Viewer, now: datetime) -> list[Outcome]:
    """Record the rows as uses, each in a savepoint of its own, and report every one."""
    return [_take_row(session, number, cells, viewer, now) for number, cells in rows]


def _take_row(session: Session, number: int, cells: Mapping[str, str], viewer: Viewer, now: datetime) -> Outcome:
    try:
        with session.begin_nested():
            instrument = _instrument(session, cells["instrument"], viewer)
            entry = _entry(session, instrument, cells)
            known = _recorded(session, instrument, entry)
            if known is not None:
                return Outcome(number, "unchanged", cells, usage_id=known)
            made = record_use(session, instrument.id, entry, viewer=viewer, now=now, source="import")
            return Outcome(number, "added", cells, usage_id=made.id)
    except PortalError as error:
        return Outcome(number, "refused", cells, error.field if isinstance(error, Invalid) else "", error.sentence)


def _instrument(session: Session, number: str, viewer: Viewer) -> Instrument:
    found = session.scalars(select(Instrument).where(managed_by(viewer), Instrument.inner_id == number.replace("\x00", "")).limit(2)).all()
    if len(found) != 1:
        words = (
            Sentence("有多台仪器使用这个编号。", "Several instruments have this number.")
            if found
            else Sentence("您管理的仪器中没有这个编号。", "None of the instruments you manage has this number.")
        )
        raise Invalid("instrument", words)
    return found[0]


def _entry(session: Session, instrument: Instrument, cells: Mapping[str, str]) -> UseEntry:
    tz = zone(instrument.time_zone)
    span = TimeSpan(_time("start", cells["start"], tz), _time("end", cells["end"], tz))
    known = Particulars(
        fault_minutes=_number(cells, "fault_minutes") or 0, effective_minutes=_number(cells, "effective_minutes"),
        samples=_number(cells, "samples") or 0, content=cells.get("content", ""), project=cells.get("project", ""),
        outcome=_code(cells, "outcome", OUTCOMES, ""),
    )  # fmt: skip
    operator = cells.get("operator", "")
    return UseEntry(
        _person(session, "person", cells["person"]), span, _code(cells, "mode", MODES, "self"), _code(cells, "purpose", PURPOSES, "research"),
        operator_id=_person(session, "operator", operator) if operator else None, known=known,
    )  # fmt: skip


def _recorded(session: Session, instrument: Instrument, entry: UseEntry) -> int | None:
    """Find the live record that says the same already."""
    return session.scalar(
        select(UsageRecord.id)
        .where(
            UsageRecord.instrument_id == instrument.id, UsageRecord.person_id == entry.person_id, UsageRecord.status != "void",
            UsageRecord.start_at == entry.span.start, UsageRecord.end_at == entry.span.end, UsageRecord.mode == entry.mode,
        )
        .limit(1)
    )  # fmt: skip


def _person(session: Session, field: str, email: str) -> int:
    found = person_by_email(session, email.replace("\x00", ""))
    if found is None:
        raise Invalid(field, Sentence("没有使用该邮箱的人。", "There is nobody with this address."))
    return found.id


def _time(field: str, text: str, tz: ZoneInfo) -> datetime:
    match = LOCAL.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError(text)
        return from_wall(datetime(*(int(part or 0) for part in match.groups())), tz)  # type: ignore[arg-type]  # noqa: DTZ001 - six numbers; from_wall gives the zone
    except ValueError as error:
        raise Invalid(field, NO_TIME) from error


def _number(cells: Mapping[str, str], field: str) -> int | None:
    text = cells.get(field, "")
    if not text:
        return None
    match = WHOLE.fullmatch(text)
    if match is None:
        raise Invalid(field, NO_NUMBER)
    return int(match[1])


def _code(cells: Mapping[str, str], field: str, known: Mapping[str, Sentence], otherwise: str) -> str:
    """Read a code or its words in either language."""
    text = cells.get(field, "")
    if not text:
        return otherwise
    for code, words in known.items():
        if _fold(text) in (_fold(code), _fold(words.zh), _fold(words.en)):
            return code
    raise Invalid(field, Sentence(f"没有“{text[:40]}”这一项。", f"There is no “{text[:40]}”."))
