"""Scoring: the ministry's example to the tenth, every formula's example, and what is missing named."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import data
from instruments.errors import OutOfOrder
from instruments.evaluationterms import read_terms
from scheduling.evaluations.inputs import quota_rate, service_rate
from scheduling.evaluations.scorebook import scores_from, scores_kept
from scheduling.evaluations.scoring import by_rank, decimal_of, grade_all, linear, pieces, score, steps, total_of
from scheduling.statistics.quantities import Quantities

SHIPPED = {one["code"]: one["terms"] for one in data.read("schemes.json")}
MOE = read_terms(SHIPPED["moe-2000"])
NOTHING = dict.fromkeys(
    ("qualified", "guided", "shown", "prizes_national", "prizes_provincial", "prizes_school", "papers", "external_income", "internal_income",
     "functions_new"), Fraction(0),
)  # fmt: skip
EXAMPLE = NOTHING | {
    "quota_rate": Fraction(1120, 1400), "qualified": Fraction(6), "guided": Fraction(10), "prizes_provincial": Fraction(1), "papers": Fraction(4),
    "external_income": Fraction(12000), "function_rate": Fraction(5, 8), "functions_new": Fraction(1),
}  # fmt: skip


def changed(terms, **changes):
    return read_terms(terms.model_dump(mode="json") | changes)


class TestTheMinistrysForm:
    def test_the_worked_example_gives_exactly_77_3_and_good(self):
        (found,) = grade_all(MOE, [EXAMPLE])
        assert [part.points for part in found.score.parts] == [80, 90, 80, 60, 46]
        assert [part.score for part in found.score.parts] == [28, 18, 20, 9, Fraction(23, 10)]
        assert (found.score.total, found.grade, found.rank) == (Fraction(773, 10), "good", 1)
        assert decimal_of(found.score.total) == Decimal("77.30")

    def test_each_part_stops_at_100_before_it_is_weighted(self):
        much = {key: Fraction(10**6) for key in EXAMPLE} | {"function_rate": Fraction(1)}
        assert grade_all(MOE, [much])[0].score.total == 100

    @pytest.mark.parametrize(
        ("total", "grade"),
        [(90, "excellent"), (Fraction(8999, 100), "good"), (75, "good"), (Fraction(7499, 100), "passed"),
         (60, "passed"), (Fraction(5999, 100), "failed"), (0, "failed")],
    )  # fmt: skip
    def test_grades_go_by_the_exact_total(self, total, grade):
        scheme = changed(MOE, parts=[SHIPPED["moe-2000"]["parts"][0] | {"weight": "1"}], tie_break=[])
        assert grade_all(scheme, [{"quota_rate": Fraction(total) / 100}])[0].grade == grade

    def test_internal_income_counts_nothing_until_its_points_are_settled_and_says_so(self):
        rich = score(MOE, EXAMPLE | {"internal_income": Fraction(10**7)})
        assert rich.total == Fraction(773, 10)
        note = rich.parts[3].items[1].note
        assert note is not None
        assert "not settled" in note.en

    def test_it_ships_with_research_at_25_and_says_why(self):
        research = next(part for part in MOE.parts if part.code == "research")
        assert research.weight == Decimal("0.25")
        assert "20" in research.note.en
        assert sum(part.weight for part in MOE.parts) == 1


class TestCurves:
    def test_linear(self):
        assert linear(Fraction(1120), Fraction(1400), Fraction(100)) == 80
        assert linear(Fraction(1600), Fraction(1400), Fraction(100)) == 100

    @pytest.mark.parametrize(("rate", "points"), [(0, 0), ("0.19", 0), ("0.2", 12), ("0.625", 36), ("0.7999", 36), ("0.8", 48), (1, 60)])
    def test_steps(self, rate, points):
        levels = [(Fraction(one.least), Fraction(one.points)) for one in MOE.parts[4].items[0].curve.steps]
        assert steps(Fraction(rate), levels) == points

    def test_pieces(self):
        assert pieces(Fraction(12000), Fraction(5), Fraction(1000), is_whole=False, most=None) == 60
        assert pieces(Fraction(59), Fraction(1), Fraction(30), is_whole=True, most=None) == 1
        assert pieces(Fraction(59), Fraction(10), Fraction(1), is_whole=True, most=Fraction(100)) == 100

    def test_by_rank(self):
        values = [Fraction(one) for one in (100, 200, 300, 400)]
        assert by_rank(Fraction(300), values, Fraction(100)) == 75

    def test_the_weighted_sum(self):
        points = dict(zip(("hours", "training", "research", "income", "function"), map(Fraction, (80, 90, 80, 60, 46)), strict=True))
        assert total_of(MOE, points)[1] == Fraction(773, 10)
        halves = changed(MOE, parts=[part | {"weight": "0.5"} for part in SHIPPED["moe-2000"]["parts"][:2]], tie_break=[])
        assert total_of(halves, {"hours": Fraction(80), "training": None})[1] == 80

    def test_hours_of_the_quota(self):
        assert quota_rate(MOE, Quantities(effective=1120 * 60, instruments=1, quota=1400), 0).value == Fraction(4, 5)
        assert quota_rate(MOE, Quantities(effective=1120 * 60, instruments=1, quota=800), 0).value == Fraction(7, 5)
        assert quota_rate(MOE, Quantities(), 0).value is None

    def test_hours_of_service(self):
        assert service_rate(MOE, Quantities(effective=60_000, external=6_000), 12_000).value == Fraction(35, 100)
        assert service_rate(MOE, Quantities(), 0).value is None

    @given(st.dictionaries(st.sampled_from(sorted(EXAMPLE)), st.none() | st.fractions(0, 10**6)))
    def test_a_total_lies_between_0_and_100_and_reads_back_as_it_was(self, inputs):
        found = score(MOE, inputs)
        assert found.total is not None
        assert 0 <= found.total <= 100
        assert scores_from(scores_kept(found)) == found


class TestWhatIsMissing:
    def test_the_national_scheme_refuses_and_names_the_weights(self):
        national = read_terms(SHIPPED["national-2026"])
        assert (len(national.parts), sum(len(part.items) for part in national.parts)) == (3, 9)
        with pytest.raises(OutOfOrder) as told:
            grade_all(national, [{}])
        assert "“组织管理”的权重" in told.value.sentence.zh
        assert "the weight of “Running hours”" in told.value.sentence.en

    def test_the_second_template_refuses_for_the_one_weight_nobody_published(self):
        with pytest.raises(OutOfOrder, match="服务机时占比"):
            grade_all(read_terms(SHIPPED["university"]), [{}])

    def test_nothing_given_is_0_with_a_note(self):
        found = score(MOE, {})
        assert found.total == 0
        assert found.parts[0].items[0].note is not None

    def test_a_part_left_out_lets_the_others_weigh_more(self):
        terms = changed(MOE, without="excluded")
        inputs = {key: value for key, value in EXAMPLE.items() if key not in ("function_rate", "functions_new")}
        found = score(terms, inputs)
        assert found.parts[4].points is None
        assert found.total == Fraction(75) / Fraction(95, 100)

    def test_who_has_nothing_at_all_gets_no_grade_and_no_rank(self):
        terms = changed(MOE, without="excluded")
        nobody, somebody = grade_all(terms, [{}, EXAMPLE])
        assert (nobody.score.total, nobody.rank, nobody.grade) == (None, None, "")
        assert somebody.rank == 1


class TestRanks:
    terms = changed(
        MOE, grading="ranks",
        grades=[{"code": "a", "title_zh": "甲", "title_en": "A", "until": "1"}, {"code": "b", "title_zh": "乙", "title_en": "B", "until": "2"},
                {"code": "c", "title_zh": "丙", "title_en": "C"}],
    )  # fmt: skip

    def test_ties_are_broken_by_the_part_the_scheme_names(self):
        by_hours = {"quota_rate": Fraction(20, 35)}  # 20 points by hours, or by training
        by_training = {"qualified": Fraction(10)}
        found = grade_all(self.terms, [by_training, by_hours, EXAMPLE])
        assert [one.score.total for one in found[:2]] == [20, 20]
        assert [(one.rank, one.grade) for one in found] == [(3, "c"), (2, "b"), (1, "a")]

    def test_who_is_equal_in_everything_shares_a_rank(self):
        found = grade_all(self.terms, [EXAMPLE, EXAMPLE, {}])
        assert [(one.rank, one.grade) for one in found] == [(1, "a"), (1, "a"), (3, "c")]

    def test_percent_of_those_ranked(self):
        terms = changed(self.terms, grading="percent", grades=[
            {"code": "a", "title_zh": "甲", "title_en": "A", "until": "50"}, {"code": "b", "title_zh": "乙", "title_en": "B"}])  # fmt: skip
        found = grade_all(terms, [{"quota_rate": Fraction(one, 4)} for one in (1, 2, 3, 4)])
        assert [one.grade for one in found] == ["b", "b", "a", "a"]

    def test_a_curve_by_rank_looks_at_everybody(self):
        part = SHIPPED["moe-2000"]["parts"][0]
        ranked = part | {"weight": "1", "items": [part["items"][0] | {"curve": {"kind": "rank", "most": "100"}}]}
        terms = changed(MOE, parts=[ranked], tie_break=[])
        found = grade_all(terms, [{"quota_rate": Fraction(one)} for one in (1, 3, 2)] + [{"quota_rate": None}])
        assert [one.score.total for one in found] == [Fraction(100, 3), 100, Fraction(200, 3), 0]
