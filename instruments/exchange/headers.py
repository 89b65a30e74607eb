"""Which column of a list holds what, guessed from the headers people write, and from the first rows where a header says too little."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from instruments.exchange.cells import HAN, KANA, fold, fold_closely
from instruments.exchange.fields import FIELDS, KEEP, LEAVE

_BRACKETS = re.compile(r"[(（【\[].*?[)）】\]]")
_NUMBERING = re.compile(r"^\s*(?:\d{1,2}[.、)）]|[*#※])\s*")
_CODE = re.compile(r"\d{6}$")
_KINDS = re.compile(r"通用|专用|專用|general|dedicated", re.IGNORECASE)
NAMELESS = ("name", "instrument name", "equipment name", "instrument", "equipment", "tool")
SORTED = ("category", "类别", "分类", "仪器分类", "仪器类别")
LEFT_OUT = ("序号", "序號", "no", "#", "行号", "发布状态", "publication")


def _strengths() -> dict[str, tuple[str, int]]:
    known: dict[str, tuple[str, int]] = {}
    for each in FIELDS:
        own = "" if each.kind == "yuan" else each.key  # "original value" alone does not say in which unit
        names = (own, each.label.zh, each.label.en, each.national, *each.also)
        for strength, name in enumerate(names):
            if name and each.kind != "shown":
                known.setdefault(fold_closely(name), (each.key, strength))
    return known


_KNOWN = _strengths()
_NAMELESS = {fold_closely(name) for name in NAMELESS}
_SORTED = {fold_closely(name) for name in SORTED}
_LEFT_OUT = {fold_closely(name) for name in LEFT_OUT} - {""}


def is_known(header: str) -> bool:
    """Say whether a text is a header we know."""
    return _look_up(header) is not None


def guess(headers: Sequence[str], samples: Sequence[Sequence[str]] = ()) -> list[str]:
    """Give for each column the field it seems to hold, "keep" for a column we do not know, "leave" for a mere numbering.

    `samples` are the cells of the first rows. No field is given twice: the stronger header has it.
    """
    wanted = [_wanted(header, _column(samples, at)) for at, header in enumerate(headers)]
    best: dict[str, tuple[int, int]] = {}
    for at, (key, strength) in enumerate(wanted):
        if key not in (KEEP, LEAVE) and (key not in best or strength < best[key][0]):
            best[key] = (strength, at)
    return [key if key == LEAVE or best.get(key, (0, -1))[1] == at else KEEP for at, (key, _) in enumerate(wanted)]


def _wanted(header: str, cells: list[str]) -> tuple[str, int]:
    closely = fold_closely(header)
    if closely in _LEFT_OUT or fold(header) in LEFT_OUT or not (header or any(cells)):
        return (LEAVE, 0)
    if closely in _NAMELESS:
        return ("name_zh" if _are_mostly(cells, lambda text: bool(HAN.search(text) or KANA.search(text))) else "name_en", 50)
    if closely in _SORTED and _are_mostly(cells, lambda text: bool(_CODE.match(text))):
        return ("category_code", 50)
    found = _look_up(header) or (KEEP, 0)
    if closely == "type" and not any(_KINDS.search(text) for text in cells):
        return (KEEP, 0)  # "type" heads many things
    return found


def _look_up(header: str) -> tuple[str, int] | None:
    """Try the header as it is, then without numbering, then without what stands in brackets."""
    plain = _NUMBERING.sub("", header)
    for weaker, text in ((0, header), (0, plain), (100, _BRACKETS.sub("", plain))):
        found = _KNOWN.get(fold_closely(text))
        if found:
            return (found[0], found[1] + weaker)
    if fold_closely(header) in _NAMELESS:
        return ("name_en", 50)
    return None


def _column(samples: Sequence[Sequence[str]], at: int) -> list[str]:
    return [row[at] for row in samples if at < len(row) and row[at]]


def _are_mostly(cells: list[str], holds: Callable[[str], bool]) -> bool:
    return bool(cells) and sum(holds(text) for text in cells) * 2 > len(cells)
