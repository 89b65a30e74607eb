"""The terms of an evaluation scheme: indicators on two levels, weights, curves, grades. All of it is data; what nobody has published stays empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from instruments.errors import Invalid, Sentence
from instruments.evaluationinputs import INPUTS, SUBJECTS
from instruments.evaluationreasons import Found, reasons_of, wrong

MOST_PARTS, MOST_ITEMS, MOST_STEPS, MOST_GRADES = 12, 12, 12, 8
Points = Annotated[Decimal, Field(ge=0, le=10_000, max_digits=12, decimal_places=4, allow_inf_nan=False)]
Amount = Annotated[Decimal, Field(ge=0, le=Decimal("9999999999.99"), decimal_places=4, allow_inf_nan=False)]
Above = Annotated[Decimal, Field(gt=0, le=Decimal("9999999999.99"), decimal_places=4, allow_inf_nan=False)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Titled(_Strict):
    code: Code
    title_zh: Title
    title_en: Title

    @property
    def title(self) -> Sentence:
        """Name it."""
        return Sentence(self.title_zh, self.title_en)


class Step(_Strict):
    """From a value on, so many points."""

    least: Amount
    points: Points


class Curve(_Strict):
    """How a value becomes points. linear: `most` points at `full`, in proportion below; steps: the points of the highest step reached;
    pieces: `each` points for every `per`, whole ones only where `is_whole`, at most `most`; rank: `most` for the best, in proportion to those not better."""

    kind: Literal["linear", "steps", "pieces", "rank"]
    full: Above | None = None
    most: Points | None = None
    each: Points | None = None
    per: Above = Decimal(1)
    is_whole: bool = False
    steps: Annotated[tuple[Step, ...], Field(max_length=MOST_STEPS)] = ()

    @model_validator(mode="after")
    def _monotone(self) -> Curve:
        wrong(self._wrong())
        return self

    def _wrong(self) -> Iterator[Found]:
        if self.kind == "steps" and not self.steps:
            yield "steps", Sentence("请至少填写一级。", "Give at least one step.")
        for place, (earlier, later) in enumerate(pairwise(self.steps), 1):
            if later.least <= earlier.least:
                yield f"steps.{place}.least", Sentence("各级须从低到高排列，请填写比上一级更大的数。", "Steps rise: give more than the step before.")
            if later.points < earlier.points:
                yield f"steps.{place}.points", Sentence("分数不能低于上一级，请改正。", "Points never fall: give no less than the step before.")

    @property
    def is_whole_curve(self) -> bool:
        """Say whether nothing of it is left open."""
        return not (self.kind == "linear" and self.full is None) and not (self.kind == "pieces" and self.each is None)


class Item(_Titled):
    """A second-level indicator: one input and its curve. An optional one whose curve is open counts nothing, and says so."""

    input: str
    curve: Curve
    weight: Points | None = None
    is_optional: bool = False
    source: Text = ""

    @property
    def key(self) -> str:
        """Give the name of its input; a self-assessed one is its own."""
        return f"{self.input}:{self.code}" if self.input == "assessed" else self.input


class Part(_Titled):
    """A first-level indicator, at most `most` points before it is weighted. Its items' points are added, or first weighted by their own weights."""

    weight: Points | None = None
    most: Points = Decimal(100)
    adds: Literal["points", "weights"] = "points"
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=MOST_ITEMS)]
    source: Text = ""
    note_zh: Text = ""
    note_en: Text = ""

    @property
    def note(self) -> Sentence | None:
        """Give what is to be minded about it."""
        return Sentence(self.note_zh, self.note_en) if self.note_zh or self.note_en else None


class Grade(_Titled):
    """A grade: by cut-offs from a total on (`least`), by ranks down to a rank or percent (`until`); the last one takes the rest."""

    least: Points | None = None
    until: Points | None = None


