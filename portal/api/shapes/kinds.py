"""The kinds of value the API knows: times with an offset, durations, printable text, ids, pages."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
PERIOD = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,6})M)?)?", re.ASCII)
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def _instant(value: Any) -> datetime:
    """Read RFC 3339 with an offset; numbers, bare dates and naive times are refused."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value  # ours, on its way out
    if isinstance(value, str):
        text = value.replace(" ", "+") if re.search(r" \d\d:\d\d$", value) and len(value) > 20 else value  # a + not escaped in a query
        if RFC3339.fullmatch(text):
            try:
                found = datetime.fromisoformat(text.upper())
                if 1970 <= found.year <= 2999:
                    return found
            except ValueError:
                pass
    raise PydanticCustomError("instant", "not an RFC 3339 time with an offset")


def _period(value: Any) -> timedelta:
    """Read an ISO 8601 duration of days, hours and minutes."""
    match = PERIOD.fullmatch(value) if isinstance(value, str) else None
    if match is None or not any(match.groups()):
        raise PydanticCustomError("duration", "not a duration such as PT2H")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def _printable(value: str) -> str:
    if UNPRINTABLE.search(value):
        raise PydanticCustomError("text", "characters that cannot be used")
    return value


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(lambda value: value.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Period = Annotated[
    timedelta,
    BeforeValidator(_period),
    WithJsonSchema({"type": "string", "pattern": r"^P(?=.*\d)(\d{1,3}D)?(T(?=\d)(\d{1,4}H)?(\d{1,6}M)?)?$"}),
]
ACCOUNT = "The account to pay from. One that is not there is refused (422)."
PRICED = "Counts only where the instrument has rates for it; without rates there are no lines and no total."
Text = Annotated[str, AfterValidator(_printable)]
Note = Annotated[Text, Field(max_length=500)]
Id = Annotated[Text, Field(min_length=1, max_length=40)]
Samples = Annotated[int | None, Field(ge=0, le=1_000_000, description=PRICED)]
Quantities = Annotated[
    dict[Id, Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]],
    Field(max_length=50, description="How many of each unit of the rates, by its code. " + PRICED),
]
Items = Annotated[list[Id], Field(max_length=50, description="The codes of options the rates offer; one that they do not have is refused (422). " + PRICED)]
Cursor = Annotated[Text | None, Field(max_length=500)]
Limit = Annotated[int, Field(ge=1, le=200)]
Mode = Literal["self", "assisted", "remote", "teaching", "training", "maintenance"]
Purpose = Literal["research", "development", "teaching", "other"]
Status = Literal["requested", "confirmed", "running", "finished", "cancelled", "declined", "expired", "no_show", "moved"]
