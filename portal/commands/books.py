"""Close an organisation's month or other closing cycle, or write its journal into a file, with progress on the terminal: for months too long for a page."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from instruments.access import load_viewer
from instruments.errors import Forbidden, Refused
from instruments.people import Organisation, organisation_by_code, person_by_email
from portal.commands.opened import Progress, Stopped, open_portal
from portal.journalfiles import FORMATS, write_journal
from portal.monthclose import close_month
from portal.transactions import reading, writing
from scheduling.accounting.cycles import LENGTHS, Cycle
from scheduling.accounting.statements import read_month


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to do, of which organisation and month, and in whose name."""
    parser.add_argument("what", choices=["close", "journal"], help="close the cycle the month lies in, with its statements; or write the journal of the month")
    parser.add_argument("organisation", metavar="CODE", help="whose books")
    parser.add_argument("month", metavar="YYYY-MM")
    parser.add_argument("--as", dest="email", metavar="EMAIL", help="close: in whose name; somebody who administers the organisation")
    parser.add_argument("--months", type=int, choices=list(LENGTHS), default=1, help="journal: of so many months from it on; 1 if not said")
    parser.add_argument("--file", type=Path, metavar="FILE", help="journal: where to, a .csv or .xlsx")


def run(chosen: argparse.Namespace) -> int:
    """Close, or write the journal, and say how much it was."""
    month, progress = read_month(chosen.month), Progress()
    with open_portal(chosen).app_context():
        said = _close(chosen, month, progress) if chosen.what == "close" else _journal(chosen, month, progress)
    progress.end()
    print(said)
    return 0


def _close(chosen: argparse.Namespace, month: date, progress: Progress) -> str:
    with reading() as session:
        person = person_by_email(session, chosen.email or "")
        if person is None or person.status != "active":
            raise Stopped("请用 --as 指定结账人的邮箱。", "Say with --as in whose name: the address of somebody active.")
        viewer, organisation_id = load_viewer(session, person), organisation_by_code(session, chosen.organisation).id
    if not viewer.may_administer(organisation_id):
        raise Forbidden
    try:
        with writing(viewer.person_id) as session:
            made = close_month(session, organisation_id, month, viewer=viewer, told=lambda lines: progress.say(f"{lines:,}"))
            return f"{made.cycle.code}: {made.statements:,}"
    except Refused as error:
        open_ones = [refusal.sentence for refusal in error.refusals]
        raise Stopped("；".join(one.zh for one in open_ones), "; ".join(one.en for one in open_ones)) from error


def _journal(chosen: argparse.Namespace, month: date, progress: Progress) -> str:
    if chosen.file is None or chosen.file.suffix not in FORMATS:
        raise Stopped("请用 --file 指定 .csv 或 .xlsx 文件。", "Say with --file where to: a .csv or .xlsx.")
    with reading() as session:
        one: Organisation = organisation_by_code(session, chosen.organisation)
        rows = write_journal(session, one, Cycle(month, chosen.months), chosen.file, lambda done: progress.say(f"{done:,}"))
    return f"{chosen.file}: {rows:,}"