class Terms(_Strict):
    """A scheme. `full` is what the weights add up to (1 or 100; None: points as they stand). `without` says what a missing input means."""

    of: Literal["instrument", "organisation"]
    period: Literal["year", "school_year"] = "year"
    least_value: Amount | None = None
    quota: dict[Literal["general", "dedicated"], Above] = {"general": Decimal(1400), "dedicated": Decimal(800)}
    full: Literal["1", "100"] | None = None
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=MOST_PARTS)]
    grading: Literal["cuts", "ranks", "percent"] = "cuts"
    grades: Annotated[tuple[Grade, ...], Field(min_length=1, max_length=MOST_GRADES)]
    tie_break: tuple[str, ...] = ()
    without: Literal["zero", "excluded"] = "zero"

    @model_validator(mode="after")
    def _whole(self) -> Terms:
        wrong([*self._doubled(), *self._unknown(), *self._weights(), *self._grades()])
        return self

    def _doubled(self) -> Iterator[Found]:
        said = Sentence("代码重复，请删去其中一项后重新添加。", "This code stands twice. Remove one of the two and add it anew.")
        yield from ((f"parts.{place}.code", said) for place in _twice([part.code for part in self.parts]))
        inner = [(f"parts.{place}.items.{row}.code", item.code) for place, part in enumerate(self.parts) for row, item in enumerate(part.items)]
        yield from ((inner[place][0], said) for place in _twice([code for _, code in inner]))
        yield from ((f"grades.{place}.code", said) for place in _twice([one.code for one in self.grades]))

    def _unknown(self) -> Iterator[Found]:
        codes = [part.code for part in self.parts]
        for place, code in enumerate(self.tie_break):
            if code not in codes:
                yield f"tie_break.{place}", Sentence("没有这个一级指标，请重新选择或删去。", "There is no such part. Choose another, or remove this.")
        for place, part in enumerate(self.parts):
            for row, item in enumerate(part.items):
                if item.input not in INPUTS:
                    yield f"parts.{place}.items.{row}.input", Sentence("没有这个指标，请从列表中选择。", "There is no such indicator. Take one from the list.")
                elif self.of not in INPUTS[item.input].of:
                    of = SUBJECTS[self.of]
                    said = Sentence(f"该指标不适用于{of.zh}，请选择其他指标。", f"It does not exist for {of.en.lower()}. Choose another indicator.")
                    yield f"parts.{place}.items.{row}.input", said

    def _weights(self) -> Iterator[Found]:
        yield from _wrong_sum("full", [part.weight for part in self.parts], self.full, Sentence("一级指标", "the parts"))
        for place, part in enumerate(self.parts):
            if part.adds == "weights":
                of = Sentence(f"“{part.title_zh}”内各指标", f"the indicators of “{part.title_en}”")
                yield from _wrong_sum(f"parts.{place}.adds", [item.weight for item in part.items], self.full or "100", of)

    def _grades(self) -> Iterator[Found]:
        name = "least" if self.grading == "cuts" else "until"
        before: Decimal | None = None
        for place, one in enumerate(self.grades):
            mark = getattr(one, name)
            if mark is None:
                continue
            if before is not None and (mark >= before if name == "least" else mark <= before):
                yield f"grades.{place}.{name}", _OVERLAPS[name]
            if self.grading == "ranks" and (mark != int(mark) or mark < 1):
                yield f"grades.{place}.{name}", Sentence("名次须为大于 0 的整数。", "A rank is a whole number above 0.")
            if self.grading == "percent" and not 0 < mark <= 100:
                yield f"grades.{place}.{name}", Sentence("百分比须大于 0、不超过 100。", "A percent is above 0 and at most 100.")
            before = mark


_OVERLAPS = {
    "least": Sentence("与上一等级重叠，请填写比上一等级更低的分数。", "It overlaps the grade before. Give a lower total than that one has."),
    "until": Sentence("与上一等级重叠，请填写比上一等级更靠后的名次。", "It overlaps the grade before. Give a bound further down than that one's."),
}


def _twice(codes: Sequence[str]) -> list[int]:
    return [place for place, code in enumerate(codes) if code in codes[:place]]


def _wrong_sum(at: str, weights: list[Decimal | None], full: str | None, of: Sentence) -> Iterator[Found]:
    if full is None or any(weight is None for weight in weights):
        return
    total = sum((weight for weight in weights if weight is not None), Decimal(0))
    if total != Decimal(full):
        made, off = f"{total.normalize():f}", f"{abs(Decimal(full) - total).normalize():f}"
        zh, en = ("少", "too little") if total < Decimal(full) else ("多", "too much")
        yield at, Sentence(
            f"{of.zh}的权重之和应为 {full}，现为 {made}，{zh}了 {off}，请调整权重。",
            f"The weights of {of.en} must add up to {full}; they make {made}, {off} {en}. Change the weights.",
        )


def wrong_with(given: Any) -> dict[str, Sentence]:
    """Give all that is wrong with terms by its place, such as parts.0.weight; nothing for terms that can be read."""
    found: dict[str, Sentence] = {}
    try:
        Terms.model_validate(given)
    except ValidationError as error:
        for at, sentence in reasons_of(error.errors(include_url=False)):
            found.setdefault(at, sentence)
    return found


def read_terms(given: Any) -> Terms:
    """Read terms; Invalid with the first place and a sentence for what cannot be right."""
    try:
        return Terms.model_validate(given)
    except ValidationError as error:
        at, sentence = next(reasons_of(error.errors(include_url=False)))
        raise Invalid(at or "terms", sentence) from error


def stored(terms: Terms) -> dict[str, Any]:
    """Give terms as they are stored: numbers as text, so that none of them changes."""
    return terms.model_dump(mode="json")


def missing(terms: Terms) -> list[Sentence]:
    """Name what must be filled in before anybody can be graded."""
    found = [Sentence(f"“{one.title_zh}”的权重", f"the weight of “{one.title_en}”") for one in terms.parts if one.weight is None]
    for part in terms.parts:
        for item in part.items:
            if part.adds == "weights" and item.weight is None:
                found.append(Sentence(f"“{item.title_zh}”的权重", f"the weight of “{item.title_en}”"))
            if not item.curve.is_whole_curve and not item.is_optional:
                found.append(Sentence(f"“{item.title_zh}”的计分标准", f"the scoring of “{item.title_en}”"))
    for one in terms.grades[:-1]:
        if (one.least if terms.grading == "cuts" else one.until) is None:
            found.append(Sentence(f"等级“{one.title_zh}”的界限", f"the bound of the grade “{one.title_en}”"))
    return found
