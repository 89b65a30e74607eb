"""Small counts of people are neither shown nor to be computed: an attacker who knows the rule tries every table that could be meant."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import Sentence
from scheduling.statistics.breakdown import Exchange
from scheduling.statistics.smallcounts import Count, is_small, shown_exchanges, shown_pair, shown_parts

LEAST = 5


def possible(shown, total):
    """Give the values each hidden small part may have, for all that a reader can compute."""
    small = [key for key, one in shown.parts.items() if one.value is None and one.instead.en == "fewer than 5"]
    others = [key for key, one in shown.parts.items() if one.value is None and key not in small]
    found = {key: set() for key in small}
    left = None if shown.total.value is None else total - sum(one.value or 0 for one in shown.parts.values())
    for guess in product(range(1, LEAST), repeat=len(small)):
        room = None if left is None else left - sum(guess)
        fits = room is None or (room >= LEAST * len(others) if others else room == 0)
        if fits:
            for key, value in zip(small, guess, strict=True):
                found[key].add(value)
    return found


TABLES = [(30, 8, 2), (4, 4), (4,), (1, 1, 1, 1, 1), (40, 6, 1), (5, 1), (3, 0, 0), (2, 2, 2), (9, 4, 4, 4), (7, 5, 3), (100, 4)]


@pytest.mark.parametrize("counts", TABLES)
def test_nothing_but_smallness_can_be_known_of_a_small_part(counts):
    parts = dict(zip("abcdefg", counts, strict=False))
    shown = shown_parts(parts, sum(counts), least=LEAST)
    assert all(values == {1, 2, 3, 4} for values in possible(shown, sum(counts)).values())
    assert all(shown.parts[key].value is None for key, count in parts.items() if is_small(count, LEAST))


@given(st.lists(st.integers(0, 12), min_size=1, max_size=5))
def test_nor_in_any_other_table(counts):
    parts = dict(zip("abcde", counts, strict=False))
    shown = shown_parts(parts, sum(counts), least=LEAST)
    assert all(values == {1, 2, 3, 4} for values in possible(shown, sum(counts)).values())


def test_hiding_the_small_parts_alone_would_not_be_enough():
    from scheduling.statistics.smallcounts import Parts, fewer_than

    naive = Parts(Count(40), {"a": Count(30), "b": Count(8), "c": Count(None, fewer_than(LEAST))})
    assert possible(naive, 40) == {"c": {2}}


def test_what_is_not_small_stays_and_each_gap_has_its_reason():
    shown = shown_parts({"a": 30, "b": 8, "c": 2, "d": 0}, 40, least=LEAST)
    assert [one.value for one in shown.parts.values()] == [30, None, None, 0]
    assert (shown.parts["c"].instead.en, shown.parts["b"].instead.en) == ("fewer than 5", "not shown")
    assert all(one.why.zh and one.why.en for one in shown.parts.values())
    assert shown_parts({"a": 30, "b": 8}, 38, least=LEAST).parts == {"a": Count(30), "b": Count(8)}


def test_a_total_is_hidden_where_its_parts_would_follow_from_it():
    assert shown_parts({"a": 4, "b": 4}, 8, least=LEAST).total.value is None
    assert shown_parts({"a": 2}, 2, least=LEAST).total.instead.en == "fewer than 5"


@pytest.mark.parametrize(("users", "outside", "seen"), [
    (100, 40, (100, 40)), (3, 1, (None, None)), (20, 3, (20, None)), (20, 17, (20, None)), (20, 20, (20, 20)), (20, 0, (20, 0)), (0, 0, (0, 0)),
])  # fmt: skip
def test_neither_those_from_outside_nor_those_from_inside_are_few(users, outside, seen):
    assert tuple(one.value for one in shown_pair(users, outside, least=LEAST)) == seen


def pair(user, owner, users):
    return Exchange(user, owner, Sentence("甲", "A"), Sentence("乙", "B"), users, 1)


def test_a_pair_of_organisations_is_left_out_where_it_would_give_another_away():
    pairs = [pair(1, 9, 20), pair(2, 9, 8), pair(3, 9, 2), pair(4, 8, 6), pair(5, 7, 50)]
    shown = {"9": Count(30), "8": Count(6), "7": Count(None)}
    kept = shown_exchanges(pairs, {"9": 30, "8": 6, "7": 51}, shown, least=LEAST)
    assert [(one.user_id, one.users) for one in kept] == [(1, 20), (4, 6)]
