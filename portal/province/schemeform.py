"""An evaluation scheme as a form: parts, indicators, curves and grades; read back as terms, each mistake beside its input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from instruments.errors import Sentence
from instruments.evaluationinputs import INPUTS, UNITS
from instruments.evaluationterms import Terms, read_terms, stored, wrong_with
from portal.language import say, t
from portal.nestedfields import Asks
from portal.nestedform import Group, Input, Layout, Many, own_name, rearrange
from portal.nestedraw import Raw, codes_in, name_codes, read_raw
from portal.province.schemefields import CURVE_FIELDS, EMPTY, PARTS, USUAL

USUALLY = {"general": "1400", "dedicated": "800"}


@dataclass
class SchemeForm:
    """A scheme as it was typed, its terms where it can be read, and what is wrong with it, by place."""

    raw: Raw
    terms: Terms | None = None
    errors: dict[str, str] = field(default_factory=dict)
    is_new: bool = False

    def check(self) -> None:
        """Read what was typed as terms, or note what is wrong where."""
        data = data_of(self.raw)
        self.errors = {_place(at): say(words) for at, words in wrong_with(data).items()}
        self.terms = None if self.errors else read_terms(data)

    def group(self) -> Group:
        """Lay the form out."""
        return Layout(PARTS, self.errors, self._choices, _is_used, _Placing(self).place).group(self.raw, "scheme", "", t("方案", "Scheme"))

    def _choices(self, asks: Asks) -> Sequence[tuple[str, str]]:
        if asks.key == "input":
            return [("", t("请选择", "Choose one")), *((code, words) for code, words in definitions(self.raw["of"]))]
        if asks.key == "part":
            return [(one["code"], own_name(one) or one["code"]) for one in self.raw["parts"]]
        return [(key, say(words)) for key, words in (asks.choices or {}).items()]


@dataclass(frozen=True)
class _Placing:
    """Where an input goes: what the chosen curve, sum or way of grading has no use for is carried along unseen."""

    form: SchemeForm

    def place(self, raw: Raw, part: str, asks: Asks) -> str:
        """Say where an input of a part goes."""
        is_asked = {"scheme": self._of_scheme, "item": self._of_item, "curve": self._of_curve, "grade": self._of_grade}.get(part)
        if is_asked is not None and not is_asked(raw, asks.key):
            return "hidden"
        return "behind" if asks.behind else "shown"

    def _of_scheme(self, _raw: Raw, key: str) -> bool:
        return key != "of" or self.form.is_new

    def _of_item(self, raw: Raw, key: str) -> bool:
        return key != "weight" or any(part["adds"] == "weights" and any(raw is item for item in part["items"]) for part in self.form.raw["parts"])

    def _of_curve(self, raw: Raw, key: str) -> bool:
        return key == "kind" or key in CURVE_FIELDS.get(raw["kind"], ())

    def _of_grade(self, raw: Raw, key: str) -> bool:
        wanted = "least" if self.form.raw["grading"] == "cuts" else "until"
        return key not in ("least", "until") or (key == wanted and raw is not self.form.raw["grades"][-1])


def definitions(of: str) -> list[tuple[str, str]]:
    """Give the indicators there are for what is evaluated, each with its unit and definition."""
    return [
        (code, t("{title}（{unit}）：{about}", "{title} ({unit}): {about}", title=say(one.title), unit=say(UNITS[one.unit]), about=say(one.about)))
        for code, one in INPUTS.items()
        if of in one.of
    ]


def form_of(terms: Terms | None, *, is_new: bool = False) -> SchemeForm:
    """Write terms into a form; without any, begin an empty scheme."""
    form = SchemeForm(raw_of(EMPTY if terms is None else stored(terms), "scheme"), terms, is_new=is_new)
    if terms is None:
        form.raw["parts"].append(new_of("part"))
        _name_codes(form)
    return form


def read_form(sent: MultiDict[str, str], *, of: str = "") -> SchemeForm:
    """Read what was sent; `of` is what is evaluated where that cannot change. Nothing is checked yet."""
    form = SchemeForm(read_raw(PARTS, sent, "scheme", ""), is_new=not of)
    form.raw["of"] = of or form.raw["of"]
    for part in form.raw["parts"]:
        for item in part["items"]:
            known = INPUTS.get(item["input"])
            if known is not None and not item["title_zh"] and not item["title_en"]:
                item["title_zh"], item["title_en"] = known.title.zh, known.title.en
    _name_codes(form)
    return form


def rearranged(form: SchemeForm, step: str) -> bool:
    """Add, take away or move a part as a button says; False where the button says something else."""
    if not rearrange(PARTS, form.raw, "scheme", step, new_of):
        return False
    _name_codes(form)
    return True


def new_of(part: str) -> Raw:
    """Give a new part as it begins: a part with an indicator to be chosen."""
    raw = raw_of(USUAL[part], part)
    if part == "item":
        raw["curve"] = raw_of(USUAL["curve"], "curve")
    if part == "part":
        raw["items"].append(new_of("item"))
    return raw


def _name_codes(form: SchemeForm) -> None:
    name_codes(PARTS, form.raw, "scheme", set(codes_in(PARTS, form.raw, "scheme")), between="_")


def raw_of(data: Mapping[str, Any], part: str) -> Raw:
    """Write data as it would be typed."""
    raw: Raw = {}
    for asks in PARTS[part].asks:
        value = data.get(asks.key)
        if asks.key == "tie_break":
            raw[asks.key] = [{"part": code} for code in value or ()]
        elif asks.look == "many":
            raw[asks.key] = [raw_of(one, asks.part) for one in value or ()]
        elif asks.look == "one":
            raw[asks.key] = raw_of(value or {}, asks.part)
        elif asks.look == "tick":
            raw[asks.key] = bool(value)
        else:
            raw[asks.key] = "" if value is None else str(value)
    return raw


def data_of(raw: Raw) -> dict[str, Any]:
    """Give what was typed as terms are stored; what is empty, and what the choices made have no use for, is left out."""
    data = _data(raw, "scheme")
    data["tie_break"] = [one["part"] for one in raw["tie_break"]]
    for place, grade in enumerate(data["grades"]):
        is_last, other = place == len(data["grades"]) - 1, "until" if raw["grading"] == "cuts" else "least"
        for key in ("least", "until") if is_last else (other,):
            grade.pop(key, None)
    for part in data["parts"]:
        for item in part["items"]:
            asked = ("kind", *CURVE_FIELDS.get(item["curve"].get("kind", ""), ()))
            item["curve"] = {key: value for key, value in item["curve"].items() if key in asked}
    return data


def _data(raw: Raw, part: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for asks in PARTS[part].asks:
        value = raw[asks.key]
        if asks.look == "many":
            data[asks.key] = [_data(one, asks.part) for one in value]
        elif asks.look == "one":
            data[asks.key] = _data(value, asks.part)
        elif value != "":
            data[asks.key] = value
    return data


def _place(at: str) -> str:
    """Give the input that stands for a place in the terms."""
    return f"{at}.part" if at.startswith("tie_break.") else at


def _is_used(value: Any, asks: Asks) -> bool:
    if isinstance(value, dict):
        return any(each not in ("", USUALLY.get(key)) for key, each in value.items())
    return bool(value) and asks.look != "text"  # where it comes from and what is noted may stay folded away


def labels(group: Group, within: str = "") -> Iterator[tuple[str, str]]:
    """Name every place of a laid-out form, for the list of what is wrong."""
    yield group.name, within
    for one in (*group.shown, *group.behind):
        if isinstance(one, Input):
            yield one.name, t("{within}，{label}", "{within}, {label}", within=within, label=say(one.asks.label)) if within else say(one.asks.label)
        elif isinstance(one, Many):
            yield one.name, f"{within}{t('，', ', ') if within else ''}{one.label}"
            for inner in one.items:
                yield from labels(inner, f"{within}{t('，', ', ') if within else ''}{inner.title}")
        else:
            yield from labels(one, within or one.title)


def place_words(terms: Sequence[Terms], where: str) -> str:
    """Say in words where two versions differ: the titles along a path such as parts.hours.items.quota.curve.full."""
    words, part, rest = [], "scheme", where.split(".")
    titles = {one.code: say(one.title) for each in terms for one in (*each.parts, *(item for part in each.parts for item in part.items), *each.grades)}
    for key in rest:
        asks = next((one for one in PARTS[part].asks if one.key == key), None)
        if asks is None:
            words.append(titles.get(key) or t("第 {n} 项", "no. {n}", n=key))
            continue
        part = asks.part or part
        if asks.look != "many":
            words.append(say(Sentence(asks.label.zh.partition("（")[0], asks.label.en.partition(" (")[0])))
    return t("，", ", ").join(dict.fromkeys(words)) or where
