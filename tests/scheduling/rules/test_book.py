"""A rule book is read, and all its rules judge one question at once."""

from __future__ import annotations

import pytest

from instruments.errors import Invalid
from instruments.opening import Opening, Shut
from scheduling.rules.book import EFFECTS, KINDS, MOST_ENTRIES, judge, read_entries, read_entry, with_defaults

NOTICE = {"kind": "notice", "parameters": {"minutes": 120}}
LONGEST = {"kind": "longest", "parameters": {"minutes": 60}}
APPROVAL = {"kind": "approval", "parameters": {"decide_within_hours": 24, "holds_slot": False}}
HOURS_FOR_THE_GROUP = {"kind": "opening_hours", "parameters": {"grade_outside": 3}, "who": {"audiences": ["group"]}}


def codes(refusals):
    return [refusal.code for refusal in refusals]


class TestReading:
    def test_an_entry_becomes_its_rule(self):
        entry = read_entry({**NOTICE, "who": {"audiences": ["academic"]}, "when": {"weekdays": [0]}, "effect": "warn"})
        assert (entry.rule.kind, entry.rule.minutes, entry.effect) == ("notice", 120, "warn")
        assert entry.who.audiences == ("academic",)

    @pytest.mark.parametrize(
        ("raw", "field"),
        [
            ({"kind": "weather", "parameters": {}}, "kind"),
            ({"kind": "notice", "parameters": {}}, "minutes"),
            ({"kind": "notice", "parameters": {"minutes": -1}}, "minutes"),
            ({"kind": "notice", "parameters": {"minutes": "soon"}}, "minutes"),
            ({"kind": "notice", "parameters": {"minutes": 5, "seconds": 3}}, "seconds"),
            ({**NOTICE, "effect": "explode"}, "effect"),
            ({**NOTICE, "when": {"from_minute": 9000}}, "when.from_minute"),
            ({"parameters": {}}, "kind"),
            ("notice", "entries"),
            (None, "entries"),
        ],
    )
    def test_what_cannot_be_expressed_is_refused_with_its_place(self, raw, field):
        with pytest.raises(Invalid) as refused:
            read_entry(raw, 3)
        assert refused.value.field == field
        assert "Entry 3" in refused.value.sentence.en
        assert "第 3 条" in refused.value.sentence.zh

    @pytest.mark.parametrize("raw", [{}, "[]", None, [NOTICE] * (MOST_ENTRIES + 1)], ids=["an object", "text", "nothing", "too many"])
    def test_a_book_is_a_bounded_list(self, raw):
        with pytest.raises(Invalid):
            read_entries(raw)

    def test_every_kind_can_be_read_named_and_said(self):
        least = {"notice": {"minutes": 5}, "horizon": {"days": 5}, "shortest": {"minutes": 5}, "longest": {"minutes": 5},
                 "time_grid": {"step_minutes": 5}, "audience": {"allowed": ["internal"]}, "quota": {"most": 5}, "no_show": {"after_minutes": 5}}  # fmt: skip
        for kind, rule in KINDS.items():
            read = read_entry({"kind": kind, "parameters": least.get(kind, {})}).rule
            assert isinstance(read, rule)
            assert read.sentence().zh
            assert read.sentence().en
            assert set(rule.labels) == set(rule.model_fields)
        assert set(EFFECTS) == {"refuse", "approve", "warn"}


