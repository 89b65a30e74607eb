"""A backup: a folder with the tables, the files, and a list of what is in it with SHA-256 sums. Whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, make_url

from instruments.database import reader
from instruments.errors import OutOfOrder, Sentence
from portal.archive.filling import broken, filling, import_lines
from portal.archive.tables import Told, export_lines, say_nothing
from portal.config import KEY_FILE, Settings
from portal.schema import head_revision, upgrade

TABLES, CONTENTS, FILES = "tables.jsonl", "contents.json", "files"
MADE_ANEW = frozenset({"metrics"})


def back_up(settings: Settings, engine: Engine, target: Path, told: Told = say_nothing) -> int:
    """Write a backup into a folder that is not there yet, and give the number of bytes."""
    if target.exists() and any(target.iterdir()):
        raise OutOfOrder(Sentence(f"{target} 不是空文件夹。", f"{target} is not empty."))
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    with _snapshot(engine) as connection:
        _write(unfinished / TABLES, export_lines(connection, head_revision(), told))
    # After the tables: files are kept before the rows that name them, so none is missed.
    for source in _data_files(settings, (target, unfinished)):
        _copy(source, unfinished / FILES / source.relative_to(settings.data_dir))
    sums = {str(path.relative_to(unfinished)): _sum(path) for path in sorted(unfinished.rglob("*")) if path.is_file()}
    _write(unfinished / CONTENTS, [json.dumps(sums, indent=1, sort_keys=True) + "\n"])
    if target.exists():
        target.rmdir()
    unfinished.rename(target)
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def restore(settings: Settings, engine: Engine, source: Path, told: Told = say_nothing) -> int:
    """Bring a backup back into an empty database and data directory, and give the number of rows.

    What was restored is exported again before the commit: it must be the same bytes.
    """
    sums = _checked_sums(source)
    # The key was perhaps made a moment ago, when the settings were read; the one in the backup takes its place.
    if any(path.name != KEY_FILE for path in _data_files(settings, ())):
        raise OutOfOrder(Sentence(f"{settings.data_dir} 中已有文件。", f"There are files in {settings.data_dir} already."))
    upgrade(engine)
    with filling(engine) as connection, (source / TABLES).open(encoding="utf-8") as lines:
        rows = import_lines(connection, lines, head_revision(), told)
        if _sum_of_lines(export_lines(connection, head_revision())) != sums[TABLES]:
            raise broken()
        for path in sorted((source / FILES).rglob("*")):
            if path.is_file():
                _copy(path, settings.data_dir / path.relative_to(source / FILES))
    return rows


def _snapshot(engine: Engine) -> Connection:
    """Give a connection that sees one moment, however long the writing takes."""
    if engine.dialect.name == "sqlite":
        return reader(engine).connect()
    connection = engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    connection.exec_driver_sql("SET statement_timeout = 0")
    return connection


def _data_files(settings: Settings, besides: Iterable[Path]) -> list[Path]:
    """List the files of the data directory, but for the database and for what is made anew at each start."""
    url = make_url(settings.database_url)
    database = Path(url.database).absolute() if url.get_backend_name() == "sqlite" and url.database else None
    own = {database.with_name(database.name + ending) for ending in ("", "-wal", "-shm", "-journal")} if database else set()
    outside = [path.absolute() for path in besides]
    return [
        path
        for path in sorted(settings.data_dir.rglob("*"))
        if path.is_file()
        and path not in own
        and path.relative_to(settings.data_dir).parts[0] not in MADE_ANEW
        and not any(path.is_relative_to(one) for one in outside)
    ]


def _checked_sums(source: Path) -> dict[str, str]:
    try:
        sums: dict[str, str] = json.loads((source / CONTENTS).read_text())
    except (OSError, ValueError) as error:
        raise broken() from error
    there = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()} - {CONTENTS}
    if there != set(sums) or TABLES not in sums or any(_sum(source / name) != known for name, known in sums.items()):
        raise broken()
    return sums


def _write(path: Path, lines: Iterable[str]) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copy2(source, target)


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sum_of_lines(lines: Iterator[str]) -> str:
    found = hashlib.sha256()
    for line in lines:
        found.update(line.encode())
    return found.hexdigest()
