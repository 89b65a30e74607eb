"""Programmes: shipped ones are whole, and terms that cannot be right are refused with a sentence."""

from __future__ import annotations

import copy

import pytest

from instruments import data
from instruments.errors import Invalid
from instruments.programmes import (
    add_examples,
    ineligible_services,
    new_programme,
    programmes,
    read_scheme,
    set_programme,
    terms_of,
)

TERMS = {
    "first_year": 2026,
    "last_year": 2027,
    "applicants": ["enterprise"],
    "quota": "200000.00",
    "user": {"brackets": [{"above": "0", "percent": "100"}, {"above": "50000", "percent": "40"}], "cap": "200000"},
}


def changed(path, value):
    terms = copy.deepcopy(TERMS)
    *way, last = path
    inner = terms
    for step in way:
        inner = inner[step]
    inner[last] = value
    return terms


def test_shipped_programmes_can_be_read_and_come_back_as_they_were_stored():
    for shipped in data.read("programmes.json"):
        scheme = read_scheme(shipped["scheme"], shipped["kind"])
        assert read_scheme(terms_of(scheme), shipped["kind"]) == scheme
        assert set(scheme.ineligible) == set(ineligible_services())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("last_year",), 2025), (("first_year",), 1600), (("first_year",), "soon"), (("applicants",), []), (("applicants",), ["ghosts"]),
        (("user", "brackets"), []), (("user", "brackets", 0, "above"), "10"), (("user", "brackets", 1, "above"), "0"),
        (("user", "brackets", 1, "above"), "-5"), (("user", "brackets", 1, "percent"), "101"), (("user", "brackets", 1, "percent"), "-1"),
        (("user", "brackets", 1, "percent"), "NaN"), (("user", "brackets", 1, "above"), "1e400"), (("user", "brackets", 1, "above"), "Infinity"),
        (("user", "cap"), "0"), (("user", "cap"), "1.234"), (("user",), None), (("quota",), None), (("quota",), "0"),
        (("claim_days",), 400), (("ineligible",), ["parties"]), (("ineligible",), ["medical", "medical"]), (("weights",), 3),
    ],
)  # fmt: skip
def test_terms_that_cannot_be_right_are_refused_in_both_languages(path, value):
    with pytest.raises(Invalid) as refused:
        read_scheme(changed(path, value), "voucher")
    assert refused.value.sentence.zh
    assert refused.value.sentence.en
    assert refused.value.field


def test_a_percent_that_is_not_known_may_stay_empty():
    scheme = read_scheme(changed(("user", "brackets", 1, "percent"), None), "voucher")
    assert scheme.user.brackets[1].percent is None


def test_shipped_programmes_are_added_once_and_closed(session, now):
    assert [one.code for one in add_examples(session, now=now)] == ["shanxi-2017", "anhui-hefei-2022"]
    assert add_examples(session, now=now) == []
    assert [(one.code, one.is_open) for one in programmes(session)] == [("anhui-hefei-2022", False), ("shanxi-2017", False)]
    assert programmes(session, open_only=True) == []


def test_a_programme_opens_with_a_keeper_of_its_money(session, an_organisation, now):
    one, scheme = new_programme(session, "p-2026", "voucher"), read_scheme(TERMS, "voucher")
    with pytest.raises(Invalid) as refused:
        set_programme(session, one, scheme, names=("创新券", ""), source="", keeper=None, is_open=True, now=now)
    assert refused.value.field == "organisation"
    keeper = an_organisation(kind="public")
    set_programme(session, one, scheme, names=("创新券", ""), source="", keeper=keeper, is_open=True, now=now)
    assert [found.id for found in programmes(session, kind="voucher", open_only=True)] == [one.id]
    with pytest.raises(Invalid):
        new_programme(session, "p-2026", "voucher")


@pytest.mark.parametrize("code", ["", "a b", "券", "x" * 41])
def test_a_code_is_plain(session, code):
    with pytest.raises(Invalid):
        new_programme(session, code, "voucher")
