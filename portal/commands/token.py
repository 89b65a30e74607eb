"""Print a new API token for a person, and nothing else."""

from __future__ import annotations

import argparse

from instruments.people import person_by_email
from portal import clock
from portal.auth import tokens
from portal.commands.opened import Stopped, open_portal
from portal.transactions import writing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add whose token it is, and for how long."""
    parser.add_argument("email", metavar="EMAIL")
    parser.add_argument("--label", default="run.py", help="what it is for (run.py)")
    parser.add_argument("--days", type=_days, default=365, help="for how many days it works (365)")


def run(chosen: argparse.Namespace) -> int:
    """Make the token; the person must be active."""
    app = open_portal(chosen)
    with app.app_context(), writing() as session:
        person = person_by_email(session, chosen.email)
        if person is None or person.status != "active":
            raise Stopped("没有这个邮箱的有效账户。", "There is no active account with this address.")
        token = tokens.create(session, person.id, chosen.label, now=clock.now(), days=chosen.days)
    print(token)
    return 0


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 3650:
        raise argparse.ArgumentTypeError("a number of days from 1 to 3650")
    return int(text)
