"""What lists say about who may use an instrument and how: "外部共享", "学外利用: 要相談", "委託及自行操作", "自主上机"."""

from __future__ import annotations

import re
from typing import Any

from instruments.catalogue import SHARING_MODES
from instruments.errors import Sentence
from instruments.exchange.cells import fold
from instruments.exchange.readings import Reading, left_empty

_EXACT = {fold(text): mode for mode, words in SHARING_MODES.items() for text in (mode, words.zh, words.en)}
_MODES: tuple[tuple[re.Pattern[str], str, Sentence], ...] = (
    (re.compile(r"不共享|not shared"), "none", Sentence("读作“不共享”", "Read as not shared")),
    (
        re.compile(r"[学學]外利用\s*:?\s*(不可|否|×)|不[对對]外|[仅僅]限?[校所院]?内|[学學]内(のみ|限定)|internal only"),
        "internal",
        Sentence("读作“内部共享”", "Read as shared inside the organisation"),
    ),
    (
        re.compile(r"要相談|[面协協]商|by arrangement|on request"),
        "external",
        Sentence("写明须先商量，暂作“外部共享”，请核对", "Says to ask first; taken as shared with everybody, please check"),
    ),
    (
        re.compile(r"[学學]外利用\s*:?\s*(可|○)|[对對]外|[开開]放共享|外部|[学學校]外|external|public"),
        "external",
        Sentence("读作“外部共享”", "Read as shared with everybody"),
    ),
)
_SELF = re.compile(r"自主|自行操作|自行上[机機]|自助|self|unassisted")
_SAMPLE = re.compile(r"委[托託]|送[样樣]|代[测測]|受託|依頼|sample service|assisted|commission")
_TRAINED = re.compile(r"考核|培[训訓]|訓練|训练|认证|認證|資格|training|trained|certif|qualif")


def read_sharing(text: str) -> Reading:
    """Read a text about sharing: the mode as the value; self-operation, sample service and training as what it also says."""
    folded = fold(text)
    if folded in _EXACT:
        return Reading(_EXACT[folded])
    mode, words = next(((mode, words) for pattern, mode, words in _MODES if pattern.search(folded)), (None, None))
    also = _ways(folded)
    if mode is None and not also:
        return left_empty("看不出共享方式，未采用", "The way of sharing cannot be told from this; not taken")
    reading = Reading(mode, (words,) if words else (), also)
    return reading.warn(*_in_words(also)) if also else reading


def _ways(folded: str) -> dict[str, Any]:
    alone, sample = bool(_SELF.search(folded)), bool(_SAMPLE.search(folded.replace("unassisted", "")))
    also: dict[str, Any] = {}
    if alone or sample:
        also |= {"self_operated": alone} | ({"sample_service": True} if sample else {})
    if _TRAINED.search(folded):
        also["needs_qualification"] = True
    return also


def _in_words(also: dict[str, Any]) -> tuple[str, str]:
    zh, en = [], []
    if "self_operated" in also:
        zh.append("可自主上机" if also["self_operated"] else "不能自主上机")
        en.append("self-operated" if also["self_operated"] else "not self-operated")
    if also.get("sample_service"):
        zh.append("可送样")
        en.append("sample service")
    if also.get("needs_qualification"):
        zh.append("需上机资格")
        en.append("needs a qualification")
    return f"读作：{'、'.join(zh)}", f"Read as: {', '.join(en)}"
