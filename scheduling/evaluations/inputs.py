"""The inputs of a round's subjects: worked out from the figures, counted from results, or given with evidence; each with what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, func, select
from sqlalchemy.orm import Session

from instruments.errors import OutOfOrder, Sentence
from instruments.evaluationinputs import ASSESSED, INPUTS
from instruments.evaluationterms import Terms
from scheduling.evaluations.rounds import MOST_ENTRIES, Evaluation, EvaluationGiven
from scheduling.results import Result, ResultTie
from scheduling.statistics.figures import MonthUse
from scheduling.statistics.indicators import EXTERNAL_WEIGHT, INDICATORS, NO_EFFECTIVE, NO_INSTRUMENTS, QUOTA_HOURS, Value, ratio
from scheduling.statistics.periods import Period
from scheduling.statistics.quantities import Quantities
from scheduling.statistics.reports import report
from scheduling.statistics.scope import Scope, facts

NOT_GIVEN = Sentence("未填报", "Not given")
NO_FUNCTIONS = Sentence("未填报功能总数", "The number of functions is not given")
RESULTS = {
    "qualified": (("training", "qualified"),), "guided": (("training", "guided"),), "shown": (("training", "shown"),),
    "prizes_national": (("prize", "national"),), "prizes_provincial": (("prize", "provincial"),), "prizes_school": (("prize", "school"),),
    "papers": (("publication", "core"), ("publication", "indexed")),
}  # fmt: skip
# Of the quantities, what the inputs from figures rest on.
RESTS = (
    "effective", "external", "income", "external_income", "rated", "satisfied", "instruments", "opened", "on_network", "in_register", "value", "quota",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """One input: its exact value or None with the reason, where it comes from, and what it rests on (quantities, ids of results, what was given)."""

    value: Fraction | None
    comes: str
    reason: Sentence | None = None
    rests: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is evaluated, with its inputs by name."""

    id: int
    organisation_id: int
    name: Sentence
    facts: Mapping[str, Fact]

    @property
    def values(self) -> dict[str, Fraction | None]:
        """Give the bare values, as scoring takes them."""
        return {key: one.value for key, one in self.facts.items()}


def subjects_of(session: Session, one: Evaluation, *, only: int | None = None) -> list[Subject]:
    """Work out the inputs of all subjects of a round as they are now, by name; a constant number of statements. OutOfOrder for too many."""
    terms = one.scheme_version.terms
    scope = Scope(organisation_id=one.organisation_id, least_value=terms.least_value)
    if only is not None:
        scope = Scope(
            organisation_id=only if terms.of == "organisation" else one.organisation_id, instrument_id=only if terms.of == "instrument" else None,
            least_value=terms.least_value,
        )  # fmt: skip
    rows = report(session, one.period, terms.of, scope, limit=MOST_ENTRIES)
    if rows.more:
        too_many = f"评价对象超过 {MOST_ENTRIES} 个，请按单位分别评价或提高原值下限。"
        raise OutOfOrder(Sentence(too_many, f"More than {MOST_ENTRIES} subjects: evaluate by organisation, or raise the threshold of value."))
    ids = [int(row.key) for row in rows.rows]
    base = facts(scope, one.period, None).subquery("base")
    owners = _owners(session, terms, base, ids)
    more = _More(
        service_minutes(session, one.period, terms, base, ids), results_of(session, one.period, terms, base, ids), given_for(session, one.id, ids),
    )  # fmt: skip
    found = [Subject(key, owners[key], row.label, _facts(terms, row.quantities, key, more)) for key, row in zip(ids, rows.rows, strict=True)]
    return sorted(found, key=lambda subject: subject.id)


@dataclass(frozen=True, slots=True)
class _More:
    """What is read beside the report: minutes of service, ids and counts of results, and what was given, each by subject."""

    service: Mapping[int, int]
    results: Mapping[int, Mapping[tuple[str, str], list[tuple[int, int]]]]
    given: Mapping[int, Mapping[str, EvaluationGiven]]


def _owners(session: Session, terms: Terms, base: Subquery, ids: Collection[int]) -> dict[int, int]:
    if terms.of == "organisation":
        return {one: one for one in ids}
    rows = session.execute(select(base.c.id, base.c.organisation_id).where(base.c.id.in_(ids)))
    return {row.id: row.organisation_id for row in rows}


