"""Bring a list of instruments in at the command line: the same work as on the page, with its report on the terminal, as JSON or as a table."""

from __future__ import annotations

import json
import secrets
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

from flask import Flask
from sqlalchemy import select

from instruments.errors import Invalid, PortalError, Sentence
from instruments.exchange.fields import KEEP
from instruments.exchange.importing import batches
from instruments.exchange.mappings import check_targets, recall
from instruments.exchange.owners import Whose
from instruments.exchange.planning import ACTIONS, REFUSED
from instruments.exchange.reports import WARNING, records, report_pieces
from instruments.exchange.runs import LEASE, ImportIssue, ImportRun
from instruments.exchange.tables import Table, open_table
from instruments.people import organisation_by_code
from portal import clock, importruns
from portal.commands.opened import Progress
from portal.config import settings
from portal.transactions import reading, writing

MOST_LISTED = 10_000  # in the JSON; the table holds all
MOST_SHOWN = 20  # on the terminal
TOLD = "told"  # beside the kinds, how many records say something
Record = dict[str, Any]


def run(app: Flask, file: str, organisation: str | None, dry_run: bool, report: str | None, as_json: bool) -> int:
    """Import a list, or only say what it would change; give the exit code: 1 when nothing of it could come in."""
    with app.app_context():
        table, targets, whose = _prepare(Path(file), organisation)
        found = _try_dry(table, targets, whose) if dry_run else _import(Path(file), table, targets, whose)
        counts, listed = _gather(found, Path(report) if report else None)
        told = _Told(Path(file).name, dry_run, table, targets, counts, listed)
        print(told.as_json() if as_json else told.in_words())
    if counts[REFUSED] and not sum(counts[action] for action in ACTIONS if action != REFUSED):
        print("没有一行可以导入。 / Not one row could come in.", file=sys.stderr)
        return 1
    return 0


def _prepare(path: Path, organisation: str | None) -> tuple[Table, tuple[str, ...], Whose]:
    if not path.is_file():
        raise Invalid("file", Sentence(f"没有文件 {path}。", f"There is no file {path}."))
    table = open_table(path)
    with reading() as session:
        chosen = organisation_by_code(session, organisation).id if organisation else None
        targets = recall(session, chosen, table.headers, table.samples())
    check_targets(table.headers, targets, needs_organisation=chosen is None)
    return table, targets, Whose(chosen, may_create=chosen is None)


def _try_dry(table: Table, targets: tuple[str, ...], whose: Whose) -> Iterator[Record]:
    planner, progress, done = importruns.new_planner(table, targets, whose), Progress(), 0
    for lines in batches(table.rows()):
        with reading() as session:
            outcomes = planner.plan(session, planner.read(lines))
            yield from records(outcomes, with_changes=True)
        done += len(lines)
        progress.say(f"{done}")
    progress.end()


def _import(path: Path, table: Table, targets: tuple[str, ...], whose: Whose) -> Iterator[Record]:
    run_id, owner, progress = *_begin(path, table, targets, whose), Progress()
    importruns.go_on(run_id, owner, Event(), lambda done: progress.say(f"{done}"))
    progress.end()
    with reading() as session:
        ended = session.get_one(ImportRun, run_id)
        if ended.status != "done":
            raise PortalError(
                Sentence(**ended.problem)
                if ended.problem
                else Sentence("导入由另一进程继续。", "Another process goes on with this import.")
            )
        issues = select(ImportIssue).where(ImportIssue.run_id == run_id).order_by(ImportIssue.id)
        for issue in session.scalars(issues.execution_options(yield_per=1000)):
            yield {key: getattr(issue, key) for key in ("row", "kind", "column", "field", "value", "reason_zh", "reason_en")}


