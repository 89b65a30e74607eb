"""Look whether everything is as promised; exit 1 where it is not."""

from __future__ import annotations

import argparse
import sys

from portal.checks import findings
from portal.commands.opened import engine_of, settings_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: all of it is looked at."""


def run(chosen: argparse.Namespace) -> int:
    """Print each finding; what is wrong goes to standard error as well."""
    is_right = True
    for finding in findings(engine_of(settings_of(chosen))):
        print(f"{'ok   ' if finding.is_right else 'WRONG'} {finding.name}: {finding.detail}", flush=True)
        if not finding.is_right:
            is_right = False
            print(f"{finding.name}: {finding.detail}", file=sys.stderr)
    return 0 if is_right else 1
