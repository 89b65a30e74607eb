"""A round of evaluation: inputs with what they rest on, frozen, graded, appealed and published; and the same again years later."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from instruments.access import load_viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder
from instruments.evaluationschemes import NewVersion, add_version, version_for
from instruments.evaluationterms import read_terms
from scheduling.evaluations.appeals import Adjustment, adjust, appeal, appeals_of, uphold
from scheduling.evaluations.entering import give, subject_to_give
from scheduling.evaluations.freezing import current_entries, freeze, grade, line_for, lines_of, preview, publish
from scheduling.evaluations.inputs import subjects_of, values_from
from scheduling.evaluations.rounds import EvaluationMark, begin, owner_of, rounds_for
from scheduling.evaluations.scorebook import scores_from
from scheduling.evaluations.scoring import grade_all
from scheduling.results import remove_result, ties_of
from tests.fixtures.moves import move


@pytest.fixture
def of_home(session, two_instruments, an_organisation_admin):
    return load_viewer(session, an_organisation_admin(two_instruments[0].organisation))


@pytest.fixture
def tell(session, a_round, of_home, now):
    """Give something for the first instrument."""

    def give_it(code, value, subject_id, **evidence):
        one = subject_to_give(session, a_round.id, subject_id, viewer=of_home)
        return give(session, one, subject_id, code, value, viewer=of_home, now=now, **({"note": "运行记录本第 3 页"} | evidence))

    return give_it


@pytest.fixture
def graded(session, a_round, tell, two_instruments, of_province, now):
    for code, value in (("functions_used", "5"), ("functions_total", "8"), ("functions_new", "1")):
        tell(code, value, two_instruments[0].id)
    freeze(session, a_round.id, viewer=of_province, now=now)
    return grade(session, a_round.id, viewer=of_province, now=now)


@contextmanager
def asking(session):
    """Collect the statements of the block."""
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith("SAVEPOINT"):  # how a transaction begins within the test's own
            seen.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    yield seen
    event.remove(session.get_bind(), "before_cursor_execute", note)


class TestInputs:
    def test_figures_and_results_of_the_school_year_with_what_they_rest_on(self, session, a_round, two_instruments):
        first, second = subjects_of(session, a_round)
        assert (first.id, second.id) == tuple(one.id for one in two_instruments)
        facts = first.facts
        assert facts["quota_rate"].value == Fraction(140, 1400)
        assert facts["quota_rate"].rests["effective"] == 140 * 60
        assert (facts["prizes_provincial"].value, facts["papers"].value) == (1, 1)  # the paper of August 2025 is of the year before
        assert len(facts["papers"].rests["results"]) == 1
        assert facts["qualified"].value == 3  # one without a month counts in the school year that ends in its year
        assert (facts["function_rate"].value, facts["function_rate"].reason.en) == (None, "The number of functions is not given")
        assert second.facts["quota_rate"].value == Fraction(70, 1400)

    def test_what_has_moved_since_is_evaluated_where_it_was_at_the_end_of_the_round(self, session, a_round, two_instruments, an_organisation):
        before = subjects_of(session, a_round)
        owner, later = two_instruments[0].organisation_id, an_organisation()
        move(session, two_instruments[0], at=datetime(2026, 9, 2, tzinfo=UTC), organisation_id=later.id)
        session.expire_all()
        assert subjects_of(session, a_round) == before
        assert owner_of(session, a_round, two_instruments[0].id) == owner

    def test_what_had_moved_before_the_end_is_not(self, session, a_round, two_instruments, an_organisation):
        move(session, two_instruments[0], at=datetime(2026, 8, 30, tzinfo=UTC), organisation_id=an_organisation().id)
        session.expire_all()
        assert [one.id for one in subjects_of(session, a_round)] == [two_instruments[1].id]
        with pytest.raises(NotFound):
            owner_of(session, a_round, two_instruments[0].id)

    def test_what_is_given_holds_and_the_last_of_it(self, session, a_round, tell, two_instruments):
        first = two_instruments[0].id
        tell("functions_used", "5", first)
        tell("functions_total", "0", first)
        assert preview(session, a_round)[0].facts["function_rate"].value is None  # never a division by zero
        tell("functions_total", "8", first)
        given = tell("guided", "10", first, note="", link="https://example.org/list")
        facts = preview(session, a_round, only=first)[0].facts
        assert facts["function_rate"].value == Fraction(5, 8)
        assert (facts["guided"].value, facts["guided"].comes, facts["guided"].rests["given"]) == (10, "entered", [given.id])
        assert facts["guided"].rests["counted"] == 0

    @pytest.mark.parametrize(("code", "value", "evidence"), [
        ("functions_used", "5", {"note": ""}), ("functions_used", "-1", {}), ("functions_used", "1.5", {}), ("functions_used", "x", {}),
        ("functions_used", "99999999", {}), ("assessed:staff", "50", {}), ("nothing", "1", {}), ("functions_used", "1", {"link": "javascript:alert(1)"}),
        ("functions_used", "1", {"note": "x" * 501}), ("functions_used", "1", {"note": "a\x00"}),
    ])  # fmt: skip
    def test_what_cannot_be_given_is_refused(self, tell, two_instruments, code, value, evidence):
        with pytest.raises(Invalid):
            tell(code, value, two_instruments[0].id, **evidence)

    def test_only_its_own_administrators_give(self, session, a_round, two_instruments, an_organisation, an_organisation_admin, an_auditor_of_all):
        stranger = load_viewer(session, an_organisation_admin(an_organisation()))
        with pytest.raises(NotFound):
            subject_to_give(session, a_round.id, two_instruments[0].id, viewer=stranger)
        with pytest.raises(Forbidden):
            subject_to_give(session, a_round.id, two_instruments[0].id, viewer=load_viewer(session, an_auditor_of_all()))

    def test_an_instrument_of_another_organisation_is_not_in_the_round(self, session, a_round, an_instrument, of_province):
        with pytest.raises(NotFound):
            line_for(session, a_round.id, an_instrument().id, viewer=of_province)

    def test_a_preview_asks_as_many_statements_for_two_as_for_many(self, session, a_round, an_instrument, keep_rollups, two_instruments):
        with asking(session) as few:
            preview(session, a_round)
        for _ in range(6):
            an_instrument(organisation=two_instruments[0].organisation)
        keep_rollups()
        with asking(session) as many:
            assert len(preview(session, a_round)) == 8
        assert len(many) == len(few)


class TestFreezing:
    def test_a_round_is_frozen_graded_and_published(self, session, graded, of_province, now):
        first, second = lines_of(session, graded)
        # 0.35 x 10 + 0.2 x 30 + 0.25 x 65 + 0.05 x 46
        assert first.score.total == Fraction("3.5") + 6 + Fraction("16.25") + Fraction("2.3")
        assert (first.rank, second.rank, first.grade) == (1, 2, "failed")
        assert publish(session, graded.id, viewer=of_province, now=now).state == "published"
        with pytest.raises(OutOfOrder):
            grade(session, graded.id, viewer=of_province, now=now)

    def test_nothing_is_frozen_before_its_time_is_over_or_by_others(self, session, shipped_schemes, of_province, of_home, a_round, now):
        running = begin(session, shipped_schemes["moe-2000"].id, 2026, organisation_id=None, viewer=of_province, now=now)
        with pytest.raises(OutOfOrder):
            freeze(session, running.id, viewer=of_province, now=now)
        for step in (freeze, grade, publish):
            with pytest.raises(Forbidden):
                step(session, a_round.id, viewer=of_home, now=now)
        with pytest.raises(OutOfOrder):
            grade(session, a_round.id, viewer=of_province, now=now)

    def test_what_is_given_too_late_is_refused(self, session, graded, two_instruments, of_home):
        with pytest.raises(OutOfOrder):
            subject_to_give(session, graded.id, two_instruments[0].id, viewer=of_home)

    def test_the_same_inputs_give_the_same_marks_after_the_rows_and_the_scheme_changed(
        self, session, graded, two_instruments, a_manager, a_usage, keep_rollups, of_province, shipped_schemes, now
    ):
        kept = {mark.entry_id: (mark.scores, mark.total, mark.rank, mark.grade) for mark in session.scalars(select(EvaluationMark))}
        manager = a_manager(two_instruments[0])
        for tie in ties_of(session, two_instruments[0].id):
            remove_result(session, tie.id, viewer=manager, now=now, reason="登记有误")
        a_usage(instrument=two_instruments[1])
        keep_rollups()
        terms = graded.scheme_version.terms
        weights = zip(terms.parts, ("0.05", "0.15", "0.25", "0.20", "0.35"), strict=True)
        parts = [part.model_dump(mode="json") | {"weight": weight} for part, weight in weights]
        new = NewVersion(read_terms(terms.model_dump(mode="json") | {"parts": parts}), 2000, None, "", "改权重")
        add_version(session, shipped_schemes["moe-2000"].id, new, after=1, viewer=of_province, now=now)
        assert version_for(session, shipped_schemes["moe-2000"].id, 2025).number == 2
        session.expire_all()

        entries = current_entries(session, graded.id)
        again = grade_all(graded.scheme_version.terms, [values_from(entry.inputs) for entry in entries])
        for entry, one in zip(entries, again, strict=True):
            scores, total, rank, mark = kept[entry.id]
            assert (scores_from(scores), total, rank, mark) == (one.score, str(one.score.total), one.rank, one.grade)
        # By the new version, and on the rows as they are now, it would have come out otherwise.
        assert [one.score.total for one in grade_all(new.terms, [values_from(entry.inputs) for entry in entries])] != [Fraction(kept[e.id][1]) for e in entries]
        assert subjects_of(session, graded)[0].facts["papers"].value == 0

    @pytest.mark.parametrize("table", ["evaluation_entry", "evaluation_mark", "evaluation_given"])
    @pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
    def test_the_database_keeps_what_was_frozen(self, session, graded, table, statement):
        with pytest.raises(DBAPIError, match="never changed"):
            session.execute(text(statement.format(table)))

    def test_an_organisation_without_hours_and_ratings_is_graded_by_the_national_form_once_its_weights_are_filled_in(
        self, session, shipped_schemes, an_instrument, of_province, keep_rollups, now
    ):
        an_instrument()
        keep_rollups()
        scheme = shipped_schemes["national-2026"]
        terms = version_for(session, scheme.id, 2026).terms.model_dump(mode="json")
        one = begin(session, scheme.id, 2026, organisation_id=None, viewer=of_province, now=now)
        assert preview(session, one)[0].rank is None  # shown, but not graded
        for part, weight in zip(terms["parts"], ("30", "30", "40"), strict=True):
            part["weight"] = weight
            for item, share in zip(part["items"], {4: (25, 25, 25, 25), 2: (50, 50), 3: (40, 30, 30)}[len(part["items"])], strict=True):
                item["weight"] = str(share)
                item["curve"]["full"] = item["curve"]["full"] or "1600"
        for grade_, until in zip(terms["grades"], ("1", "2", "3", None), strict=True):
            grade_["until"] = until
        add_version(session, scheme.id, NewVersion(read_terms(terms), 2026, None, "", "省内权重"), after=1, viewer=of_province, now=now)
        filled = begin(session, scheme.id, 2026, organisation_id=None, viewer=of_province, now=now)
        line = preview(session, filled)[0]
        assert (line.rank, line.grade) == (1, "excellent")
        assert line.score.total == Fraction(30) * 25 / 100  # only the open rate
        assert line.facts["assessed:staff"].reason.en == "Not given"


class TestAppeals:
    def test_the_province_adjusts_by_a_new_entry_and_everybody_is_ranked_again(self, session, graded, two_instruments, of_home, of_province, now):
        second = two_instruments[1].id
        made = appeal(session, graded.id, second, "漏记 900 小时", viewer=of_home, now=now)
        with pytest.raises(OutOfOrder):
            publish(session, graded.id, viewer=of_province, now=now)
        adjust(session, graded.id, made.id, Adjustment("quota_rate", Fraction(970, 1400)), "经核实补记", viewer=of_province, now=now)
        first_line, second_line = sorted(lines_of(session, graded), key=lambda line: line.subject_id)
        assert (first_line.rank, second_line.rank, second_line.number) == (1, 2, 2)
        assert second_line.facts["quota_rate"].value == Fraction(970, 1400)
        assert second_line.facts["quota_rate"].rests["was"] == "1/20"
        assert graded.grading == 2
        assert len(session.scalars(select(EvaluationMark)).all()) == 4
        assert appeals_of(session, graded.id)[0].outcome == "adjusted"
        publish(session, graded.id, viewer=of_province, now=now)
        with pytest.raises(OutOfOrder):
            appeal(session, graded.id, second, "再申诉", viewer=of_home, now=now)

    def test_the_province_upholds_with_a_reason(self, session, graded, two_instruments, of_home, of_province, now):
        made = appeal(session, graded.id, two_instruments[0].id, "奖励应为国家级", viewer=of_home, now=now)
        with pytest.raises(OutOfOrder):
            appeal(session, graded.id, two_instruments[0].id, "又来", viewer=of_home, now=now)
        with pytest.raises(Invalid):
            uphold(session, graded.id, made.id, " ", viewer=of_province, now=now)
        uphold(session, graded.id, made.id, "证书为省级", viewer=of_province, now=now)
        assert graded.grading == 1
        with pytest.raises(OutOfOrder):
            uphold(session, graded.id, made.id, "再答", viewer=of_province, now=now)

    def test_only_the_organisation_objects_and_only_the_province_answers(self, session, graded, two_instruments, of_home, of_province, now):
        with pytest.raises(Forbidden):
            appeal(session, graded.id, two_instruments[0].id, "省里", viewer=of_province, now=now)
        made = appeal(session, graded.id, two_instruments[0].id, "单位", viewer=of_home, now=now)
        with pytest.raises(Forbidden):
            adjust(session, graded.id, made.id, Adjustment("papers", Fraction(9)), "自己改", viewer=of_home, now=now)
        for change in (Adjustment("nothing", Fraction(1)), Adjustment("papers", Fraction(-1))):
            with pytest.raises(Invalid):
                adjust(session, graded.id, made.id, change, "改", viewer=of_province, now=now)

    def test_an_organisation_finds_its_rounds(self, session, graded, two_instruments, an_organisation):
        assert rounds_for(session, two_instruments[0].organisation_id) == [graded]
        assert rounds_for(session, an_organisation().id) == []
