"""The terms of an evaluation scheme: indicators on two levels, weights, curves, grades. All of it is data; what nobody has published stays empty."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from instruments.errors import Invalid, Sentence
from instruments.evaluationinputs import INPUTS

MOST_PARTS, MOST_ITEMS, MOST_STEPS, MOST_GRADES = 12, 12, 12, 8
Points = Annotated[Decimal, Field(ge=0, le=10_000, max_digits=12, decimal_places=4, allow_inf_nan=False)]
Amount = Annotated[Decimal, Field(ge=0, le=Decimal("9999999999.99"), decimal_places=4, allow_inf_nan=False)]
Above = Annotated[Decimal, Field(gt=0, le=Decimal("9999999999.99"), decimal_places=4, allow_inf_nan=False)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=500)]


def _wrong(zh: str, en: str) -> PydanticCustomError:
    return PydanticCustomError("scheme", "{zh}", {"zh": zh, "en": en})


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
        if self.kind == "steps" and not self.steps:
            raise _wrong("请至少填写一级。", "Give at least one step.")
        if any(later.least <= earlier.least or later.points < earlier.points for earlier, later in pairwise(self.steps)):
            raise _wrong("各级须从低到高排列，分数不能下降。", "Steps stand in order, each above the one before, and points never fall.")
        return self

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
        codes = [part.code for part in self.parts]
        inner = [item.code for part in self.parts for item in part.items]
        if len(set(codes)) != len(codes) or len(set(inner)) != len(inner) or len({one.code for one in self.grades}) != len(self.grades):
            raise _wrong("指标或等级的代码重复。", "A code stands twice.")
        if any(code not in codes for code in self.tie_break):
            raise _wrong("并列时比较的指标不存在。", "Ties are broken by a part that is not there.")
        if any(item.input not in INPUTS or self.of not in INPUTS[item.input].of for part in self.parts for item in part.items):
            raise _wrong("有指标的数据来源不存在，或不适用于评价对象。", "An indicator rests on an input there is not for what is evaluated.")
        self._check_weights()
        self._check_grades()
        return self

    def _check_weights(self) -> None:
        _check_sum([part.weight for part in self.parts], self.full, Sentence("一级指标", "the parts"))
        for part in self.parts:
            if part.adds == "weights":
                _check_sum([item.weight for item in part.items], self.full or "100", Sentence(f"“{part.title_zh}”", f"“{part.title_en}”"))

    def _check_grades(self) -> None:
        marks = [one.least if self.grading == "cuts" else one.until for one in self.grades]
        given = [mark for mark in marks if mark is not None]
        is_ordered = all((a > b) if self.grading == "cuts" else (a < b) for a, b in pairwise(given))
        if not is_ordered:
            raise _wrong("各等级的界限须依次排列。", "The bounds of the grades stand in order.")


def _check_sum(weights: list[Decimal | None], full: str | None, of: Sentence) -> None:
    if full is None or any(weight is None for weight in weights):
        return
    total = sum((weight for weight in weights if weight is not None), Decimal(0))
    if total != Decimal(full):
        made = f"{total.normalize():f}"
        raise _wrong(f"{of.zh}的权重之和应为 {full}，现为 {made}。", f"The weights of {of.en} must add up to {full}; they make {made}.")


def read_terms(given: Any) -> Terms:
    """Read terms; Invalid with the field and a sentence for what cannot be right."""
    try:
        return Terms.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        if first["type"] == "scheme":
            raise Invalid(field or "terms", Sentence(first["ctx"]["zh"], first["ctx"]["en"])) from error
        said = Sentence(f"“{field}”的值不正确，请检查。", f"The value of “{field}” cannot be right. Please look at it again.")
        raise Invalid(field or "terms", said) from error


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
