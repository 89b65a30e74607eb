"""Parts within parts as they were typed ("raw": text by the keys of the inputs), so that a page can always be shown again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from portal.nestedfields import Parts

MOST_ITEMS, LONGEST_TEXT = 60, 1000
Raw = dict[str, Any]


def list_at(parts: Parts, raw: Raw, places: Sequence[str], part: str) -> tuple[list[Raw] | None, str]:
    """Find a list by its place, such as rates.0.prices, and what its items are."""
    here = raw
    for number, key in enumerate(places[::2]):
        asks = next((one for one in parts[part].asks if one.key == key and one.look in ("many", "one")), None)
        if asks is None:
            return None, part
        if asks.look == "one":
            return list_at(parts, here[key], places[number * 2 + 1 :], asks.part)
        items, part = here[key], asks.part
        if number * 2 + 1 >= len(places):
            return items, part
        index = int(places[number * 2 + 1]) if places[number * 2 + 1].isdigit() else len(items)
        if index >= len(items):
            return None, part
        here = items[index]
    return None, part


def read_raw(parts: Parts, sent: MultiDict[str, str], part: str, path: str) -> Raw:
    """Read a part as it was sent; at most so many items of each list."""
    raw: Raw = {}
    for asks in parts[part].asks:
        name = path + asks.key
        if asks.look == "many":
            raw[asks.key] = [read_raw(parts, sent, asks.part, f"{name}.{place}.") for place in range(_count(sent.get(f"n:{name}", "")))]
        elif asks.look == "one":
            raw[asks.key] = read_raw(parts, sent, asks.part, f"{name}.")
        elif asks.look in ("ticks", "codes"):
            raw[asks.key] = [text[:40] for text in sent.getlist(name)[:MOST_ITEMS]]
        elif asks.look == "tick":
            raw[asks.key] = name in sent
        else:
            raw[asks.key] = sent.get(name, "").strip()[:LONGEST_TEXT]
    return raw


def _count(text: str) -> int:
    return min(int(text), MOST_ITEMS) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def codes_in(parts: Parts, raw: Raw, part: str) -> Iterator[str]:
    """Give the codes of a part and of all within it."""
    for asks in parts[part].asks:
        if asks.look == "code" and raw[asks.key]:
            yield raw[asks.key]
        elif asks.look == "many":
            for one in raw[asks.key]:
                yield from codes_in(parts, one, asks.part)


def name_codes(parts: Parts, raw: Raw, part: str, taken: set[str], *, between: str = "-") -> None:
    """Give new parts a code of their own; nobody is asked for one."""
    for asks in parts[part].asks:
        if asks.look == "code" and not raw[asks.key]:
            begins = part.replace("_", between) + between
            number = next(number for number in range(1, 10_000) if f"{begins}{number}" not in taken)
            raw[asks.key] = f"{begins}{number}"
            taken.add(raw[asks.key])
        elif asks.look == "many":
            for one in raw[asks.key]:
                name_codes(parts, one, asks.part, taken, between=between)
