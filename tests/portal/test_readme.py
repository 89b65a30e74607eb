"""What the README and CONTRIBUTING name is there: addresses, commands with their options, settings, targets of make, files."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from portal import cli

ROOT = Path(__file__).parents[2]
TEXT = "\n".join((ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md"))
PLACEHOLDERS = {"ID": "1", "YEAR": "2026"}


def addresses() -> set[str]:
    """Give the addresses that stand between backticks, with something in the place of words in capitals."""
    found = re.findall(r"`(?:GET )?(/[a-z][\w./-]*)`", TEXT)
    return {re.sub(r"[A-Z]{2,}", lambda word: PLACEHOLDERS[word[0]], one) for one in found}


def is_there(app: Flask, address: str) -> bool:
    """Say whether an address leads to a page, or is the beginning of some."""
    if any(rule.rule.startswith(f"{address}/") for rule in app.url_map.iter_rules()):
        return True
    try:
        app.url_map.bind("localhost").match(address)
    except MethodNotAllowed:
        return True
    except HTTPException:
        return False
    return True


def commands() -> Iterator[list[str]]:
    """Give every call of run.py, as a shell splits it."""
    for line in TEXT.splitlines():
        code = line.partition(" # ")[0] if line.startswith("    ") else " ".join(re.findall(r"`([^`]*)`", line))
        for part in re.split(r"\s+and\s+", code):
            if "run.py " in part:
                yield shlex.split(part.partition("run.py ")[2])


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch):
    """`parsed(["serve", "--port", "8000"])` says whether the command line can be read."""

    def read(given: list[str]) -> bool:
        asked = given if any(one.startswith("-") for one in given[1:]) or len(given) == 1 else [*given, "--help"]
        try:
            cli._parser(given).parse_args(asked)
        except SystemExit as error:
            return error.code == 0
        return True

    return read


def test_every_address_leads_somewhere(app: Flask) -> None:
    assert len(addresses()) > 8
    assert [one for one in sorted(addresses()) if not is_there(app, one)] == []
    assert not is_there(app, "/nothing/here")


def test_every_command_can_be_read(parsed, capsys: pytest.CaptureFixture[str]) -> None:
    given = list(commands())
    assert {one[0] for one in given} >= {"serve", "worker", "people", "import", "check", "statistics", "rebuild", "books", "backup", "token"}
    assert [one for one in given if not parsed(one)] == []
    assert not parsed(["serve", "--no-such-option"])


def test_every_setting_is_read_by_the_portal() -> None:
    read = "\n".join(file.read_text("utf-8") for file in (ROOT / "portal").rglob("*.py")) + (ROOT / "Makefile").read_text("utf-8")
    read += "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("*.py") if file.name != Path(__file__).name)
    named = set(re.findall(r"PORTAL_([A-Z_]+[A-Z])", TEXT + (ROOT / ".env.example").read_text("utf-8")))
    assert len(named) > 8
    assert [one for one in sorted(named) if one.lower() not in read and f"PORTAL_{one}" not in read] == []


def test_every_target_of_make_and_every_file_is_there() -> None:
    make = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"(?:`|^    )make ([a-z]+)", TEXT, re.MULTILINE))
    assert targets >= {"run", "test", "bench", "torture"}
    assert [one for one in sorted(targets) if not re.search(rf"^{one}:", make, re.MULTILINE)] == []
    files = set(re.findall(r"[(`]((?:docs|scheduling|portal|instruments|tests)/[\w/.]+\.\w+)", TEXT))
    assert len(files) > 8
    assert [one for one in sorted(files) if not os.path.exists(ROOT / one)] == []
