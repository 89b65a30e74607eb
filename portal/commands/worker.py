"""Do the due work (mail, reminders, expiries) without serving; beside `serve --no-jobs`, on as many machines as wanted."""

from __future__ import annotations

import argparse

from portal.commands.opened import open_portal
from portal.logs import set_up_logs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the database says what is due."""


def run(chosen: argparse.Namespace) -> int:
    """Work until told to stop."""
    from portal.jobs import work

    set_up_logs()
    work(open_portal(chosen))
    return 0
