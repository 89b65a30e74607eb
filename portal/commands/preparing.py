"""Bringing a database to where a portal can work with it: schema, code lists, and for a first try the sample province."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from instruments.classification import seed_categories
from instruments.codes import seed_codes
from instruments.database import is_sqlite
from instruments.holidays import seed_holidays
from instruments.people import Organisation
from instruments.search.aliases import seed_aliases
from instruments.search.index import is_complete, rebuild_index
from portal import clock
from portal.commands.samplelogins import keep_logins, new_passwords
from portal.config import settings
from portal.schema import upgrade
from portal.transactions import reading, writing

YEARS_BACK, YEARS_AHEAD = 3, 2
LOCK = 0x73656564  # "seed": any number will do, as long as nothing else takes the same


def prepare(engine: Engine) -> None:
    """Bring the schema up to date and add what the code lists lack; nothing that is there changes."""
    upgrade(engine)


def seed(app: Flask) -> None:
    """Add what the code lists, the holidays and the search's words lack, and complete the search index."""
    with app.app_context(), writing() as session:
        _wait_for_others(session)
        this_year = (clock.now() + timedelta(hours=8)).year
        seed_categories(session)
        seed_codes(session)
        seed_aliases(session)
        seed_holidays(session, this_year - YEARS_BACK, this_year + YEARS_AHEAD)
        if not is_complete(session):
            rebuild_index(session)


def make_sample(app: Flask) -> bool:
    """Make the sample province where nothing is registered yet, and keep its logins; say whether it was made."""
    from portal import demo

    with app.app_context(), writing() as session:
        _wait_for_others(session)
        if not demo.is_empty(session):
            return False
        passwords = new_passwords(demo.LOGINS)
        demo.make(session, now=clock.now(), passwords=passwords)
        keep_logins(settings().data_dir, passwords)
        return True


def _wait_for_others(session: Session) -> None:
    """Let one process at a time look what is missing and add it; SQLite has one writer anyway."""
    if not is_sqlite(session):
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))


def is_sample(session: Session) -> bool:
    """Say whether the organisations are invented ones, so that every page must say so."""
    return session.scalar(select(Organisation.id).where(Organisation.is_sample).limit(1)) is not None


def shows_sample(app: Flask) -> bool:
    """Say whether this portal holds the sample province."""
    with app.app_context(), reading() as session:
        return is_sample(session)
