"""Rules about the person."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from scheduling.rules.base import When
from scheduling.rules.persons import Approval, AudienceRule, NoShow, QualificationRule

ALWAYS = When()


class TestAudience:
    rule = AudienceRule(allowed=("group", "internal"))

    @pytest.mark.parametrize("audience", ["group", "internal"])
    def test_those_named_may_book(self, an_ask, audience):
        assert self.rule.check(an_ask(audience=audience), ALWAYS) is None

    @pytest.mark.parametrize("audience", ["academic", "enterprise", "other"])
    def test_others_are_refused_and_told_who_may(self, an_ask, audience):
        refusal = self.rule.check(an_ask(audience=audience), ALWAYS)
        assert (refusal.code, refusal.allowed) == ("audience", {"audiences": ["group", "internal"]})
        assert refusal.sentence.zh == "仅限本课题组、本单位的人员预约。"

    def test_a_rule_that_lets_nobody_in_cannot_be_written(self):
        with pytest.raises(ValidationError):
            AudienceRule(allowed=())


class TestQualification:
    rule = QualificationRule(grade=2)

    @pytest.mark.parametrize(("grade", "is_refused"), [(0, True), (1, True), (2, False), (4, False)])
    def test_it_takes_the_grade_or_a_higher_one(self, an_ask, grade, is_refused):
        assert (self.rule.check(an_ask(grade=grade), ALWAYS) is not None) == is_refused

    def test_who_has_none_is_told_to_ask_for_it(self, an_ask):
        assert "Ask for one first" in self.rule.check(an_ask(grade=0), ALWAYS).sentence.en

    def test_who_has_a_lower_one_is_told_hers(self, an_ask):
        assert self.rule.check(an_ask(grade=1), ALWAYS).sentence.en == "This needs grade 2; yours is 1."

    @pytest.mark.parametrize(("mode", "is_refused"), [("self", True), ("remote", True), ("assisted", False), ("training", False)])
    def test_only_who_operates_it_herself_needs_it(self, an_ask, mode, is_refused):
        assert (self.rule.check(an_ask(mode=mode), ALWAYS) is not None) == is_refused


class TestApproval:
    rule = Approval(decide_within_hours=24, holds_slot=False)

    def test_everybody_needs_it(self, an_ask):
        found = self.rule.check(an_ask(), ALWAYS)
        assert (found.code, found.allowed) == ("approval", {"decide_within_hours": 24, "holds_slot": False})

    def test_the_manager_does_not(self, an_ask):
        assert self.rule.check(an_ask(is_manager=True), ALWAYS) is None

    def test_it_says_whether_the_slot_is_kept(self):
        assert "is not kept" in self.rule.sentence().en
        assert "is kept" in Approval().sentence().en


class TestNoShow:
    def test_it_refuses_nothing_beforehand(self, an_ask):
        assert NoShow(after_minutes=30).check(an_ask(), ALWAYS) is None

    def test_it_says_what_happens(self):
        assert NoShow(after_minutes=30).sentence().zh == "开始后 30 分钟仍未签到，视为未到场，时段将释放。"
