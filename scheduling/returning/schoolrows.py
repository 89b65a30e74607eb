"""SJ3 (贵重仪器设备使用情况): one row for each instrument of a university above the value of the form, for a school year.

Hours are effective hours and parted without a rest: social service are those of users outside the organisation, teaching those its own people used
for teaching, research all others of its own. "Of which open" are the hours of everybody outside the instrument's own group. Trained people, prizes,
patents and papers come from what managers wrote down. A typed figure goes before the computed one; where the portal cannot tell, it is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.exchange.national import national
from instruments.exchange.vocabulary import Vocabulary, read_vocabulary
from instruments.people import Organisation
from scheduling.results import Result, ResultTie
from scheduling.returning.checks import Problem
from scheduling.returning.figurerows import NOTHING, bring_up_to_date, counts_of, reported
from scheduling.returning.formats import ReturnFormat, format_of
from scheduling.returning.periods import Period
from scheduling.returning.rowdrafts import RowDraft, in_hours
from scheduling.returning.typed import TypedFigure, typed_figures
from scheduling.statistics.figures import MonthUse
from scheduling.statistics.gathering import counts
from scheduling.usage import UsageRecord

SEPTEMBER = 9
TRAINED = {"students": "trainedStudents", "teachers": "trainedTeachers", "others": "trainedOthers"}
RESULTS = {
    ("prize", "national"): "prizesNational", ("prize", "provincial"): "prizesProvincial", ("patent", "teacher"): "patentsTeacher",
    ("patent", "student"): "patentsStudent", ("publication", "indexed"): "papersIndexed", ("publication", "core"): "papersCore",
}  # fmt: skip
PROJECTS = {"teaching": "teachingProjects", "research": "researchProjects", "social": "socialProjects"}


@dataclass(slots=True)
class Outcome:
    """What came of an instrument in a school year: numbers by field, and what cannot be told."""

    numbers: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, str] = field(default_factory=dict)


def school_rows(session: Session, organisation: Organisation, period: Period, now: datetime | None) -> Iterator[RowDraft]:
    """Give the rows of a school year by inner id."""
    if now is not None:
        bring_up_to_date(session, organisation, period, now)
    layout, words = format_of("sj3"), read_vocabulary(session)
    for some in reported(session, organisation, period):
        worth = [one for one in some if (one.original_value or 0) >= layout.value_from]
        yield from _rows(session, worth, layout, words, organisation, period)


def _rows(
    session: Session, some: list[Instrument], layout: ReturnFormat, words: Vocabulary, organisation: Organisation, period: Period
) -> Iterator[RowDraft]:
    ids = [one.id for one in some]
    hours, whole = _minutes(session, ids, period), counts_of(session, ids, period)
    projects, outcomes = _projects(session, ids, period), outcomes_of(session, ids, period)
    typed = typed_figures(session, layout.kind, period, ids)
    for one in some:
        known, outcome = national(one, words, code=organisation.code), outcomes.get(one.id, Outcome())
        computed: dict[str, Any] = {name: in_hours(hours.get((one.id, name), 0)) for name in ("teaching", "research", "social", "open")}
        values = {f"{name}Hours": value for name, value in computed.items()} | {"samples": whole.get(one.id, NOTHING)["samples"]}
        values |= {PROJECTS[name]: projects.get((one.id, name), 0) for name in PROJECTS}
        values |= {name: outcome.numbers[name] for name in (*TRAINED.values(), *RESULTS.values())}
        data = {each.name: values.get(each.name, known.get(each.name, "")) for each in layout.fields} | {"head": one.contact}
        yield _with_typed(one.id, data, outcome.unknown, typed.get(one.id, {}))


def _with_typed(instrument_id: int, data: dict[str, Any], unknown: Mapping[str, str], typed: Mapping[str, TypedFigure]) -> RowDraft:
    """Put typed figures in the place of computed ones; what nobody knows stays empty."""
    data = data | dict.fromkeys(unknown, "") | {name: one.value for name, one in typed.items()}
    marks = {name: {"by": one.typed_by, "at": one.typed_at.isoformat()} for name, one in typed.items()}
    problems: list[Problem] = [[name, code] for name, code in unknown.items() if name not in typed]
    return RowDraft(instrument_id, data, typed=marks, known=tuple(problems))


def _minutes(session: Session, ids: Collection[int], period: Period) -> Mapping[tuple[int, str], int]:
    """Give effective minutes by instrument and part; one statement."""
    rows = session.execute(
        select(MonthUse.instrument_id, MonthUse.is_external, MonthUse.purpose, MonthUse.audience, func.sum(MonthUse.effective))
        .where(MonthUse.instrument_id.in_(ids), MonthUse.starts_on >= period.start, MonthUse.starts_on < period.end)
        .group_by(MonthUse.instrument_id, MonthUse.is_external, MonthUse.purpose, MonthUse.audience)
    )
    found: Counter[tuple[int, str]] = Counter()
    for instrument_id, is_external, purpose, audience, minutes in rows:
        found[instrument_id, "social" if is_external else "teaching" if purpose == "teaching" else "research"] += int(minutes)
        found[instrument_id, "open"] += int(minutes) if audience != "group" else 0
    return found


def _projects(session: Session, ids: Collection[int], period: Period) -> Mapping[tuple[int, str], int]:
    """Count the projects that uses of the school year name, each once per instrument and part; by Shanghai's clock at the edges."""
    span = period.span("Asia/Shanghai")
    part = case((UsageRecord.is_external, "social"), (UsageRecord.purpose == "teaching", "teaching"), else_="research")
    rows = session.execute(
        select(UsageRecord.instrument_id, part, func.count(UsageRecord.project.distinct()))
        .where(
            UsageRecord.instrument_id.in_(ids), UsageRecord.start_at >= span.start, UsageRecord.start_at < span.end, UsageRecord.project != "",
            UsageRecord.mode != "maintenance", counts(),
        )
        .group_by(UsageRecord.instrument_id, part)
    )  # fmt: skip
    return {(instrument_id, name): count for instrument_id, name, count in rows}


def outcomes_of(session: Session, ids: Collection[int], period: Period) -> Mapping[int, Outcome]:
    """Count what came of instruments in a school year; a result of which only a year is known cannot be told, as the year has two of them."""
    years = (period.start.year, period.start.year + 1)
    rows = session.execute(
        select(ResultTie.instrument_id, Result.kind, Result.level, Result.who, Result.people, Result.year, Result.month)
        .join(ResultTie.result)
        .where(ResultTie.instrument_id.in_(ids), ResultTie.removed_at.is_(None), Result.year.in_(years))
        .order_by(ResultTie.id)
    )
    found: dict[int, Outcome] = {}
    for instrument_id, kind, level, who, people, year, month in rows:
        names = _names(kind, level, who)
        if month is not None and (month >= SEPTEMBER) != (year == years[0]):
            continue  # of the school year before, or after
        outcome = found.setdefault(instrument_id, Outcome())
        for name in names:
            if month is None:
                outcome.unknown[name] = "no_month"
            elif len(names) > 1:
                outcome.unknown.setdefault(name, "not_said_who")
            else:
                outcome.numbers[name] += people if kind == "training" else 1
    return found


def _names(kind: str, level: str, who: str) -> list[str]:
    """Give the fields a result belongs to: one, none, or all three of the trained where nobody said who they were."""
    if kind == "training":
        return [TRAINED[who]] if who in TRAINED else list(TRAINED.values())
    return [RESULTS[kind, level]] if (kind, level) in RESULTS else []
