"""Evaluation schemes: what cannot be right is refused, versions are added and never rewritten, and what differs is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from instruments import data
from instruments.errors import Forbidden, Invalid, OutOfOrder, Sentence
from instruments.evaluationschemes import NewVersion, add_shipped, add_version, changes, new_scheme, schemes, version_for, versions
from instruments.evaluationterms import missing, read_terms, stored, wrong_with

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


def places(**wrong):
    return wrong_with(moe(**wrong))


def curve(**given):
    """The ministry's form with another curve for its first indicator."""
    part = SHIPPED["moe-2000"]["parts"][0]
    return [part | {"items": [part["items"][0] | {"curve": given}]}, *SHIPPED["moe-2000"]["parts"][1:]]


def grades(grading, **bounds):
    name = "least" if grading == "cuts" else "until"
    return {"grading": grading, "grades": [{"code": code, "title_zh": code, "title_en": code, name: bound} for code, bound in bounds.items()]}


class TestWhatIsWrong:
    """Each mistake is told at its own place, with what to do about it."""

    @pytest.mark.parametrize(("wrong", "place", "said"), [
        ({"least_value": "-1"}, "least_value", "0 或更大"),
        ({"least_value": "1e300"}, "least_value", "太大"),
        ({"parts": weighing("0.5", "0.20", "0.25", "0.15", "0.05")}, "full", "现为 1.15，多了 0.15"),
        ({"parts": weighing("many", "0.20", "0.25", "0.15", "0.05")}, "parts.0.weight", "不是数字"),
        ({"parts": weighing("0.123456", "0.20", "0.25", "0.15", "0.05")}, "parts.0.weight", "4 位"),
        ({"parts": weighing("99999999", "0.20", "0.25", "0.15", "0.05")}, "parts.0.weight", "太大"),
        ({"parts": curve(kind="linear", full="0")}, "parts.0.items.0.curve.full", "大于 0"),
        ({"parts": curve(kind="cubic")}, "parts.0.items.0.curve.kind", "从列表中选择"),
        ({"parts": curve(kind="steps", steps=[])}, "parts.0.items.0.curve.steps", "至少填写一级"),
        ({"parts": curve(kind="steps", steps=[{"least": "2", "points": "5"}, {"least": "2", "points": "9"}])},
         "parts.0.items.0.curve.steps.1.least", "比上一级更大"),
        ({"parts": curve(kind="steps", steps=[{"least": "1", "points": "5"}, {"least": "2", "points": "4"}])},
         "parts.0.items.0.curve.steps.1.points", "不能低于上一级"),
        (grades("cuts", a="60", b="60", c=None), "grades.1.least", "重叠"),
        (grades("ranks", a="50", b="20", c=None), "grades.1.until", "重叠"),
        (grades("ranks", a="2.5", b=None), "grades.0.until", "整数"),
        (grades("percent", a="120", b=None), "grades.0.until", "不超过 100"),
        ({"tie_break": ["hours", "nothing"]}, "tie_break.1", "没有这个一级指标"),
        ({"of": "organisation", "parts": [SHIPPED["moe-2000"]["parts"][0] | {"weight": "1", "title_en": ""}]}, "parts.0.title_en", "填写"),
    ])  # fmt: skip
    def test_at_its_place(self, wrong, place, said):
        found = places(**wrong)
        assert said in found[place].zh
        assert found[place].en
        assert list(found) == [place]

    def test_an_indicator_nobody_knows_or_that_is_not_for_these_subjects(self):
        part = SHIPPED["moe-2000"]["parts"][0]
        others = list(SHIPPED["moe-2000"]["parts"][1:])
        for name, said in (("moon", "没有这个指标"), ("coverage", "不适用于仪器")):
            found = places(parts=[part | {"items": [part["items"][0] | {"input": name}]}, *others])
            assert said in found["parts.0.items.0.input"].zh

    def test_everything_is_told_at_once(self):
        parts = weighing("x", "0.20", "0.25", "0.15", "-1")
        assert set(places(parts=parts, least_value="y")) == {"parts.0.weight", "parts.4.weight", "least_value"}

    def test_what_is_right_has_nothing_wrong(self):
        assert [wrong_with(terms) for terms in SHIPPED.values()] == [{}, {}, {}]


def own(**changes):
    return NewVersion(**({"terms": read_terms(moe()), "first_year": 2027, "last_year": None, "source": "省通知", "reason": ""} | changes))


NAMES = Sentence("本省评价", "Our evaluation")


class TestNewSchemes:
    def test_a_scheme_of_ones_own_begins_with_its_first_version(self, session, of_province, now):
        made = new_scheme(session, "", NAMES, own(), viewer=of_province, now=now)
        assert (made.number, made.scheme.code, made.made_by) == (1, "scheme-1", of_province.person_id)
        assert version_for(session, made.scheme_id, 2027).terms == read_terms(moe())
        assert new_scheme(session, "", NAMES, own(), viewer=of_province, now=now).scheme.code == "scheme-2"

    @pytest.mark.parametrize(("code", "names", "changes", "field"), [
        ("Big", NAMES, {}, "code"), ("mine", Sentence("", "x"), {}, "name_zh"), ("mine", Sentence("x", " "), {}, "name_en"),
        ("mine", NAMES, {"first_year": 1066}, "first_year"), ("mine", NAMES, {"last_year": 2026}, "last_year"),
        ("mine", NAMES, {"last_year": 9999}, "last_year"), ("mine", NAMES, {"source": "x" * 1001}, "source"), ("moe-2000", NAMES, {}, "code"),
    ])  # fmt: skip
    def test_what_cannot_be_is_refused_at_its_field(self, session, shipped_schemes, of_province, now, code, names, changes, field):
        with pytest.raises(Invalid) as refused:
            new_scheme(session, code, names, own(**changes), viewer=of_province, now=now)
        assert refused.value.field == field

    def test_only_the_province_makes_one(self, session, a_viewer, now):
        with pytest.raises(Forbidden):
            new_scheme(session, "mine", NAMES, own(), viewer=a_viewer(), now=now)
