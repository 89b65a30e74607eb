"""Rules about the person: audience, qualification, approval, no-show."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from instruments.errors import Refusal, Sentence
from instruments.qualifications import GRADES
from scheduling.rules.base import Ask, Audience, Rule, When, hours_words

AUDIENCE_WORDS = {
    "group": Sentence("本课题组", "the owning group"),
    "internal": Sentence("本单位", "the own organisation"),
    "academic": Sentence("其他高校、院所和医院", "other universities, institutes and hospitals"),
    "enterprise": Sentence("企业", "enterprises"),
    "other": Sentence("其他单位", "others"),
}


class AudienceRule(Rule):
    """Only some audiences may book."""

    kind: ClassVar[str] = "audience"
    title: ClassVar[Sentence] = Sentence("开放对象", "Who may book")
    labels = {"allowed": Sentence("可预约的人员", "Who may book")}
    allowed: tuple[Audience, ...] = Field(min_length=1)

    def sentence(self) -> Sentence:
        """Say it."""
        zh = "、".join(AUDIENCE_WORDS[one].zh for one in self.allowed)
        en = ", ".join(AUDIENCE_WORDS[one].en for one in self.allowed)
        return Sentence(f"仅限{zh}的人员预约。", f"Open to people of: {en}.")

    def check(self, ask: Ask, when: When) -> Refusal | None:
        """Refuse the others."""
        if ask.audience in self.allowed:
            return None
        own = self.sentence()
        return Refusal("audience", own, {"audiences": list(self.allowed)})


class QualificationRule(Rule):
    """Who operates the instrument herself is qualified for it, to a grade."""

    kind: ClassVar[str] = "qualification"
    title: ClassVar[Sentence] = Sentence("上机资格", "Qualification")
    labels = {"grade": Sentence("最低等级", "Lowest grade")}
    grade: int = Field(default=1, ge=1, le=4)

    def sentence(self) -> Sentence:
        """Say it."""
        grade = GRADES[self.grade]
        return Sentence(
            f"自主上机须具备 {self.grade} 级资格（{grade.zh}）。",
            f"Operating it yourself needs a qualification of grade {self.grade} ({grade.en.lower()}).",
        )

    def check(self, ask: Ask, when: When) -> Refusal | None:
        """Refuse who is not qualified, or not on the day of use; assisted use needs no qualification."""
        if ask.mode not in ("self", "remote") or ask.grade >= self.grade:
            return None
        if ask.grade:
            sentence = Sentence(
                f"此时段需要 {self.grade} 级资格，您目前为 {ask.grade} 级。", f"This needs grade {self.grade}; yours is {ask.grade}."
            )
        else:
            sentence = Sentence(
                "您还没有（或届时已过期）该仪器的上机资格，请先申请。",
                "You hold no qualification for this instrument on that day. Ask for one first.",
            )
        return Refusal("qualification", sentence, {"grade": self.grade})


class Approval(Rule):
    """A manager approves each booking within so many hours; until then the slot is held, or is not."""

    kind: ClassVar[str] = "approval"
    title: ClassVar[Sentence] = Sentence("需要审批", "Approval")
    labels = {
        "decide_within_hours": Sentence("审批时限（小时）", "To be decided within (hours)"),
        "holds_slot": Sentence("待审批的申请占用时段", "A pending request holds the slot"),
    }
    decide_within_hours: int = Field(default=72, ge=1, le=2160)
    holds_slot: bool = True

    def sentence(self) -> Sentence:
        """Say it."""
        words = hours_words(self.decide_within_hours * 60)
        zh = "待审批期间为您保留时段" if self.holds_slot else "待审批期间不保留时段"
        en = "the slot is kept for you meanwhile" if self.holds_slot else "the slot is not kept meanwhile"
        return Sentence(f"预约须经管理员审批，{words.zh}内答复；{zh}。", f"A manager approves each booking within {words.en}; {en}.")

    def check(self, ask: Ask, when: When) -> Refusal | None:
        """Ask for approval, except of the instrument's own managers."""
        if ask.is_manager:
            return None
        sentence = self.sentence()
        return Refusal("approval", sentence, {"decide_within_hours": self.decide_within_hours, "holds_slot": self.holds_slot})


class NoShow(Rule):
    """A booking not started so long after its start is released and marked as a no-show."""

    kind: ClassVar[str] = "no_show"
    title: ClassVar[Sentence] = Sentence("未到场", "No-show")
    labels = {"after_minutes": Sentence("开始后多久未签到视为未到场（分钟）", "Released when not started after (minutes)")}
    after_minutes: int = Field(ge=1, le=10080)

    def sentence(self) -> Sentence:
        """Say it."""
        words = hours_words(self.after_minutes)
        return Sentence(
            f"开始后 {words.zh}仍未签到，视为未到场，时段将释放。",
            f"A booking not started within {words.en} counts as a no-show, and its time is released.",
        )

    def check(self, ask: Ask, when: When) -> Refusal | None:
        """Refuse nothing: the rule works after the start."""
        return None
