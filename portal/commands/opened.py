"""What every command needs first: settings, a database with the right schema, an application."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from typing import Any

from flask import Flask
from sqlalchemy import Engine

from instruments.database import make_engine
from instruments.errors import PortalError, Sentence
from portal.config import Settings, read_settings
from portal.schema import is_current

_opened = ExitStack()


class Stopped(PortalError):
    """A reason why a command cannot go on (exit 1)."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(Sentence(zh, en))


def settings_of(chosen: argparse.Namespace, **more: Any) -> Settings:
    """Read the settings; options win over the environment. The data directory is there afterwards."""
    settings = read_settings(database_url=chosen.database, data_dir=chosen.data, **more)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return settings


def engine_of(settings: Settings) -> Engine:
    """Open the database, whatever state it is in; it is closed when the command ends."""
    engine = make_engine(settings.database_url)
    _opened.callback(engine.dispose)
    return engine


def close_all() -> None:
    """Close what the command has opened."""
    _opened.close()


def open_portal(chosen: argparse.Namespace, **more: Any) -> Flask:
    """Give an application over a database that has the schema this code needs; refuse any other."""
    from portal import create_app

    settings = settings_of(chosen, **more)
    engine = engine_of(settings)
    check_current(engine)
    return create_app(settings, engine)


def check_current(engine: Engine) -> None:
    """Refuse a database that does not have the schema this code needs."""
    if not is_current(engine):
        zh = "数据库结构不是当前版本，请先运行 migrate。"
        raise Stopped(zh, "The database does not have the schema of this version: run `migrate` first.")


class Progress:
    """One line that is written over on a terminal, and nothing elsewhere."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()
        self._length = 0

    def say(self, text: str) -> None:
        """Show how far the work has come."""
        if self._is_shown:
            print(f"\r{text.ljust(self._length)}", end="", file=sys.stderr, flush=True)
            self._length = len(text)

    def end(self) -> None:
        """Leave the line."""
        if self._is_shown and self._length:
            print(file=sys.stderr)
