"""The columns of a report, once for page, API, command and files: what each is called, in which unit, and its figure, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from instruments.errors import Sentence
from scheduling.statistics.indicators import INDICATORS
from scheduling.statistics.quantities import COUNTS, EXPLAINED, MONEY, SUMMED, TITLES
from scheduling.statistics.reports import ReportRow

Figure = int | Decimal | float | None
PEOPLE = ("users", "external_users")
DIGITS = 6  # of a rate, in every format alike


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its code as in the API, its title and explanation, its unit ("", "minutes", "yuan", "rate", "hours") and its figure."""

    code: str
    title: Sentence
    explained: Sentence
    unit: str
    figure: Callable[[ReportRow], Figure]
    reason: Callable[[ReportRow], Sentence | None]


def _quantity(name: str) -> Column:
    unit = "yuan" if name in MONEY else "" if name in COUNTS else "minutes"

    def figure(row: ReportRow) -> Figure:
        return row.quantities.yuan(name) if unit == "yuan" else int(getattr(row.quantities, name))

    return Column(name + ("_minutes" if unit == "minutes" else ""), TITLES[name], EXPLAINED[name], unit, figure, lambda _row: None)


def _indicator(code: str) -> Column:
    one = INDICATORS[code]

    def figure(row: ReportRow) -> Figure:
        value = one.compute(row.quantities, row.years).value
        return None if value is None else round(float(value), DIGITS)

    return Column(code, one.title, one.formula, one.unit, figure, lambda row: one.compute(row.quantities, row.years).reason)


COLUMNS: tuple[Column, ...] = (
    _quantity("instruments"), *(_quantity(name) for name in SUMMED), *(_quantity(name) for name in PEOPLE), *(_indicator(code) for code in INDICATORS),
)  # fmt: skip
BY_CODE: Mapping[str, Column] = {column.code: column for column in COLUMNS}


def figures_of(row: ReportRow, hidden: Collection[tuple[str, str]] = ()) -> dict[str, Figure]:
    """Give a row's figures by code; `hidden` are (key of a row, name) of what is not told."""
    return {column.code: None if (row.key, column.code) in hidden else column.figure(row) for column in COLUMNS}


def reasons_of(row: ReportRow, hidden: Collection[tuple[str, str]] = (), why: Sentence | None = None) -> dict[str, Sentence]:
    """Say why figures of a row are missing, or what is to be known about them, by code."""
    found = {column.code: reason for column in COLUMNS if (reason := column.reason(row)) is not None}
    return found | ({code: why for key, code in hidden if key == row.key} if why is not None else {})
