"""How a value of the database is written in JSON, so that it comes back as what it was."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any


def to_json(value: Any) -> Any:
    """Give a value as plain JSON; what JSON does not know is marked by a letter."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return {"t": value.astimezone(UTC).isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, time):
        return {"c": value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if isinstance(value, bytes | memoryview):
        return {"b": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, dict | list | tuple):
        return {"j": value}
    raise TypeError(f"A value of type {type(value).__name__} has no place in an archive.")


def from_json(value: Any) -> Any:
    """Give back what to_json was given."""
    if not isinstance(value, dict):
        return value
    ((mark, content),) = value.items()
    return READERS[mark](content)


READERS: dict[str, Any] = {
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "c": time.fromisoformat,
    "n": Decimal,
    "b": base64.b64decode,
    "j": lambda content: content,
}
