"""Prices as other programs read them: the lines of a quote, a booking's quote, a rate table; and what a wish says that prices need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from instruments.errors import Invalid, Sentence
from portal.api.openapi import MOST_DIGITS
from portal.api.shapes.basics import Words
from portal.api.shapes.booking import BookingQuoteOut
from portal.api.shapes.instrument import QuoteLine, RateOut, RatePrice
from portal.rateshown import RatesShown
from scheduling.accounting.spenders import NOT_YOURS
from scheduling.bookingquotes import BookingQuote
from scheduling.pricing.lines import Line
from scheduling.quoting import Quote

CURRENCY = "CNY"


def words(sentence: Sentence) -> Words:
    """Give a sentence in both languages."""
    return Words(zh=sentence.zh, en=sentence.en)


def amount_text(amount: Decimal | None) -> str | None:
    """Write yuan as the API does: "120.00"."""
    return None if amount is None else f"{amount:.2f}"


def lines_out(lines: Iterable[Line]) -> list[QuoteLine]:
    """Show the lines of a price."""
    return [
        QuoteLine(
            code=line.code, label=words(line.label), quantity=f"{line.quantity:f}", unit=words(line.unit),
            rate=None if line.rate is None else f"{line.rate:f}", amount=f"{line.amount:.2f}",
        )
        for line in lines
    ]  # fmt: skip


def booking_quote_out(quote: BookingQuote | None) -> BookingQuoteOut | None:
    """Show what a booking was priced at."""
    if quote is None:
        return None
    return BookingQuoteOut(
        lines=lines_out(quote.price.lines), total=amount_text(quote.total) if quote.version else None, currency=CURRENCY,
        account=str(quote.account_id) if quote.account_id else None, quantities=quote.quantities, items=quote.options,
    )  # fmt: skip


def rates_out(rates: RatesShown) -> list[RateOut]:
    """Show the table of the rates in force, each price with the kinds of users it is for."""
    if rates.current is None:
        return []
    table = rates.current.table
    return [
        RateOut(
            label=words(row.label), modes=words(row.modes) if row.modes.zh else None, unit=words(row.unit),
            prices=[RatePrice(audiences=list(codes), price=words(cell)) for codes, cell in zip(table.audiences, row.cells, strict=True)],
        )
        for row in table.rows
    ]  # fmt: skip


def account_of(text: str | None) -> int | None:
    """Read the account to pay from; what cannot be one is told as one that is not the caller's."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > MOST_DIGITS:
        raise Invalid("account", NOT_YOURS.sentence)
    return int(text)


def check_account(found: Quote) -> None:
    """Refuse a quote on an account that is not the caller's, as booking does."""
    if any(refusal.code == NOT_YOURS.code for refusal in found.refusals):
        raise Invalid("account", NOT_YOURS.sentence)


def quantities_of(samples: int | None, quantities: Mapping[str, Decimal]) -> tuple[tuple[str, Decimal], ...]:
    """Put the numbers of a wish together, samples among them."""
    told = {} if samples is None else {"sample": Decimal(samples)}
    return tuple((told | dict(quantities)).items())
