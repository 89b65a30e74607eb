"""The long form of the promises: `python -m tests.torture` lists them, `python -m tests.torture NAME [--quick]` runs one, `all` every one.

Each module here has `run(quick: bool) -> None`: it prints what it measured and raises AssertionError when the promise is broken.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def names() -> list[str]:
    """List the promises that have a long form."""
    return sorted(
        found.name
        for found in pkgutil.iter_modules([str(HERE)])
        if not found.name.startswith("_") and "def run(" in (HERE / f"{found.name}.py").read_text()
    )


def main() -> int:
    """Run what was asked for; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("name", nargs="?", choices=[*names(), "all"])
    parser.add_argument("--quick", action="store_true", help="the form that `make test` runs")
    asked = parser.parse_args()
    if asked.name is None:
        print("\n".join(names()))
        return 0
    broken = 0
    for name in names() if asked.name == "all" else [asked.name]:
        began = time.monotonic()
        try:
            importlib.import_module(f"tests.torture.{name}").run(quick=asked.quick)
            print(f"{name}: kept ({time.monotonic() - began:.0f} s)")
        except AssertionError as error:
            broken += 1
            print(f"{name}: BROKEN ({time.monotonic() - began:.0f} s): {error}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
