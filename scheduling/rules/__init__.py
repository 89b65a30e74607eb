"""Rules of booking: one class per rule, a registry (book.py), and how all of them judge one question at once.

base: Ask, Who, When, Rule. times, persons, quotas: the kinds. standing: what always holds.
book: registry, reading, judging. words: a rule book in plain words.
"""