def _begin(path: Path, table: Table, targets: tuple[str, ...], whose: Whose) -> tuple[int, str]:
    """Record the run, claimed by this process from the start."""
    with path.open("rb") as file:
        stored, digest, size = importruns.keep(file)
    layout, now, owner = table.layout, clock.now(), secrets.token_hex(8)
    with writing() as session:
        begun = ImportRun(
            file_name=path.name[:200], stored_as=stored.name, sha256=digest, size=size, organisation_id=whose.id, may_create=whose.may_create,
            sheet=layout.sheet, header_row=layout.header_row, encoding=layout.encoding, delimiter=layout.delimiter, headers=list(table.headers),
            targets=list(targets), status="running", claims=1, lease_owner=owner, leased_until=now + LEASE, created_at=now,
        )  # fmt: skip
        session.add(begun)
        session.flush()
        return begun.id, owner


def _gather(found: Iterator[Record], report: Path | None) -> tuple[Counter[str], list[Record]]:
    """Count the records and keep the first of those that say something, writing all of them into the report on the way."""
    counts: Counter[str] = Counter()
    listed: list[Record] = []
    refused_rows: set[int] = set()

    def passing() -> Iterator[Record]:
        for record in found:
            if record["kind"] == REFUSED:
                refused_rows.add(record["row"])
            else:
                counts[record["kind"]] += 1
            if record["reason_zh"]:
                counts[TOLD] += 1
                listed.extend([record] if len(listed) < MOST_LISTED else [])
            yield record

    if report is None:
        for _ in passing():
            pass
    else:
        with report.open("w", encoding="utf-8", newline="") as out:
            out.writelines(report_pieces(passing(), settings().language))
    counts[REFUSED] = len(refused_rows)
    return counts, listed


class _Told:
    """What is told in the end."""

    def __init__(self, name: str, is_dry: bool, table: Table, targets: tuple[str, ...], counts: Counter[str], listed: list[Record]) -> None:
        self._name, self._is_dry, self._table, self._targets, self._counts, self._listed = name, is_dry, table, targets, counts, listed

    def as_json(self) -> str:
        """Write everything for another program."""
        layout = self._table.layout
        told = {
            "file": self._name, "dry_run": self._is_dry, "kind": self._table.kind, "encoding": layout.encoding, "delimiter": layout.delimiter,
            "sheet": layout.sheet, "header_row": layout.header_row, **self._totals(),
            "columns": [{"header": header, "field": target} for header, target in zip(self._table.headers, self._targets, strict=True)],
            "issues": [_issue(record) for record in self._listed], "issues_left_off": self._counts[TOLD] - len(self._listed),
        }  # fmt: skip
        return json.dumps(told, ensure_ascii=False, indent=2)

    def in_words(self) -> str:
        """Write the sums, what was refused, and where to find the rest."""
        totals, layout = self._totals(), self._table.layout
        how = layout.encoding or layout.sheet
        lines = [f"{self._name} ({how})" + (" 试运行，未写入 / dry run, nothing written" if self._is_dry else "")]
        lines += [
            f"读取 {totals['read']} = 新增 {totals['created']} + 更新 {totals['updated']} + 未变 {totals['unchanged']} + 未导入 {totals['refused']};"
            f"提示 {totals['warnings']}",
            f"read {totals['read']} = created {totals['created']} + updated {totals['updated']} + unchanged {totals['unchanged']}"
            f" + refused {totals['refused']}; warnings {totals['warnings']}",
        ]
        notes = [header for header, target in zip(self._table.headers, self._targets, strict=True) if target == KEEP]
        if notes:
            lines.append(f"只作原文保留的列 / columns kept only as notes: {', '.join(notes)}")
        refused = [record for record in self._listed if record["kind"] == REFUSED]
        lines += [f"  {r['row']} [{r['column']}] {r['value'][:60]}: {r['reason_zh']} / {r['reason_en']}" for r in refused[:MOST_SHOWN]]
        if len(refused) > MOST_SHOWN or totals["warnings"]:
            lines.append("--report FILE.csv 可得到全部明细。 / --report FILE.csv gives every row, warning and reason.")
        return "\n".join(lines)

    def _totals(self) -> dict[str, int]:
        totals = {action: self._counts[action] for action in ACTIONS}
        return {"read": sum(totals.values())} | totals | {"warnings": self._counts[WARNING]}


def _issue(record: Record) -> Record:
    told = {key: record[key] for key in ("row", "kind", "column", "field", "value")}
    return told | {"reason": {"zh": record["reason_zh"], "en": record["reason_en"]}}
