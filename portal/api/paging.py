"""Pages by key: the cursor is the key of the last row given, wrapped so that callers do not take it apart. And windows of time."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from instruments.errors import Invalid, Sentence
from instruments.timespan import TimeSpan


def cursor_of(*key: Any) -> str:
    """Wrap a key."""
    return base64.urlsafe_b64encode(json.dumps(key, ensure_ascii=True).encode()).decode().rstrip("=")


def key_of(cursor: str | None, *kinds: type) -> list[Any] | None:
    """Unwrap a key of known types, or None without a cursor; one that is not ours is refused."""
    if not cursor:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise _unknown() from error
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds) or not all(_is_usable(part) for part in key):
        raise _unknown()
    return key


def window_of(start: datetime, end: datetime, end_name: str) -> TimeSpan:
    """Read the window a list is asked for; one that ends before it begins is told with the caller's name for its end."""
    if end <= start:
        raise Invalid(end_name, Sentence("结束时间必须晚于开始时间。", "The end must come after the start."))
    return TimeSpan(start, end)


def _is_usable(part: Any) -> bool:
    return abs(part) < 2**63 if isinstance(part, int) else "\x00" not in part and part.isprintable()


def _unknown() -> Invalid:
    return Invalid(
        "cursor", Sentence("cursor 无效，请从第一页重新开始。", "cursor: this is none of ours; start again from the first page.")
    )