class TestJudging:
    def test_every_reason_is_given_at_once(self, an_ask, between):
        ask = an_ask(between("10:10", "12:10"), instrument={"sharing_mode": "internal"}, audience="academic")
        found = judge(ask, read_entries([NOTICE, LONGEST]))
        assert codes(found.refusals) == ["sharing", "notice", "longest", "time_grid"]

    def test_an_effect_decides_what_a_breach_leads_to(self, an_ask):
        found = judge(an_ask(), read_entries([{**NOTICE, "effect": "approve"}, {**LONGEST, "effect": "warn"}]))
        assert (codes(found.refusals), codes(found.approvals), codes(found.warnings)) == ([], ["notice"], ["longest"])
        assert found.needs_approval

    def test_an_entry_for_others_is_not_asked(self, an_ask):
        assert judge(an_ask(), read_entries([{**LONGEST, "who": {"audiences": ["academic"]}}])).refusals == ()

    def test_an_entry_for_other_times_is_kept(self, an_ask):
        found = judge(an_ask(), read_entries([{**LONGEST, "when": {"weekdays": [5, 6]}}]))
        assert found.refusals == ()
        assert [answer.found for answer in found.answers if answer.entry.rule.kind == "longest"] == [None]

    def test_the_same_reason_is_given_once(self, an_ask):
        assert codes(judge(an_ask(), read_entries([LONGEST, LONGEST])).refusals) == ["longest"]

    def test_approval_never_refuses_whatever_its_effect_says(self, an_ask):
        found = judge(an_ask(), read_entries([{**APPROVAL, "effect": "refuse"}]))
        assert (codes(found.refusals), codes(found.approvals)) == ([], ["approval"])

    def test_the_strictest_policy_counts(self, an_ask):
        found = judge(an_ask(), read_entries([APPROVAL, {"kind": "approval", "parameters": {"decide_within_hours": 48}}]))
        assert (found.holds_slot, found.decide_within_hours) == (False, 24)

    def test_nobody_asks_herself_for_approval(self, an_ask):
        found = judge(an_ask(is_manager=True), read_entries([APPROVAL, {**LONGEST, "effect": "approve"}]))
        assert not found.needs_approval


class TestDefaults:
    def test_the_own_entry_of_a_kind_takes_the_place_of_the_default(self, an_ask, between):
        grid = read_entries([{"kind": "time_grid", "parameters": {"step_minutes": 10}}])
        assert judge(an_ask(between("10:10", "11:00")), grid).refusals == ()

    @pytest.fixture
    def daytime(self, between):
        return Opening((between("08:00", "18:00"),))

    def test_an_entry_for_some_people_leaves_the_default_to_the_others(self, an_ask, between, daytime):
        night = {"span": between("20:00", "22:00"), "opening": daytime}
        book = read_entries([HOURS_FOR_THE_GROUP])
        assert judge(an_ask(**night, audience="group", grade=3), book).refusals == ()
        assert codes(judge(an_ask(**night, audience="academic", grade=3), book).refusals) == ["opening_hours"]

    def test_an_entry_for_some_hours_leaves_the_default_to_the_rest(self, an_ask, between, daytime):
        evenings = {"kind": "opening_hours", "parameters": {}, "when": {"from_minute": 1080, "until_minute": 1320}, "effect": "approve"}
        book = read_entries([evenings])
        evening, night = judge(an_ask(between("17:00", "21:00"), opening=daytime), book), judge(an_ask(between("21:00", "23:00"), opening=daytime), book)
        assert (codes(evening.refusals), codes(evening.approvals)) == ([], ["opening_hours"])
        assert (codes(night.refusals), codes(night.approvals)) == (["opening_hours"], ["opening_hours"])

    def test_no_entry_opens_what_is_closed(self, an_ask, between):
        closed = Opening((), (Shut(between("08:00", "18:00"), "fault", "故障", 1),))
        lenient = read_entries([{"kind": "opening_hours", "parameters": {"grade_outside": 1}, "effect": "warn"}])
        assert codes(judge(an_ask(opening=closed, grade=4, is_manager=True), lenient).refusals) == ["closed"]

    def test_an_instrument_that_needs_training_asks_for_it_without_a_rule(self, an_ask):
        trained = {"needs_qualification": True}
        assert codes(judge(an_ask(instrument=trained), []).refusals) == ["qualification"]
        assert judge(an_ask(instrument=trained, grade=1), []).refusals == ()

    def test_what_the_book_says_of_everybody_is_not_said_twice(self, an_ask):
        book = read_entries([{"kind": "time_grid", "parameters": {"step_minutes": 10}}, HOURS_FOR_THE_GROUP])
        kinds = [entry.rule.kind for entry in with_defaults(book, an_ask().instrument)]
        assert kinds == ["time_grid", "opening_hours", "opening_hours"]
