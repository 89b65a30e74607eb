"""The price of a use: meters, packages, least amounts, add-ons, fees, caps and adjustments, in this order."""

from __future__ import annotations

from dataclasses import dataclass, replace

from instruments.errors import Sentence
from instruments.timespan import TimeSpan, common, minus
from scheduling.pricing.adjustments import adjust
from scheduling.pricing.caps import cap_hours, cap_spend, edges
from scheduling.pricing.fees import fee_pieces, top_up
from scheduling.pricing.lines import Line, Priced, total_of
from scheduling.pricing.metering import billed
from scheduling.pricing.meters import Meter
from scheduling.pricing.packages import covered_meters, time_price
from scheduling.pricing.pieces import Item, Piece, Question, as_items
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.tiers import number_pieces, time_pieces
from scheduling.pricing.use import History, Use
from scheduling.pricing.values import Part

NO_PRICE = Sentence(
    "收费标准没有此类用户以此方式使用的价格，由管理员定价。", "The tariff has no price for these users in this mode; a manager sets it."
)
NO_NUMBER = Sentence("还不知道数量，无法计价。", "The number is not known yet, so there is no price.")


@dataclass(frozen=True, slots=True)
class Answer:
    """One way through the tariff: lines with what they belong to, adjustments, and the names of what nobody but a manager can price."""

    items: tuple[Item, ...]
    adjustments: tuple[Line, ...]
    unknown: tuple[Sentence, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Give all lines in order."""
        return (*(item.line for item in self.items), *self.adjustments)


def price(spec: TariffSpec, use: Use, history: History | None = None) -> Priced:
    """Price a use. Without a total a manager must set it, as the notes say; low and high are there if only ranges leave it open."""
    question = Question(spec, use, history or History())
    found = answer(question)
    if reason := _no_price(question, found):
        return Priced(found.lines, None, notes=(reason,))
    if not found.unknown:
        return Priced(found.lines, total_of(found.lines), notes=_notes(question))
    low, high = (answer(replace(question, end=end)) for end in ("low", "high"))
    notes = (*map(_ask_manager, found.unknown), *_notes(question))
    if low.unknown:
        return Priced(found.lines, None, notes=notes)
    return Priced(found.lines, None, total_of(low.lines), total_of(high.lines), notes)


def answer(question: Question) -> Answer:
    """Go through a tariff once."""
    pieces = [*_rates(question), *_options(question), *fee_pieces(question)]
    items = [*as_items(pieces), *cap_spend(question, pieces)]
    unknown = dict.fromkeys(piece.label for piece in pieces if piece.rate is None)
    return Answer(tuple(items), tuple(adjust(question, items)), tuple(unknown))


def _rates(question: Question) -> list[Piece]:
    meters = [meter for meter in question.spec.rates if _counts(question, meter)]
    found = {meter.code: _spans(question, "rates", meter) for meter in meters if meter.is_time}
    time = {code: spans for code, (spans, _) in found.items()}
    pieces = [*time_price(question, time), *(piece for _, free in found.values() for piece in free)]
    for meter in meters:
        own = [piece for piece in pieces if piece.source == meter.code]
        if not meter.is_time:
            own = number_pieces(question, "rates", meter)
            pieces += own
        packaged = meter.code in covered_meters(question) and any(piece.code.startswith("package:") for piece in pieces)
        if not packaged and (own or time.get(meter.code)):
            pieces += top_up("rates", meter, own)
    order = {meter.code: place for place, meter in enumerate(meters)}
    return sorted(pieces, key=lambda piece: order.get(piece.source, -1))


def _options(question: Question) -> list[Piece]:
    pieces: list[Piece] = []
    for meter in question.spec.options:
        if meter.code in question.use.options and _counts(question, meter):
            own, free = _option(question, meter)
            pieces += [*own, *free, *(top_up("options", meter, own) if own else [])]
    return pieces


def _option(question: Question, meter: Meter) -> tuple[list[Piece], list[Piece]]:
    if not meter.is_time:
        return number_pieces(question, "options", meter), []
    spans, free = _spans(question, "options", meter)
    return time_pieces(question, "options", meter, spans), free


def _counts(question: Question, meter: Meter) -> bool:
    use = question.use
    return meter.is_for(use.audience, use.mode) and meter.only.is_met(use)


def _spans(question: Question, part: Part, meter: Meter) -> tuple[list[TimeSpan], list[Piece]]:
    """Give the time that is charged, split where a cap of spend begins anew, and what lies beyond the caps of hours."""
    spans, free = cap_hours(question, part, meter.code, billed(meter, question.use) or [])
    for window in edges(question, part, meter.code, spans) if spans else ():
        spans = sorted([*common(spans, [window]), *minus(spans, [window])])
    return spans, free


def _no_price(question: Question, found: Answer) -> Sentence | None:
    """Say why nothing could be priced at all: nobody named these users, or nobody told a number."""
    rates = [meter for meter in question.spec.rates if _counts(question, meter)]
    if not question.spec.rates or any(item.part == "rates" for item in found.items):
        return None
    if not rates:
        return NO_PRICE
    return NO_NUMBER if all(meter.is_counted and meter.unit not in question.use.quantities for meter in rates) else None


def _notes(question: Question) -> tuple[Sentence, ...]:
    """Say what comes on top as soon as it is known."""
    use = question.use
    if use.starts_at is not None:
        return ()
    waiting = [meter for meter in question.spec.rates if meter.is_time and _counts(question, meter)]
    return tuple(
        Sentence(f"“{meter.name.zh}”按时间另计，时间尚未确定。", f"“{meter.name.en}” is charged by time, which is not known yet.")
        for meter in waiting
    )


def _ask_manager(label: Sentence) -> Sentence:
    return Sentence(f"“{label.zh}”由管理员定价。", f"The price of “{label.en}” is set by a manager.")
