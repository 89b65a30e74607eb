"""Packages: one price for a stretch of time instead of the metered hours, always, when chosen, or when it is cheaper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from instruments.errors import Sentence
from instruments.timespan import TimeSpan, common, minus
from scheduling.pricing.extras import Package
from scheduling.pricing.pieces import Piece, Question, raw_sum
from scheduling.pricing.tiers import time_pieces
from scheduling.pricing.unitwords import TIMES
from scheduling.pricing.values import price_of

MOST_CHOSEN = 400
Billed = Mapping[str, Sequence[TimeSpan]]
Cover = tuple[TimeSpan, Decimal]  # what a package takes, and the percentage of its price
MOST_BLOCKS = 20_000  # a year of half hours; no tariff may ask for shorter blocks


def time_price(question: Question, billed: Billed) -> list[Piece]:
    """Price the time of all rates, with packages where they count; add-ons have none."""
    mine = [package for package in question.spec.packages if _counts(package, question)]
    pieces: list[Piece] = []
    for package in mine:
        if package.choice != "best":
            covers = _covers(package, question, _time_of(package, billed))
            pieces += _package_pieces(package, question, covers)
            billed = _without(package, billed, covers)
    best = [package for package in mine if package.choice == "best"]
    return pieces + _cheapest(question, sorted(best, key=lambda one: -(one.minutes or 10**9)), billed)


def covered_meters(question: Question) -> set[str]:
    """Give the rates a package that counts may stand in for."""
    rates = {meter.code for meter in question.spec.rates if meter.is_time}
    mine = [package for package in question.spec.packages if _counts(package, question)]
    return {code for package in mine for code in (package.meters or rates)}


def _counts(package: Package, question: Question) -> bool:
    use = question.use
    chosen = package.choice != "chosen" or package.code in use.options
    return chosen and package.only.is_met(use) and price_of(package.prices, use.audience, use.mode) is not None


def _time_of(package: Package, billed: Billed) -> Sequence[TimeSpan]:
    """Give the time a package is held against: that of the first rate it covers."""
    return next((spans for code, spans in billed.items() if spans and (not package.meters or code in package.meters)), ())


def _cheapest(question: Question, packages: Sequence[Package], billed: Billed) -> list[Piece]:
    if not packages:
        return _metered(question, billed)
    package, rest = packages[0], packages[1:]
    spans = _time_of(package, billed)
    if package.whens:
        taken = _cheaper_windows(question, package, billed, _covers(package, question, spans))
        return _package_pieces(package, question, taken) + _cheapest(question, rest, _without(package, billed, taken))
    tries = [_blocks(package, spans, count) for count in _counts_to_try(package, spans)]
    ways = [_package_pieces(package, question, one) + _cheapest(question, rest, _without(package, billed, one)) for one in tries]
    return min(ways, key=_cost)


def _cost(pieces: Sequence[Piece]) -> tuple[int, Decimal]:
    return sum(piece.rate is None for piece in pieces), raw_sum(pieces)


def _cheaper_windows(question: Question, package: Package, billed: Billed, covers: Sequence[Cover]) -> list[Cover]:
    """Give the windows that bring the price down."""
    if not any(price.tiers for meter in question.spec.rates for price in meter.every_price):
        return [cover for cover in covers if _is_cheaper(question, package, billed, cover)]
    # With tiers each is weighed beside those before it, as the hours left over may fall into other tiers.
    taken: list[Cover] = []
    best = _cost(_metered(question, billed))
    for cover in covers:
        way = [*taken, cover]
        cost = _cost(_package_pieces(package, question, way) + _metered(question, _without(package, billed, way)))
        if cost < best:
            taken, best = way, cost
    return taken


def _is_cheaper(question: Question, package: Package, billed: Billed, cover: Cover) -> bool:
    own = {code: common(spans, [cover[0]]) for code, spans in billed.items() if not package.meters or code in package.meters}
    return _cost(_package_pieces(package, question, [cover])) < _cost(_metered(question, own))


def _metered(question: Question, billed: Billed) -> list[Piece]:
    meters = {meter.code: meter for meter in question.spec.rates}
    return [piece for code, spans in billed.items() for piece in time_pieces(question, "rates", meters[code], spans)]


def _without(package: Package, billed: Billed, covers: Sequence[Cover]) -> Billed:
    taken = [cover for cover, _ in covers]
    return {code: minus(spans, taken) if not package.meters or code in package.meters else spans for code, spans in billed.items()}


def _covers(package: Package, question: Question, spans: Sequence[TimeSpan]) -> list[Cover]:
    if not spans:
        return []
    if package.whens:
        return _windows(package, question, spans)
    if package.choice == "chosen":
        return _blocks(package, spans, min(int(question.use.quantities.get(package.code, Decimal(1))), MOST_CHOSEN))
    return _blocks(package, spans, _counts_to_try(package, spans)[-1])


def _windows(package: Package, question: Question, spans: Sequence[TimeSpan]) -> list[Cover]:
    """Give the windows that the time touches, with the share of the price its minutes in there cost."""
    hull, use = TimeSpan(spans[0].start, spans[-1].end), question.use
    found: list[Cover] = []
    for window in (one for when in package.whens for one in when.occurrences(hull, use.tz, use.holidays)):
        touched = sum((part.duration for part in common(spans, [window])), timedelta())
        if touched:
            found.append((window, _share(package, touched)))
    return found


def _share(package: Package, touched: timedelta) -> Decimal:
    if not package.shares:
        return Decimal(100)
    passed = [share.percent for share in package.shares if touched > timedelta(minutes=share.over_minutes)]
    return passed[-1] if passed else Decimal(0)


def _blocks(package: Package, spans: Sequence[TimeSpan], count: int) -> list[Cover]:
    """Give so many blocks of a package's length, end to end from the start."""
    length = timedelta(minutes=package.minutes or 0)
    return [(TimeSpan(spans[0].start + length * one, spans[0].start + length * (one + 1)), Decimal(100)) for one in range(count)]


def _counts_to_try(package: Package, spans: Sequence[TimeSpan]) -> list[int]:
    """Give how many blocks may be the cheapest: none, those that are filled, and one more for the rest."""
    if not spans:
        return [0]
    filled, rest = divmod(spans[-1].end - spans[0].start, timedelta(minutes=package.minutes or 1))
    return sorted({0, min(filled, MOST_BLOCKS), min(filled + bool(rest), MOST_BLOCKS)})


def _package_pieces(package: Package, question: Question, covers: Sequence[Cover]) -> list[Piece]:
    price = price_of(package.prices, question.use.audience, question.use.mode)
    rate = question.figure(price) if price else None
    pieces: list[Piece] = []
    for cover, percent in covers:
        label = package.name if percent == 100 else Sentence(f"{package.name.zh}（{percent}%）", f"{package.name.en} ({percent}%)")
        own = None if rate is None else rate * percent / 100
        pieces.append(Piece("rates", package.code, f"package:{package.code}", label, TIMES, Decimal(1), Decimal(1), own, cover))
    return pieces
