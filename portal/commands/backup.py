"""Write everything (all tables, all files) into a folder, from a portal that may go on serving."""

from __future__ import annotations

import argparse
from pathlib import Path

from portal.archive.bundle import back_up
from portal.commands.opened import Progress, check_current, engine_of, settings_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where to."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="a folder that is empty or not there yet")


def run(chosen: argparse.Namespace) -> int:
    """Write the backup and say how large it is."""
    settings, progress = settings_of(chosen), Progress()
    engine = engine_of(settings)
    check_current(engine)
    size = back_up(settings, engine, chosen.folder.absolute(), lambda name, rows: progress.say(f"{name}: {rows:,}"))
    progress.end()
    print(f"{chosen.folder}: {size / 1_000_000:.1f} MB")
    return 0
