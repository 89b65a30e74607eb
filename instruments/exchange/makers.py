"""Makers whose name stands inside the model ("FEI Talos F200X", "岛津LC-20A"), and cells that name several models."""

from __future__ import annotations

import re
from functools import cache

from instruments import data
from instruments.exchange.cells import fold, narrow
from instruments.exchange.readings import Reading

_BETWEEN_MODELS = re.compile(r"[;；、\n]|\s/|/\s|,\s|，|\s(?:and|及|和|与)\s")
_JOINTS = " -_,:/·・，："
_WORDLESS = re.compile(r"[\s\W]+")


def split_maker(text: str) -> tuple[str, str] | None:
    """Part a model text into (maker, model) where it begins with a known maker, as written; None where it does not."""
    folded = fold(text)
    for maker in _makers():
        if folded.startswith(maker):
            head, rest = text[: len(maker)], text[len(maker) :]
            is_whole = not maker.isascii() or not rest[:1].isalnum()
            model = rest.lstrip(_JOINTS)
            if fold(head) == maker and is_whole and model:
                return head.strip(), model
    return None


def names_several(text: str) -> bool:
    """Say whether a cell names several models."""
    parts = [part for part in _BETWEEN_MODELS.split(text) if part and _WORDLESS.sub("", part)]
    return len(parts) > 1


def read_model(text: str, *, is_maker_given: bool = False) -> Reading:
    """Read a model; a maker inside it becomes a proposal for the maker's field, unless the list gives the maker."""
    plain = narrow(text)
    parted = None if is_maker_given else split_maker(plain)
    reading = Reading(parted[1] if parted else plain, (), {"manufacturer": parted[0]} if parted else {})
    if plain != text:
        reading = reading.warn("含全角字符，已转换", "Written in full-width characters; converted")
    if parted:
        reading = reading.warn(
            f"型号中含厂商，已分为“{parted[0]}”和“{parted[1]}”",
            f"The maker stands inside the model; parted into “{parted[0]}” and “{parted[1]}”",
        )
    if names_several(plain):
        reading = reading.warn("一格中有多个型号；一台仪器请填一个型号", "Several models in one cell; one instrument has one model")
    return reading


@cache
def _makers() -> tuple[str, ...]:
    """Give the known makers, folded, the longest first."""
    return tuple(sorted({fold(name) for name in data.read("makers.json")}, key=len, reverse=True))
