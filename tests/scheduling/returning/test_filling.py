"""One fact filled in for many uses at once: where drafts lack it, by its instruments' manager, counted, kept in the log, and never over another's change."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments import audit
from instruments.audit import AuditEntry
from instruments.errors import Changed, Invalid
from scheduling.chosen import Chosen
from scheduling.returning.facts import Facts, ReturnFacts, note_facts
from scheduling.returning.filling import MOST, Scope, choices, fill, lacking
from scheduling.returning.generating import digest_of
from scheduling.returning.returns import ReturnRow, rows_of
from tests.fixtures.returns import in_the_quarter


@pytest.fixture
def session(clean_engine):
    """The builders' session, over the engine whose statements are counted."""
    with Session(clean_engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def instrument(an_instrument):
    return an_instrument(inner_id="SEM-1")


@pytest.fixture
def manager(a_manager, instrument):
    return a_manager(instrument)


@pytest.fixture
def uses(instrument, a_quarter_use):
    """So many uses of the quarter that say nothing of what was done."""
    days = iter(range(1, 29))
    return lambda many, **changes: [a_quarter_use(instrument, span=in_the_quarter(next(days)), content="", **changes) for _ in range(many)]


def chosen(found):
    return [Chosen(one.use.id, one.version) for one in found]


class TestLacking:
    def test_only_what_a_draft_lacks_about_ones_own_instruments(self, session, instrument, manager, uses, a_quarter_use, a_return, a_viewer):
        two = uses(2)
        a_quarter_use(instrument, span=in_the_quarter(29))
        assert lacking(session, Scope("content"), manager) == ([], 0)  # no draft yet
        one = a_return(instrument.organisation)
        found, total = lacking(session, Scope("content", one.id), manager)
        assert ([each.use.id for each in found], total) == ([use.id for use in two], 2)
        assert lacking(session, Scope("content", one.id + 1), manager)[1] == 0
        assert lacking(session, Scope("content"), a_viewer())[1] == 0

    def test_it_is_narrowed_down_to_an_instrument_a_person_or_a_project(
        self, session, instrument, manager, uses, a_return, a_person
    ):
        person = a_person()
        uses(2, person=person)
        uses(1, project="高熵合金")
        one = a_return(instrument.organisation)
        offered = {(each.by, each.value): each.count for each in choices(session, Scope("content", one.id), manager)}
        assert offered[("instrument_id", instrument.id)] == 3
        assert (offered[("person_id", person.id)], offered[("project", "高熵合金")]) == (2, 1)
        assert lacking(session, Scope("content", person_id=person.id), manager)[1] == 2
        assert lacking(session, Scope("content", project="高熵合金"), manager)[1] == 1

    def test_what_every_use_may_have_is_lacking_where_it_is_empty(self, session, instrument, manager, uses, a_return):
        uses(1, project="有课题")
        uses(1)
        a_return(instrument.organisation)
        assert lacking(session, Scope("project"), manager)[1] == 1
        assert lacking(session, Scope("tax_record"), manager)[1] == 0  # only where it is asked for


class TestFilling:
    def test_all_are_filled_in_and_the_draft_is_made_anew(self, session, instrument, manager, uses, a_return, now):
        uses(3)
        one = a_return(instrument.organisation)
        assert one.errors == 3
        found, _ = lacking(session, Scope("content", one.id), manager)
        taken = fill(session, "content", " 断口分析 ", chosen(found), viewer=manager, now=now)
        assert (len(taken.done), taken.left) == (3, [])
        session.refresh(one)
        rows, _ = rows_of(session, one)
        assert ([row.data["serviceContent"] for row in rows], one.errors) == (["断口分析"] * 3, 0)
        assert one.digest == digest_of(rows)

    def test_other_facts_stay_and_what_it_was_before_is_in_the_log(self, session, instrument, manager, uses, a_return, now):
        (use,) = uses(1)
        note_facts(session, use.id, Facts(project="旧课题", income="横向"), viewer=manager, now=now)
        a_return(instrument.organisation)
        audit.watch(session, actor_id=manager.person_id, now=now)
        fill(session, "project", "新课题", [Chosen(use.id, 1)], viewer=manager, now=now)
        noted = session.scalar(select(ReturnFacts).where(ReturnFacts.usage_id == use.id))
        assert (noted.project, noted.income) == ("新课题", "横向")
        entry = session.scalars(select(AuditEntry).where(AuditEntry.noun == "return_facts").order_by(AuditEntry.id.desc())).first()
        assert (entry.before["project"], entry.after["project"], entry.actor_id) == ("旧课题", "新课题", manager.person_id)

    def test_what_somebody_else_filled_in_meanwhile_is_left_and_named(self, session, instrument, manager, uses, a_return, now):
        uses(2)
        a_return(instrument.organisation)
        seen, _ = lacking(session, Scope("content"), manager)
        note_facts(session, seen[0].use.id, Facts(content="别人填的"), viewer=manager, now=now)
        taken = fill(session, "content", "我填的", chosen(seen), viewer=manager, now=now)
        assert (taken.done, [one.id for one in taken.left]) == ([seen[1].use.id], [seen[0].use.id])
        assert "他人刚刚改过" in taken.left[0].why.zh
        assert session.scalar(select(ReturnFacts.content).where(ReturnFacts.usage_id == seen[0].use.id)) == "别人填的"
        with pytest.raises(Changed):  # and the form of one use minds it too
            note_facts(session, seen[1].use.id, Facts(content="旧表单"), viewer=manager, now=now, version=0)

    def test_strangers_and_users_fill_in_nothing(self, session, instrument, uses, a_return, a_viewer, now):
        (use,) = uses(1)
        a_return(instrument.organisation)
        for viewer, said in ((a_viewer(), "没有找到"), (a_viewer(person=use.person), "权限")):
            taken = fill(session, "content", "x", [Chosen(use.id, 0)], viewer=viewer, now=now)
            assert (taken.done, said in taken.left[0].why.zh) == ([], True)

    @pytest.mark.parametrize(("fact", "value", "field"), [
        ("content", " ", "value"), ("content", "x" * 501, "value"), ("area", "no such", "value"), ("moon", "x", "fact"), ("project", "a\x00b", "value"),
    ])  # fmt: skip
    def test_what_cannot_be_is_refused(self, session, lists, uses, manager, now, fact, value, field):
        (use,) = uses(1)
        with pytest.raises(Invalid) as refused:
            fill(session, fact, value, [Chosen(use.id, 0)], viewer=manager, now=now)
        assert refused.value.field == field

    def test_nothing_chosen_and_too_many_are_refused(self, session, manager, now):
        for many in (0, MOST + 1):
            with pytest.raises(Invalid):
                fill(session, "content", "x", [Chosen(number, 0) for number in range(1, many + 1)], viewer=manager, now=now)

    def test_questions_do_not_grow_with_the_uses(self, session, instrument, manager, uses, a_return, now, statements):
        uses(12)
        a_return(instrument.organisation)
        found, _ = lacking(session, Scope("content"), manager)
        session.flush()
        counted = []
        for some in (found[:2], found[2:]):
            with statements() as seen:
                fill(session, "content", "x", chosen(some), viewer=manager, now=now)
            counted.append(len([one for one in seen if one.startswith("SELECT")]))
        assert counted[0] == counted[1]
        assert session.scalar(select(ReturnRow.id).where(ReturnRow.is_wrong).limit(1)) is None
