"""Prices: a pure function from a tariff, a use and the figures of history it declares to explained lines. No database in here.

lines: what comes out. spec: what a tariff can say. words: the same in plain words and as a table.
"""