def _subject(terms: Terms, base: Subquery) -> ColumnElement[int]:
    """Give the column of the subjects: instruments, or the organisations they belonged to at the end of the period."""
    return base.c.id if terms.of == "instrument" else base.c.organisation_id


def service_minutes(session: Session, period: Period, terms: Terms, base: Subquery, ids: Collection[int]) -> dict[int, int]:
    """Give the effective minutes for people of the managing organisation outside the instrument's own group, by subject."""
    of = _subject(terms, base)
    asked = select(of, func.sum(MonthUse.effective)).join(base, base.c.id == MonthUse.instrument_id).where(of.in_(ids))
    asked = asked.where(MonthUse.audience == "internal", MonthUse.starts_on >= period.first, MonthUse.starts_on < period.until)
    return {key: int(total or 0) for key, total in session.execute(asked.group_by(of))}


def within(period: Period) -> ColumnElement[bool]:
    """Give the SQL for results of a period; one without a month counts in the period that ends with its year, so that it counts once."""
    at = Result.year * 12 + func.coalesce(Result.month, period.until.month - 1 or 12)
    first, last = period.first.year * 12 + period.first.month, period.until.year * 12 + period.until.month - 1
    return and_(at >= first, at <= last)


def results_of(
    session: Session, period: Period, terms: Terms, base: Subquery, ids: Collection[int]
) -> dict[int, dict[tuple[str, str], list[tuple[int, int]]]]:
    """Give the results of each subject by kind and level: (id, people). One tied to several instruments of an organisation counts once there."""
    of = _subject(terms, base)
    asked = select(of, Result.id, Result.kind, Result.level, Result.people).join(ResultTie, ResultTie.instrument_id == base.c.id)
    asked = asked.join(Result, Result.id == ResultTie.result_id).where(ResultTie.removed_at.is_(None), of.in_(ids), within(period))
    found: dict[int, dict[tuple[str, str], list[tuple[int, int]]]] = {}
    for key, result_id, kind, level, people in session.execute(asked.distinct().order_by(of, Result.id)):
        found.setdefault(key, {}).setdefault((kind, level), []).append((result_id, people))
    return found


def given_for(session: Session, evaluation_id: int, ids: Collection[int] | None = None) -> dict[int, dict[str, EvaluationGiven]]:
    """Give what was given last, by subject and code."""
    asked = select(EvaluationGiven).where(EvaluationGiven.evaluation_id == evaluation_id).order_by(EvaluationGiven.id)
    if ids is not None:
        asked = asked.where(EvaluationGiven.subject_id.in_(ids))
    found: dict[int, dict[str, EvaluationGiven]] = {}
    for one in session.scalars(asked):
        found.setdefault(one.subject_id, {})[one.code] = one
    return found


def _facts(terms: Terms, quantities: Quantities, key: int, more: _More) -> dict[str, Fact]:
    given = more.given.get(key, {})
    found = {}
    for item in (item for part in terms.parts for item in part.items):
        if INPUTS[item.input].comes == "figures":
            found[item.key] = _figure(terms, item.input, quantities, more.service.get(key, 0))
        elif INPUTS[item.input].comes == "results":
            found[item.key] = _result(item.input, more.results.get(key, {}), given)
        else:
            found[item.key] = given_fact(item.key, given)
    return found


def _figure(terms: Terms, code: str, q: Quantities, service: int) -> Fact:
    value = FIGURES[code](terms, q, service)
    rests = {name: getattr(q, name) for name in RESTS} | {"service": service}
    return Fact(value.value, "figures", value.reason, rests)


def _result(code: str, found: Mapping[tuple[str, str], list[tuple[int, int]]], given: Mapping[str, EvaluationGiven]) -> Fact:
    """Count results; where a number was given with evidence it holds instead, and what was counted stays beside it."""
    rows = [row for kind in RESULTS[code] for row in found.get(kind, [])]
    counted = sum(people for _, people in rows) if RESULTS[code][0][0] == "training" else len(rows)
    rests: dict[str, Any] = {"counted": counted, "results": [result_id for result_id, _ in rows]}
    if code in given:
        return Fact(Fraction(given[code].value), "entered", None, rests | {"given": [given[code].id]})
    return Fact(Fraction(counted), "results", None, rests)


