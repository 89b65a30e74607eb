"""The command line: one command per file in portal/commands, exit 0 when done, 1 when refused or found wrong, 2 for bad usage."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from sqlalchemy.exc import SQLAlchemyError

from instruments.errors import PortalError
from portal.commands.opened import close_all
from portal.transactions import is_away
from portal.version import VERSION

COMMANDS = {
    "serve": "portal.commands.serve",
    "worker": "portal.commands.worker",
    "migrate": "portal.commands.migrate",
    "sample": "portal.commands.sample",
    "import": "portal.commands.importing",
    "people": "portal.commands.people",
    "token": "portal.commands.token",
    "statistics": "portal.commands.statistics",
    "rebuild": "portal.commands.rebuild",
    "check": "portal.commands.check",
    "books": "portal.commands.books",
    "backup": "portal.commands.backup",
    "restore": "portal.commands.restore",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "serve")
    chosen = _parser(given).parse_args(given)
    try:
        return int(chosen.run(chosen))
    except PortalError as error:
        return _refuse(str(error.sentence))
    except SQLAlchemyError as error:
        if not is_away(error):
            raise
        return _refuse(f"数据库无法连接。 / The database cannot be reached: {str(getattr(error, 'orig', error)).strip()}")
    except BrokenPipeError:  # whoever read the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _refuse(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
    except KeyboardInterrupt:
        return 1
    finally:
        close_all()


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="The portal through which a province shares its research instruments. Without a command it serves.",
        epilog="Settings come from PORTAL_* variables and .env: DATABASE_URL, DATA_DIR, SECRET_KEY, BASE_URL, MAIL_URL, TRUSTED_PROXIES ...",
    )
    parser.add_argument("--version", action="version", version=f"instrument-portal {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    wants_all = given[0] in ("-h", "--help")
    for name, place in COMMANDS.items():
        _add_command(commands, name, import_module(place) if wants_all or name == given[0] else None)
    return parser


def _add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, module: ModuleType | None) -> None:
    """Add one command; those that were not asked for are only named, so that each starts quickly."""
    if module is None:
        commands.add_parser(name)
        return
    doc = (module.__doc__ or "").strip()
    parser = commands.add_parser(name, help=doc.split("\n", maxsplit=1)[0], description=doc)
    parser.add_argument("--database", metavar="URL", help="sqlite:///... or postgresql+psycopg://... (PORTAL_DATABASE_URL)")
    parser.add_argument("--data", metavar="DIR", help="where files are kept (PORTAL_DATA_DIR; var/data)")
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)


def _refuse(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 1
