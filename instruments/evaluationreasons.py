"""Why the terms of an evaluation scheme cannot be read: by the kind of error, what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from instruments.errors import Sentence

Found = tuple[str, Sentence]  # the place, such as parts.0.weight, and what is wrong there
_NO_NUMBER = Sentence("这不是数字，请填写数字，例如 35 或 0.35。", "This is no number. Give one, such as 35 or 0.35.")
_TOO_BIG = Sentence("数字太大，请填写较小的数。", "This number is too large. Give a smaller one.")
_EMPTY = Sentence("请填写此项。", "Please fill this in.")
_NOT_OFFERED = Sentence("没有这个选项，请从列表中选择。", "There is no such choice. Take one from the list.")
REASONS: Mapping[str, Sentence] = {
    "missing": _EMPTY,
    "string_too_short": _EMPTY,
    "string_too_long": Sentence("文字太长，请缩短。", "This text is too long. Shorten it."),
    "string_pattern_mismatch": Sentence(
        "代码以小写字母开头，只含小写字母、数字和下划线。", "A code begins with a small letter and has only small letters, digits and underscores."
    ),
    "too_short": Sentence("至少需要一项，请添加。", "At least one is needed. Add one."),
    "too_long": Sentence("项目太多，请删去一些。", "There are too many. Remove some."),
    "literal_error": _NOT_OFFERED,
    "greater_than_equal": Sentence("不能小于 0，请填写 0 或更大的数。", "It cannot be below 0. Give 0 or more."),
    "greater_than": Sentence("必须大于 0，请填写大于 0 的数。", "It must be above 0. Give a number above 0."),
    "less_than_equal": _TOO_BIG,
    "decimal_max_digits": _TOO_BIG,
    "decimal_whole_digits": _TOO_BIG,
    "decimal_max_places": Sentence("小数不超过 4 位，请四舍五入。", "At most 4 decimal places. Round it."),
    "finite_number": _NO_NUMBER,
    "decimal_parsing": _NO_NUMBER,
    "decimal_type": _NO_NUMBER,
    "string_type": _EMPTY,
}
OTHERWISE = Sentence("这里填写得不对，请检查。", "This cannot be right. Please look at it again.")


def wrong(found: Iterable[Found]) -> None:
    """Refuse a part of a scheme for all that was found wrong with it; nothing found, nothing done."""
    all_of_it = list(found)
    if all_of_it:
        raise PydanticCustomError("scheme", "{said}", {"said": all_of_it[0][1].en, "found": all_of_it})


def reasons_of(errors: Iterable[Mapping[str, Any]]) -> Iterator[Found]:
    """Give every error of reading with its place; a list that is short only because one in it is wrong is not complained of as well."""
    all_of_it = list(errors)
    for error in all_of_it:
        loc = tuple(error["loc"])
        at = ".".join(str(part) for part in loc)
        if error["type"] == "scheme":
            yield from ((".".join(part for part in (at, place) if part), sentence) for place, sentence in error["ctx"]["found"])
        elif error["type"] != "too_short" or not any(tuple(other["loc"])[: len(loc)] == loc and other is not error for other in all_of_it):
            yield at, REASONS.get(error["type"], OTHERWISE)