def given_fact(key: str, given: Mapping[str, EvaluationGiven]) -> Fact:
    """Make a fact of what was given: functions used of all functions, or a number as it is."""
    if key == "function_rate":
        used, total = given.get("functions_used"), given.get("functions_total")
        if used is None or total is None or not Fraction(total.value):
            return Fact(None, "entered", NO_FUNCTIONS)
        rests = {"functions_used": used.value, "functions_total": total.value, "given": [used.id, total.id]}
        return Fact(min(Fraction(used.value) / Fraction(total.value), Fraction(1)), "entered", None, rests)
    one = given.get(key)
    return Fact(None, "entered", NOT_GIVEN) if one is None else Fact(Fraction(one.value), "entered", None, {"given": [one.id]})


def codes_to_give(terms: Terms) -> list[str]:
    """Name what an organisation may give for a subject of a scheme."""
    found: list[str] = []
    for item in (item for part in terms.parts for item in part.items):
        found += [item.key] if item.input == ASSESSED else list(INPUTS[item.input].given)
    return list(dict.fromkeys(found))


def quota_rate(terms: Terms, q: Quantities, service: int) -> Value:
    """Compute effective hours / quota; the quota is the scheme's, 1,400 h general or 800 h dedicated and class 04.

    Source: 教高司条函[2000]010号. Example: a general instrument with 1,120 h -> 4/5; a dedicated one -> 7/5, capped when it is scored.
    """
    general, dedicated = (Fraction(terms.quota[kind]) for kind in ("general", "dedicated"))
    many = Fraction(QUOTA_HOURS["general"] * q.instruments - q.quota, QUOTA_HOURS["general"] - QUOTA_HOURS["dedicated"])  # the dedicated ones
    return ratio(Fraction(q.effective, 60), general * (q.instruments - many) + dedicated * many, NO_INSTRUMENTS)


def service_rate(terms: Terms, q: Quantities, service: int) -> Value:
    """Compute (service hours within the organisation + 1.5 x external hours) / effective hours.

    Source: one university's practice. Example: 200 h within and 100 h outside of 1,000 h -> (200 + 150) / 1,000 = 35 %.
    """
    return ratio(service + EXTERNAL_WEIGHT * q.external, q.effective, NO_EFFECTIVE)


def _of(code: str) -> Callable[[Terms, Quantities, int], Value]:
    return lambda terms, q, service: INDICATORS[code].compute(q, Fraction(1))


FIGURES: Mapping[str, Callable[[Terms, Quantities, int], Value]] = {
    "quota_rate": quota_rate, "service_rate": service_rate, "effective_hours": _of("mean_effective_hours"),
    "external_hours": _of("mean_external_hours"), "sharing_rate": _of("sharing_rate"), "open_rate": _of("open_rate"), "coverage": _of("coverage"),
    "income_yield": _of("income_yield"), "satisfaction": _of("satisfaction"),
    "external_income": lambda terms, q, service: Value(Fraction(q.external_income, 100)),
    "internal_income": lambda terms, q, service: Value(Fraction(q.income - q.external_income, 100)),
}  # fmt: skip


def kept(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Give facts as they are frozen: exact, as text."""
    return {
        key: {
            "value": None if one.value is None else str(one.value), "comes": one.comes, "rests": dict(one.rests),
            "reason": None if one.reason is None else [one.reason.zh, one.reason.en],
        }
        for key, one in facts.items()
    }  # fmt: skip


def facts_from(inputs: Mapping[str, Any]) -> dict[str, Fact]:
    """Read frozen facts."""
    return {
        key: Fact(
            None if one["value"] is None else Fraction(one["value"]), one["comes"], None if one["reason"] is None else Sentence(*one["reason"]),
            one["rests"],
        )
        for key, one in inputs.items()
    }  # fmt: skip


def values_from(inputs: Mapping[str, Any]) -> dict[str, Fraction | None]:
    """Read the bare values of frozen inputs."""
    return {key: None if one["value"] is None else Fraction(one["value"]) for key, one in inputs.items()}
