"""Scoring: inputs and a scheme's terms in, points, totals, ranks and grades out. Exact fractions, no database: the same inputs score the same for ever."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import floor

from instruments.errors import OutOfOrder, Sentence
from instruments.evaluationterms import Curve, Grade, Item, Part, Terms, missing

ZERO = Fraction(0)
NOT_GIVEN = Sentence("未提供，按 0 计", "Not given; counts as 0")
LEFT_OUT = Sentence("未提供，本项不计，其余按权重折算", "Not given; the part is left out and the others weigh more")
CURVE_OPEN = Sentence("分值未核实，不计分", "Its points are not settled; it counts nothing")
Inputs = Mapping[str, Fraction | None]
Known = Mapping[str, Sequence[Fraction]]  # the values of all subjects by input, in order, for curves by rank


@dataclass(frozen=True, slots=True)
class ItemScore:
    """The points of a second-level indicator, and what is to be minded about them."""

    code: str
    points: Fraction
    note: Sentence | None = None


@dataclass(frozen=True, slots=True)
class PartScore:
    """The points of a first-level indicator before (`points`) and after its weight (`score`); both None where it is left out."""

    code: str
    points: Fraction | None
    score: Fraction | None
    items: tuple[ItemScore, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """What a subject scored; `total` None where nothing could be scored."""

    parts: tuple[PartScore, ...]
    total: Fraction | None

    def part(self, code: str) -> Fraction:
        """Give a part's points, nothing for one left out."""
        return next((one.points or ZERO for one in self.parts if one.code == code), ZERO)


@dataclass(frozen=True, slots=True)
class Graded:
    """A subject's score with its rank (ties share one) and grade; neither where there is no total."""

    score: Score
    rank: int | None
    grade: str


def linear(value: Fraction, full: Fraction, most: Fraction) -> Fraction:
    """Compute points in proportion: min(most, value / full x most).

    Source: 教高司条函[2000]010号, hours: effective / quota x 100. Example: 1,120 h of 1,400 h, most 100 -> 80; 1,600 h -> 100.
    """
    return min(most, value / full * most)


