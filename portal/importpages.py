"""What the pages about a list show: its columns with samples, its first rows tried, and its report in groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.errors import Sentence
from instruments.exchange.drafts import Note
from instruments.exchange.fields import KEEP
from instruments.exchange.planning import REFUSED, Outcome
from instruments.exchange.reports import CHANGE, WARNING, label_of, shown
from instruments.exchange.runs import ImportIssue, ImportRun
from instruments.exchange.tables import Table, open_table
from portal.importruns import new_planner

SAMPLES = 3
TRIED = 20
PAGE = 100
UNTOLD = frozenset({"raw"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list as a person looks at it."""

    letter: str
    header: str
    samples: Sequence[str]
    target: str


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a row as it would be; before is '' for a new instrument."""

    label: Sentence
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A row as it would come in: what becomes of it, its fields, why it is refused, and what else there is to mind."""

    outcome: Outcome
    changes: Sequence[Change]

    @property
    def refusals(self) -> list[Note]:
        """Give why it is refused."""
        return [note for note in self.outcome.notes if note.is_refusal]

    @property
    def warnings(self) -> list[Note]:
        """Give what else there is to mind."""
        return [note for note in self.outcome.notes if not note.is_refusal]


@dataclass(frozen=True, slots=True)
class Group:
    """The issues of one kind with one field: how many, and the first of them."""

    kind: str
    label: Sentence
    count: int
    first: ImportIssue


def columns_of(table: Table, targets: Sequence[str]) -> list[Column]:
    """Give the columns with their letters, samples and what they are taken for."""
    under = table.samples()
    columns = []
    for at, header in enumerate(table.headers):
        cells = [row[at] for row in under if at < len(row) and row[at]]
        target = targets[at] if at < len(targets) else KEEP
        columns.append(Column(letter_of(at), header, list(dict.fromkeys(cells))[:SAMPLES], target))
    return columns


def letter_of(at: int) -> str:
    """Name a column as spreadsheet programs do: 0 is A, 26 is AA."""
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def tried(session: Session, run: ImportRun, path: Path) -> list[Tried]:
    """Plan the first rows of a list, and give what would change."""
    table = open_table(path, run.layout)
    planner = new_planner(table, tuple(run.targets), run.whose)
    outcomes = planner.plan(session, planner.read(islice(table.rows(), TRIED)))
    return [Tried(outcome, _changes(outcome)) for outcome in outcomes]


def _changes(outcome: Outcome) -> list[Change]:
    if outcome.action == REFUSED:
        return []
    return [Change(label_of(key), shown(before), shown(after)) for key, (before, after) in outcome.changes.items() if key not in UNTOLD]


def group_issues(session: Session, run: ImportRun) -> list[Group]:
    """Group what was refused and warned of by field, the most frequent first; two statements."""
    counts = session.execute(
        select(ImportIssue.kind, ImportIssue.field, func.count(), func.min(ImportIssue.id))
        .where(ImportIssue.run_id == run.id, ImportIssue.kind.in_((REFUSED, WARNING, CHANGE)))
        .group_by(ImportIssue.kind, ImportIssue.field)
    ).all()
    firsts = {issue.id: issue for issue in session.scalars(select(ImportIssue).where(ImportIssue.id.in_([row[3] for row in counts])))}
    groups = [Group(kind, label_of(field), count, firsts[first]) for kind, field, count, first in counts]
    order = (REFUSED, WARNING, CHANGE)
    return sorted(groups, key=lambda group: (order.index(group.kind), -group.count, group.label.en))


def issues_of(session: Session, run: ImportRun, kind: str, after: int) -> tuple[list[ImportIssue], int]:
    """Give a page of the issues of one kind, and the key of the next page or 0."""
    query = select(ImportIssue).where(ImportIssue.run_id == run.id, ImportIssue.kind == kind, ImportIssue.id > after)
    found = list(session.scalars(query.order_by(ImportIssue.id).limit(PAGE + 1)))
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else 0
