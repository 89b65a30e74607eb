"""Import a list of instruments (CSV or XLSX); every row is accounted for, and the same list again changes nothing."""

from __future__ import annotations

import argparse

from portal.commands.opened import open_portal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the list, whose it is, and what to tell."""
    parser.add_argument("what", choices=["instruments"], help="what the list holds")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--organisation", metavar="CODE", help="whose instruments they all are; else each row names its organisation")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would change")
    parser.add_argument("--report", metavar="FILE.csv", help="write what became of every row")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(chosen: argparse.Namespace) -> int:
    """Import, and tell what became of the rows."""
    from portal.commands.import_instruments import run as bring_in

    return bring_in(open_portal(chosen), chosen.file, chosen.organisation, chosen.dry_run, chosen.report, chosen.json)