def steps(value: Fraction, levels: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    """Compute the points of the highest step reached, 0 below the first.

    Source: 教高司条函[2000]010号, use of functions. Example: 5 of 8 functions = 62.5 %; steps 60 % -> 36, 80 % -> 48 -> 36 points.
    """
    return max((points for least, points in levels if value >= least), default=ZERO)


def pieces(value: Fraction, each: Fraction, per: Fraction, *, is_whole: bool, most: Fraction | None) -> Fraction:
    """Compute points by the piece: value / per x each, at most `most`; only whole pieces where the scheme says so.

    Source: 教高司条函[2000]010号. Example: 12,000 yuan at 5 per 1,000 -> 60; 59 shown at 1 for every full 30 -> 1.
    """
    count = value / per
    points = each * (floor(count) if is_whole else count)
    return points if most is None else min(most, points)


def by_rank(value: Fraction, all_values: Sequence[Fraction], most: Fraction) -> Fraction:
    """Compute points by rank: most x (number of values not above this one) / number of values; the values stand in order.

    Source: this portal, for schemes that score by rank. Example: 300 h among 100, 200, 300 and 400 h, most 100 -> 3/4 x 100 = 75.
    """
    return most * Fraction(bisect_right(all_values, value), len(all_values))


def curve_points(curve: Curve, value: Fraction, all_values: Sequence[Fraction]) -> Fraction:
    """Compute what a curve makes of a value; a value below zero (more reversed than charged) counts as zero."""
    value = max(value, ZERO)
    most = Fraction(100) if curve.most is None else Fraction(curve.most)
    if curve.kind == "linear" and curve.full is not None:
        return linear(value, Fraction(curve.full), most)
    if curve.kind == "steps":
        return steps(value, [(Fraction(one.least), Fraction(one.points)) for one in curve.steps])
    if curve.kind == "pieces" and curve.each is not None:
        cap = None if curve.most is None else most
        return pieces(value, Fraction(curve.each), Fraction(curve.per), is_whole=curve.is_whole, most=cap)
    return by_rank(value, all_values, most) if curve.kind == "rank" else ZERO


def total_of(terms: Terms, points: Mapping[str, Fraction | None]) -> tuple[dict[str, Fraction], Fraction | None]:
    """Compute the weighted parts and their sum: sum of weight x points (weights of 1) or weight x points / 100 (weights of 100, or bare points).

    Source: 教高司条函[2000]010号: 0.35 hours + 0.20 training + 0.25 research + 0.15 income + 0.05 function.
    Example: 80, 90, 80, 60 and 46 points -> 28 + 18 + 20 + 9 + 2.3 = 77.3. A part left out takes its weight along: 80 and none at
    0.5 each -> 40 / 0.5 x 1 = 80.
    """
    unit = 1 if terms.full == "1" else 100
    scores = {part.code: Fraction(part.weight or 0) * (value or 0) / unit for part in terms.parts if (value := points[part.code]) is not None}
    weights = sum((Fraction(part.weight or 0) for part in terms.parts if part.code in scores), ZERO)
    whole = sum((Fraction(part.weight or 0) for part in terms.parts), ZERO)
    if not scores or (not weights and whole):
        return scores, None
    return scores, sum(scores.values(), ZERO) * (whole / weights if weights else 1)


def known_values(terms: Terms, everybody: Iterable[Inputs]) -> dict[str, list[Fraction]]:
    """Give the values of all subjects by input, in order, for the curves that score by rank."""
    keys = {item.key for part in terms.parts for item in part.items if item.curve.kind == "rank"}
    subjects = list(everybody)
    return {key: sorted(max(value, ZERO) for one in subjects if (value := one.get(key)) is not None) for key in keys}


def score(terms: Terms, inputs: Inputs, known: Known | None = None) -> Score:
    """Score one subject; without the values of the others it is the only one."""
    known = known_values(terms, [inputs]) if known is None else known
    parts = [_part(terms, part, inputs, known) for part in terms.parts]
    weighted, total = total_of(terms, {one.code: one.points for one in parts})
    return Score(tuple(replace(one, score=weighted.get(one.code)) for one in parts), total)


def _part(terms: Terms, part: Part, inputs: Inputs, known: Known) -> PartScore:
    needed = [item for item in part.items if item.curve.is_whole_curve or not item.is_optional]
    if terms.without == "excluded" and all(inputs.get(item.key) is None for item in needed):
        items = tuple(ItemScore(item.code, ZERO, LEFT_OUT) for item in part.items)
        return PartScore(part.code, None, None, items)
    items = tuple(_item(item, inputs, known) for item in part.items)
    if part.adds == "points":
        points = sum((one.points for one in items), ZERO)
    else:
        unit = sum((Fraction(item.weight or 0) for item in part.items), ZERO) or Fraction(1)
        points = sum((one.points * Fraction(item.weight or 0) for one, item in zip(items, part.items, strict=True)), ZERO) / unit
    return PartScore(part.code, min(points, Fraction(part.most)), None, items)


def _item(item: Item, inputs: Inputs, known: Known) -> ItemScore:
    if not item.curve.is_whole_curve:
        return ItemScore(item.code, ZERO, CURVE_OPEN)
    value = inputs.get(item.key)
    if value is None:
        return ItemScore(item.code, ZERO, NOT_GIVEN)
    return ItemScore(item.code, curve_points(item.curve, value, known.get(item.key) or [value]))


def check_complete(terms: Terms) -> None:
    """Refuse a scheme in which something is not filled in, naming all of it."""
    found = missing(terms)
    if found:
        zh, en = "、".join(one.zh for one in found), ", ".join(one.en for one in found)
        raise OutOfOrder(
            Sentence(f"方案尚未填写：{zh}。请建立新版本填写后再评定。", f"The scheme leaves open {en}. Fill it in with a new version, then grade.")
        )


def grade_all(terms: Terms, everybody: Sequence[Inputs]) -> list[Graded]:
    """Score, rank and grade all subjects, in the order given; OutOfOrder while the scheme is not complete.

    Ranks go by total, ties by the parts the scheme names; who is equal in all of them shares a rank.
    """
    check_complete(terms)
    known = known_values(terms, everybody)
    scores = [score(terms, one, known) for one in everybody]
    keys = [_key(terms, one) for one in scores]
    ranked = sorted(key for key in keys if key is not None)
    found = []
    for one, key in zip(scores, keys, strict=True):
        rank = None if key is None else 1 + len(ranked) - bisect_right(ranked, key)
        found.append(Graded(one, rank, "" if rank is None or one.total is None else _grade(terms, one.total, rank, len(ranked))))
    return found


def _key(terms: Terms, one: Score) -> tuple[Fraction, ...] | None:
    return None if one.total is None else (one.total, *(one.part(code) for code in terms.tie_break))


def _grade(terms: Terms, total: Fraction, rank: int, count: int) -> str:
    return next(one.code for one in terms.grades if _reaches(terms, one, total, rank, count))


def _reaches(terms: Terms, one: Grade, total: Fraction, rank: int, count: int) -> bool:
    """Say whether a subject gets this grade, none better having been reached; the last one takes the rest."""
    if one is terms.grades[-1]:
        return True
    if terms.grading == "cuts":
        return one.least is not None and total >= Fraction(one.least)
    if one.until is None:
        return False
    until = Fraction(one.until)
    return rank <= until if terms.grading == "ranks" else Fraction(rank * 100, count) <= until


def decimal_of(value: Fraction, places: int = 2) -> Decimal:
    """Round a score for the eye, half up; grades go by the exact one."""
    unit = 10**places
    return Decimal(floor(value * unit + Fraction(1, 2))) / Decimal(unit)
