"""Give the figures of a year, as the pages and the API show them: as JSON, CSV, or a workbook with charts and definitions."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from portal.commands.opened import Progress, open_portal

BY = ("network", "organisation", "facility", "category", "city", "instrument", "month")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the year, how to group, and in what form to give it."""
    parser.add_argument("year", metavar="YEAR", type=int)
    parser.add_argument("--by", metavar="DIM", choices=BY, default="network", help=", ".join(BY))
    parser.add_argument("--format", choices=["json", "csv", "xlsx"], default="json")
    parser.add_argument("--out", metavar="FILE", type=Path, help="where to write it; a workbook needs one")
    parser.add_argument("--as-now", action="store_true", help="a published year as the rows now say, and not as it was published")
    parser.add_argument("--language", choices=["zh", "en"], default="zh", help="of titles in files")


def run(chosen: argparse.Namespace) -> int:
    """Count what has changed since, and write the figures."""
    from portal.commands.opened import Stopped
    from portal.language import in_language

    if chosen.format == "xlsx" and chosen.out is None:
        raise Stopped("请用 --out 指定工作簿的文件名。", "Name the workbook with --out FILE.")
    app = open_portal(chosen)
    with app.test_request_context(), in_language(chosen.language):
        _write(chosen, _report(chosen))
    return 0


def _report(chosen: argparse.Namespace) -> Any:
    from portal import clock
    from portal.transactions import reading, writing
    from scheduling.statistics.keeping import work_off
    from scheduling.statistics.periods import year
    from scheduling.statistics.publishing import source_of
    from scheduling.statistics.reports import report
    from scheduling.statistics.sources import LIVE

    period, progress, done = year(chosen.year), Progress(), 1
    counted = 0
    while done:
        with writing() as session:
            done = work_off(session, now=clock.now())
        counted += done
        progress.say(f"{counted:,} changes counted")
    progress.end()
    with reading() as session:
        source = LIVE if chosen.as_now else source_of(session, period)
        return report(session, period, chosen.by, source=source, limit=1_000_000)


def _write(chosen: argparse.Namespace, found: Any) -> None:
    from portal.api.statistics import report_out
    from portal.reportfiles import csv_pieces, write_book

    if chosen.format == "xlsx":
        write_book(found, chosen.out)
        return
    pieces = csv_pieces(found) if chosen.format == "csv" else [json.dumps(report_out(found), ensure_ascii=False, indent=1), "\n"]
    if chosen.out is None:
        sys.stdout.writelines(pieces)
        return
    with chosen.out.open("w", encoding="utf-8", newline="") as file:
        file.writelines(pieces)
