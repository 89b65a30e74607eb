"""Write everything (all tables, all files) into a folder, from a portal that may go on serving."""

from __future__ import annotations

import argparse
from pathlib import Path

from portal.archive.bundle import back_up
from portal.commands.opened import Progress, Stopped, engine_of, settings_of
from portal.schema import is_current


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where to."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="a folder that is empty or not there yet")


def run(chosen: argparse.Namespace) -> int:
    """Write the backup and say how large it is."""
    settings, progress = settings_of(chosen), Progress()
    engine = engine_of(settings)
    if not is_current(engine):
        raise Stopped("数据库结构不是当前版本,请先运行 migrate。", "The database does not have the schema of this version: run `migrate` first.")
    size = back_up(settings, engine, chosen.folder.absolute(), lambda name, rows: progress.say(f"{name}: {rows:,}"))
    progress.end()
    print(f"{chosen.folder}: {size / 1_000_000:.1f} MB")
    return 0
