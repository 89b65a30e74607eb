"""The data files shipped with the product: classification, code lists, search terms."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def read(name: str) -> Any:
    """Read one of the JSON files beside this one."""
    return json.loads((files(__package__) / name).read_text(encoding="utf-8"))
