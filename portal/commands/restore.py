"""Bring a backup back into an empty place, on either kind of database."""

from __future__ import annotations

import argparse
from pathlib import Path

from portal.archive.bundle import restore
from portal.commands.opened import Progress, engine_of, settings_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where from."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="a folder written by `backup`")


def run(chosen: argparse.Namespace) -> int:
    """Restore, and say how many rows came back."""
    settings, progress = settings_of(chosen), Progress()
    rows = restore(settings, engine_of(settings), chosen.folder.absolute(), lambda name, count: progress.say(f"{name}: {count:,}"))
    progress.end()
    print(f"{chosen.folder}: {rows:,} 行已恢复 / rows restored")
    return 0
