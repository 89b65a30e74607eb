"""Bring the database to the schema of this version, and add what its code lists lack."""

from __future__ import annotations

import argparse

from portal.commands.opened import engine_of, settings_of
from portal.commands.preparing import prepare, seed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the database is all it needs."""


def run(chosen: argparse.Namespace) -> int:
    """Upgrade and seed; doing it again changes nothing."""
    from portal import create_app

    settings = settings_of(chosen)
    engine = engine_of(settings)
    prepare(engine)
    seed(create_app(settings, engine))
    print("数据库已是当前版本。 / The database is up to date.")
    return 0
