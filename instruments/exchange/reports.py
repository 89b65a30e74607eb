"""What became of the rows of a list, as records to keep and as a table to download: every row is in it (promise 18)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from instruments.errors import Sentence
from instruments.exchange.fields import BY_KEY, FIELDS
from instruments.exchange.planning import ACTIONS, CREATED, REFUSED, UPDATED, Outcome
from instruments.exchange.runs import ImportIssue, ImportRun
from instruments.exchange.sheets import csv_pieces

WARNING, CHANGE = "warning", "change"
KINDS = ACTIONS | {WARNING: Sentence("提示", "Warning"), CHANGE: Sentence("变化", "Change")}
HEADERS = (
    Sentence("行", "Row"),
    Sentence("结果", "Outcome"),
    Sentence("列", "Column"),
    Sentence("字段", "Field"),
    Sentence("内容", "Value"),
    Sentence("说明", "Reason"),
)
LONGEST = 500
_LABELS = {each.attribute: each.label for each in reversed(FIELDS)}


def records(outcomes: Iterable[Outcome], *, with_changes: bool) -> Iterator[dict[str, Any]]:
    """Give what there is to tell: what became of each row (a refused one says why), its warnings, and for a dry run its changes by field."""
    for outcome in outcomes:
        if outcome.action != REFUSED:
            yield _record(outcome.row, outcome.action, value=" ".join(filter(None, (outcome.inner_id, outcome.name))))
        for note in outcome.notes:
            kind = outcome.action if note.is_refusal else WARNING
            yield _record(note.row, kind, note.column, note.field, note.value, note.reason)
        if with_changes and outcome.action in (CREATED, UPDATED):
            for key, (before, after) in outcome.changes.items():
                yield _record(outcome.row, CHANGE, "", key, shown(after), changed(outcome.action, before, after))


def note_batch(session: Session, run: ImportRun, outcomes: Sequence[Outcome]) -> None:
    """Write a batch into the record of its run."""
    counts = Counter(outcome.action for outcome in outcomes)
    for action in ACTIONS:
        setattr(run, action, getattr(run, action) + counts[action])
    found = [record | {"run_id": run.id} for record in records(outcomes, with_changes=run.is_dry)]
    run.warnings += sum(record["kind"] == WARNING for record in found)
    run.done += len(outcomes)
    run.claims = 0
    if found:
        session.execute(insert(ImportIssue), found)


def report(session: Session, run: ImportRun, language: str) -> Iterator[str]:
    """Write a run's record as CSV, piece by piece."""
    issues = session.scalars(
        select(ImportIssue).where(ImportIssue.run_id == run.id).order_by(ImportIssue.id).execution_options(yield_per=1000)
    )
    return report_pieces(({key: getattr(issue, key) for key in _KEYS} for issue in issues), language)


def report_pieces(found: Iterable[dict[str, Any]], language: str) -> Iterator[str]:
    """Write records as CSV, piece by piece."""
    return csv_pieces([header.in_language(language) for header in HEADERS], (_cells(record, language) for record in found))


def label_of(field: str) -> Sentence:
    """Name a field, or an attribute of an instrument."""
    known = BY_KEY.get(field)
    return known.label if known else _LABELS.get(field, Sentence(field, field))


def shown(value: Any) -> str:
    """Write a value for a person to compare."""
    if isinstance(value, list | tuple):
        return "; ".join(shown(one) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {shown(one)}" for key, one in value.items())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return "" if value is None else str(value)


def changed(action: str, before: Any, after: Any) -> Sentence:
    """Say what a field was and would be."""
    if action == CREATED:
        return Sentence("新仪器", "A new instrument")
    old = shown(before)[:200] or "—"
    new = shown(after)[:200] or "—"
    return Sentence(f"由“{old}”改为“{new}”", f"From “{old}” to “{new}”")


_KEYS = ("row", "kind", "column", "field", "value", "reason_zh", "reason_en")


def _record(row: int, kind: str, column: str = "", field: str = "", value: str = "", reason: Sentence | None = None) -> dict[str, Any]:
    said = reason or Sentence("", "")
    return {
        "row": row, "kind": kind, "column": column[:200], "field": field[:40], "value": value[:LONGEST],
        "reason_zh": said.zh[:LONGEST], "reason_en": said.en[:LONGEST],
    }  # fmt: skip


def _cells(record: dict[str, Any], language: str) -> list[str]:
    kind = KINDS[record["kind"]].in_language(language)
    field = label_of(record["field"]).in_language(language) if record["field"] else ""
    return [str(record["row"]), kind, record["column"], field, record["value"], record[f"reason_{language}"]]
