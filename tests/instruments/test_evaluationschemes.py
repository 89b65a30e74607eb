"""Evaluation schemes: what cannot be right is refused, versions are added and never rewritten, and what differs is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from instruments import data
from instruments.errors import Forbidden, Invalid, OutOfOrder
from instruments.evaluationschemes import NewVersion, add_shipped, add_version, changes, schemes, version_for, versions
from instruments.evaluationterms import missing, read_terms, stored

SHIPPED = {one["code"]: one["terms"] for one in data.read("schemes.json")}


def moe(**changes):
    return SHIPPED["moe-2000"] | changes


def weighing(*weights):
    return [part | {"weight": weight} for part, weight in zip(SHIPPED["moe-2000"]["parts"], weights, strict=True)]


class TestTerms:
    @pytest.mark.parametrize("code", sorted(SHIPPED))
    def test_what_is_shipped_reads_and_is_stored_as_it_is(self, code):
        terms = read_terms(SHIPPED[code])
        assert read_terms(stored(terms)) == terms

    def test_weights_must_add_up(self):
        with pytest.raises(Invalid, match=r"0\.95"):
            read_terms(moe(parts=weighing("0.35", "0.20", "0.20", "0.15", "0.05")))
        assert read_terms(moe(parts=weighing("0.35", "0.20", None, "0.15", "0.05")))  # an open one is no wrong sum

    def test_the_weights_within_a_part_must_add_up(self):
        national = SHIPPED["national-2026"]
        items = [item | {"weight": "20"} for item in national["parts"][0]["items"]]
        with pytest.raises(Invalid, match="80"):
            read_terms(national | {"parts": [national["parts"][0] | {"items": items}, *national["parts"][1:]]})

    @pytest.mark.parametrize("wrong", [
        {"least_value": "-1"}, {"tie_break": ["nothing"]}, {"of": "person"}, {"parts": []}, {"grades": []}, {"full": "50"},
        {"grades": [{"code": "a", "title_zh": "甲", "title_en": "A", "least": "60"}, {"code": "b", "title_zh": "乙", "title_en": "B", "least": "75"}]},
        {"parts": weighing("NaN", "0.20", "0.25", "0.15", "0.05")}, {"parts": weighing("-0.35", "0.20", "0.25", "0.15", "0.05")},
        {"of": "instrument", "parts": [SHIPPED["national-2026"]["parts"][0]], "tie_break": []}, {"nonsense": 1},
    ])  # fmt: skip
    def test_what_cannot_be_right_is_refused(self, wrong):
        with pytest.raises(Invalid):
            read_terms(moe(**wrong))

    @pytest.mark.parametrize("wrong", [
        [{"least": "0.5", "points": "10"}, {"least": "0.4", "points": "20"}], [{"least": "0.5", "points": "20"}, {"least": "0.6", "points": "10"}], [],
    ])  # fmt: skip
    def test_steps_that_fall_are_refused(self, wrong):
        part = SHIPPED["moe-2000"]["parts"][0]
        items = [part["items"][0] | {"curve": {"kind": "steps", "steps": wrong}}]
        with pytest.raises(Invalid):
            read_terms(moe(parts=[part | {"items": items}, *SHIPPED["moe-2000"]["parts"][1:]]))

    def test_the_form_of_the_ministry_lacks_nothing(self):
        assert missing(read_terms(moe())) == []


@pytest.fixture
def scheme(session, now):
    return {one.code: one for one in add_shipped(session, now=now)}["moe-2000"]


def heavier(**changes):
    terms = read_terms(moe(parts=weighing("0.40", "0.15", "0.25", "0.15", "0.05")))
    return NewVersion(terms, **({"first_year": 2026, "last_year": None, "source": "省通知", "reason": "机时更重要"} | changes))


class TestVersions:
    def test_shipped_schemes_are_added_once(self, session, now):
        assert len(add_shipped(session, now=now)) == 3
        assert add_shipped(session, now=now) == []
        assert [one.number for one in schemes(session)] == [1, 1, 1]

    def test_a_new_version_holds_from_its_year_on_and_the_old_one_stays(self, session, scheme, a_province_admin, a_viewer, now):
        viewer = a_viewer(person=a_province_admin())
        add_version(session, scheme.id, heavier(), after=1, viewer=viewer, now=now)
        assert [one.number for one in versions(session, scheme.id)] == [2, 1]
        assert (version_for(session, scheme.id, 2025).number, version_for(session, scheme.id, 2026).number) == (1, 2)
        with pytest.raises(Invalid):
            version_for(session, scheme.id, 1999)

    def test_only_the_province_makes_one_with_a_reason_and_after_the_newest(self, session, scheme, a_province_admin, a_viewer, now):
        viewer = a_viewer(person=a_province_admin())
        with pytest.raises(Forbidden):
            add_version(session, scheme.id, heavier(), after=1, viewer=a_viewer(), now=now)
        for wrong in ({"reason": " "}, {"first_year": 2030, "last_year": 2029}, {"terms": read_terms(SHIPPED["national-2026"])}):
            with pytest.raises(Invalid):
                add_version(session, scheme.id, replace(heavier(), **wrong), after=1, viewer=viewer, now=now)
        with pytest.raises(OutOfOrder):
            add_version(session, scheme.id, heavier(), after=2, viewer=viewer, now=now)
        with pytest.raises(Invalid, match="没有任何改动"):
            add_version(session, scheme.id, NewVersion(read_terms(moe()), 2000, None, "", "再看看"), after=1, viewer=viewer, now=now)

    def test_what_differs_is_told_place_by_place(self):
        told = changes(read_terms(moe()), heavier().terms)
        assert {(one.where, one.was, one.now) for one in told} == {("parts.hours.weight", "0.35", "0.40"), ("parts.training.weight", "0.20", "0.15")}

    @pytest.mark.parametrize("statement", ["UPDATE evaluation_scheme_version SET first_year = 1", "DELETE FROM evaluation_scheme_version"])
    def test_the_database_keeps_versions_as_they_were_made(self, session, scheme, statement):
        with pytest.raises(DBAPIError, match="never rewritten"):
            session.execute(text(statement))
