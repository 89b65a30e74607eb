"""Fill an empty database with the sample province, and print its logins."""

from __future__ import annotations

import argparse

from portal.commands.opened import Stopped, engine_of, settings_of
from portal.commands.preparing import make_sample, prepare, seed
from portal.commands.samplelogins import in_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the database is all it needs."""


def run(chosen: argparse.Namespace) -> int:
    """Make the sample, unless anything is registered already."""
    from portal import create_app

    settings = settings_of(chosen)
    engine = engine_of(settings)
    prepare(engine)
    app = create_app(settings, engine)
    seed(app)
    if not make_sample(app):
        raise Stopped("数据库中已有数据，未建立示例。", "The database is not empty, so no sample was made.")
    print(in_words(settings.data_dir))
    return 0
