"""Hold the rows of a return against its format: what is missing, too long, not on its list, or not written as it should be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from instruments.errors import Sentence
from instruments.exchange.vocabulary import Vocabulary
from scheduling.returning.formats import ReturnField, ReturnFormat

Problem = list[str]  # field and code
WORDS: Mapping[str, Sentence] = {
    "missing": Sentence("未填写", "is missing"),
    "too_long": Sentence("超过规定长度", "is too long"),
    "not_listed": Sentence("不在代码表中", "is not on its list"),
    "malformed": Sentence("格式不正确", "is not written as it should be"),
    "duty_free": Sentence("海关监管仪器用于“其他”用途，须填写免税备案号", "is needed: a duty-free instrument was used for “other”"),
    "unpriced": Sentence("费用尚未定价", "is not priced yet"),
    "not_said_who": Sentence("培训记录未说明培训对象，请补充或直接填写人数", "cannot be told: trainings do not say who was trained"),
    "no_month": Sentence(
        "部分成果未注明月份，无法划分学年，请补充或直接填写", "cannot be told: results have a year only, and it has two school years"
    ),
}
_TWO_PLACES, _DIGITS = re.compile(r"\d{1,12}\.\d{2}"), re.compile(r"\d+")
_PARTIAL = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
TIME = "%Y-%m-%d %H:%M:%S"


def problems_of(layout: ReturnFormat, data: Mapping[str, Any], words: Vocabulary, *, known: tuple[Problem, ...] = ()) -> list[Problem]:
    """Give all that is wrong with a row as pairs of field and code, in the order of the fields; `known` is what its maker found already."""
    found = dict(known)
    return [
        [field.name, code] for field in layout.fields if (code := found.get(field.name) or wrong_with(field, data.get(field.name), words))
    ]


def wrong_with(field: ReturnField, value: Any, words: Vocabulary) -> str:
    """Say what is wrong with one value, "" for nothing."""
    if value is None or value in ("", []):
        return "missing" if field.is_required else ""
    if field.kind == "digits":
        return "" if _DIGITS.fullmatch(str(value)) and len(str(value)) == field.length else "malformed"
    if field.length and len(str(value)) > field.length:
        return "too_long"
    return _CHECKS.get(field.kind, _nothing)(field, value, words)


def _nothing(_field: ReturnField, _value: Any, _words: Vocabulary) -> str:
    return ""


def _matches(pattern: re.Pattern[str]) -> Callable[[ReturnField, Any, Vocabulary], str]:
    return lambda _field, value, _words: "" if pattern.fullmatch(str(value)) else "malformed"


def _count(_field: ReturnField, value: Any, _words: Vocabulary) -> str:
    return "" if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else "malformed"


def _time(_field: ReturnField, value: Any, _words: Vocabulary) -> str:
    try:
        datetime.strptime(str(value), TIME)  # noqa: DTZ007 - a wall time, as the national side asks
    except ValueError:
        return "malformed"
    return ""


def _named(field: ReturnField, value: Any, words: Vocabulary) -> str:
    return "" if value in {name.zh for name in words.names.get(field.list_name, {}).values()} else "not_listed"


def _coded(field: ReturnField, value: Any, words: Vocabulary) -> str:
    return "" if value in words.names.get(field.list_name, {}) else "not_listed"


def _all_coded(field: ReturnField, value: Any, words: Vocabulary) -> str:
    codes = str(value).split(",")
    if len(codes) > field.most:
        return "too_long"
    return "" if all(code in words.names.get(field.list_name, {}) for code in codes) else "not_listed"


def _chosen(field: ReturnField, value: Any, _words: Vocabulary) -> str:
    return "" if value in field.values else "not_listed"


_CHECKS: Mapping[str, Callable[[ReturnField, Any, Vocabulary], str]] = {
    "amount": _matches(_TWO_PLACES), "hours": _matches(_TWO_PLACES), "count": _count, "time": _time, "month": _matches(_MONTH),
    "partial_date": _matches(_PARTIAL), "email": _matches(_EMAIL), "name": _named, "code": _coded, "codes": _all_coded, "choice": _chosen,
}  # fmt: skip


def said(layout: ReturnFormat, problem: Problem) -> Sentence:
    """Say a problem in words: which field, and what is wrong with it."""
    field, words = layout.field(problem[0]), WORDS[problem[1]]
    return Sentence(f"“{field.label.zh}”{words.zh}", f"“{field.label.en}” {words.en}")
