"""Prices as lists give them, told apart but kept as text: "/" is not offered, "免收费" is nothing, "面议" is on request, the rest an amount or a rule."""

from __future__ import annotations

import re
from collections.abc import Mapping

from instruments.errors import Sentence
from instruments.exchange.cells import fold, narrow, one_line, says_nothing
from instruments.exchange.readings import Reading

MEANINGS = {
    "not_offered": Sentence("按“不提供”处理", "Taken as not offered"),
    "free": Sentence("按“免费”（0 元）处理", "Taken as free of charge (0 yuan)"),
    "on_request": Sentence("按“面议”处理", "Taken as a price on request"),
    "unknown": Sentence("价格未知", "The price is not known"),
    "amount": Sentence("价格按原文保留，请在收费标准中设置", "The price is kept as text; set it up under rates"),
    "rule": Sentence("收费办法按原文保留，请在收费标准中设置", "The way of charging is kept as text; set it up under rates"),
}
_FREE = re.compile(r"免收?[费費]|免[费費]使用|无偿|無償|無料|free|no (cost|charge)|0(\.0+)?\s*元?")
_ON_REQUEST = re.compile(
    r"(价格|價格|收费|收費)?\s*(面议|面議|面谈|面談|议价|議價|协商|協商|另议|另議)|応相談|要相談|on request|negotiable"
)
_AMOUNT = re.compile(r"[¥$€£]?\s*\d[\d,]*(\.\d+)?\s*(元|円|yuan|usd|cny)?(\s*/\s*[\w一-鿿ぁ-ヿ]+)?")
PARTS = {
    "fees_internal": Sentence("校内", "inside"),
    "fees_external": Sentence("校外", "outside"),
    "fees_unit": Sentence("单位", "unit"),
}
_LABEL = re.compile(r"^[\w ]{1,12}[:：]\s*")
_SHORT = {"unknown": "", "not_offered": "不提供 not offered", "free": "免费 free", "on_request": "面议 on request"}


def meaning(text: str) -> str:
    """Say what a price text is: not_offered, free, on_request, unknown, amount or rule."""
    folded = fold(narrow(text))
    if folded in {"/", "//", "-", "--", "—", "n/a", "不提供", "无此服务", "not offered"}:
        return "not_offered"
    if says_nothing(_LABEL.sub("", folded)):
        return "unknown"
    if _FREE.fullmatch(folded):
        return "free"
    if _ON_REQUEST.fullmatch(folded):
        return "on_request"
    return "amount" if _AMOUNT.fullmatch(folded) else "rule"


def read_price(text: str) -> Reading:
    """Read one price column; the value is the text for the field of fees, with the three plain cases in words."""
    kind = meaning(text)
    return Reading(_SHORT.get(kind, one_line(text)), (MEANINGS[kind],))


def read_fees(text: str) -> Reading:
    """Read a text that holds all fees; only the plain cases need a word."""
    kind = meaning(text)
    return Reading(_SHORT[kind] or None, (MEANINGS[kind],)) if kind in _SHORT and text != _SHORT[kind] else Reading(text)


def compose(parts: Mapping[str, str], whole: str = "") -> str:
    """Put the price columns of one row into one text: "校内 inside: 100/样; 校外 outside: 300/样; 单位 unit: 元/样"."""
    said = [f"{words.zh} {words.en}: {parts[key]}" for key, words in PARTS.items() if parts.get(key)]
    return "; ".join([whole, *said] if whole else said)
