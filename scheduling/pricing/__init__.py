"""Prices: a pure function from a tariff, a use and the figures of history it declares to explained lines. No database in here.

These shapes are stable; callers need no others:
    spec.read_spec(data) -> TariffSpec, spec.as_data(spec) -> dict; TariffSpec.choices (a user's) and .switches (a manager's too);
        unitwords.quantities_of(spec): the numbers a form asks for
    use.Use, use.Need, use.History; needs.needs(spec, use) -> tuple[Need, ...]
    engine.price(spec, use, history) -> lines.Priced; cancelling.price_late_cancel, cancelling.price_no_show
    words.sentences(spec) -> list[Sentence]; words.table(spec) -> RateTable
How it goes: metering (how much), packages, bands and tiers (at which rate), fees, caps, adjustments (in the order of the list).
"""
