"""Many uses or charges confirmed at once: each by itself, those that cannot be are named, and what they all rest on is read once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from instruments.errors import Invalid, Sentence
from scheduling.accounting.charges import Charge
from scheduling.accounting.charging import confirm_charge
from scheduling.accounting.chargingmany import confirm_charges
from scheduling.accounting.proof import check_books
from scheduling.chosen import MOST, Chosen
from scheduling.confirming import confirm_use
from scheduling.confirmingmany import confirm_uses
from scheduling.usageproblems import open_problem

HOUR = timedelta(hours=1)


@pytest.fixture
def session(clean_engine: Engine) -> Iterator[Session]:
    """The builders' session, over the engine whose statements are counted."""
    with Session(clean_engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def uses(session, an_instrument, a_tariff, a_manager, a_person, a_usage, a_past_span):
    """So many recorded uses of an instrument with rates, each on a day of its own; and the instrument's manager."""
    instrument, person = an_instrument(), a_person()
    manager = a_manager(instrument)
    a_tariff(instrument)
    days = iter(range(1, 200))

    def make(many):
        spans = [a_past_span(2 + 24 * next(days)) for _ in range(many)]
        return [a_usage(instrument=instrument, person=person, manager=manager, span=span) for span in spans], manager

    return make


def chosen(rows):
    return [Chosen(one.id, one.version) for one in rows]


def total_of(session, one):
    return session.scalar(select(Charge.total).where(Charge.usage_id == one.id))


class TestUses:
    def test_all_that_were_chosen_are_confirmed_and_charged(self, session, uses, now):
        rows, manager = uses(3)
        taken = confirm_uses(session, chosen(rows), viewer=manager, now=now)
        assert (sorted(taken.done), taken.left) == (sorted(one.id for one in rows), [])
        assert [one.status for one in rows] == ["confirmed"] * 3
        alone, _ = uses(1)
        confirm_use(session, alone[0].id, viewer=manager, now=now)
        assert {total_of(session, one) for one in rows} == {total_of(session, alone[0])}

    def test_one_that_cannot_be_is_named_and_does_not_stop_the_others(self, session, uses, now):
        rows, manager = uses(3)
        open_problem(session, "overrun", instrument_id=rows[1].instrument_id, usage_id=rows[1].id, now=now)
        taken = confirm_uses(session, chosen(rows), viewer=manager, now=now)
        assert sorted(taken.done) == sorted([rows[0].id, rows[2].id])
        assert [(one.id, "请先处理" in one.why.zh) for one in taken.left] == [(rows[1].id, True)]
        assert (rows[1].status, total_of(session, rows[1])) == ("recorded", None)

    def test_one_that_breaks_off_half_way_leaves_nothing_behind(self, session, uses, now, monkeypatch):
        rows, manager = uses(2)

        def refuse(own, one, **_):
            if one.id == rows[0].id:
                raise Invalid("rates", Sentence("不行", "no"))

        monkeypatch.setattr("scheduling.confirming.make_charge", refuse)
        taken = confirm_uses(session, chosen(rows), viewer=manager, now=now)
        session.refresh(rows[0])
        assert (taken.done, rows[0].status, rows[1].status) == ([rows[1].id], "recorded", "confirmed")

    def test_somebody_elses_change_meanwhile_is_told(self, session, uses, now):
        (one,), manager = uses(1)
        taken = confirm_uses(session, [Chosen(one.id, one.version - 1)], viewer=manager, now=now)
        assert "已被他人更改" in taken.left[0].why.zh

    def test_confirming_again_changes_nothing(self, session, uses, now):
        rows, manager = uses(2)
        confirm_uses(session, chosen(rows), viewer=manager, now=now)
        again = confirm_uses(session, chosen(rows), viewer=manager, now=now + HOUR)
        assert (len(again.done), again.left, rows[0].confirmed_at) == (2, [], now)

    def test_to_strangers_they_are_not_there_and_users_may_not(self, session, uses, a_viewer, now):
        (one,), _ = uses(1)
        assert "没有找到" in confirm_uses(session, chosen([one]), viewer=a_viewer(), now=now).left[0].why.zh
        assert "权限" in confirm_uses(session, chosen([one]), viewer=a_viewer(person=one.person), now=now).left[0].why.zh
        assert one.status == "recorded"

    @pytest.mark.parametrize("many", [0, MOST + 1])
    def test_none_and_too_many_are_refused(self, session, a_viewer, now, many):
        with pytest.raises(Invalid):
            confirm_uses(session, [Chosen(number) for number in range(many)], viewer=a_viewer(), now=now)

    def test_each_costs_less_than_one_by_one(self, session, uses, statements, now):
        rows, manager = uses(21)
        session.commit()
        with statements() as alone:
            confirm_use(session, rows[0].id, viewer=manager, now=now)
        with statements() as few:
            confirm_uses(session, chosen(rows[1:6]), viewer=manager, now=now)
        with statements() as many:
            confirm_uses(session, chosen(rows[6:]), viewer=manager, now=now)
        each = (len(many) - len(few)) / 10
        assert each < len(alone)
        assert each <= 7
        assert len([one for one in many if one.startswith("SELECT")]) - len([one for one in few if one.startswith("SELECT")]) <= 20


@pytest.fixture
def drafts(session, an_instrument, a_manager, a_person, a_group, an_account, a_charge):
    """So many drafts on one account, and the manager of their instrument."""
    instrument, person = an_instrument(), a_person()
    manager, account = a_manager(instrument), an_account(group=a_group(person, pi=person))

    def make(many, **changes):
        values = {"accounts": [account], "amount": "10.00"} | changes
        return [a_charge(instrument=instrument, person=person, **values) for _ in range(many)], manager

    return make


class TestCharges:
    def test_all_that_were_chosen_are_up_for_review(self, session, drafts, now):
        rows, manager = drafts(3)
        taken = confirm_charges(session, chosen(rows), viewer=manager, now=now)
        assert (sorted(taken.done), taken.left) == (sorted(one.id for one in rows), [])
        assert [one.status for one in rows] == ["review"] * 3
        assert [finding.name for finding in check_books(session) if not finding.is_right] == []

    def test_one_without_a_price_is_named_and_does_not_stop_the_others(self, session, drafts, now):
        (priced,), manager = drafts(1)
        (unpriced,), _ = drafts(1, is_open=True)
        taken = confirm_charges(session, chosen([unpriced, priced]), viewer=manager, now=now)
        assert (taken.done, taken.left[0].id, "价格待定" in taken.left[0].why.zh) == ([priced.id], unpriced.id, True)
        assert (unpriced.status, priced.status) == ("draft", "review")

    def test_what_costs_nothing_is_final_at_once(self, session, drafts, now):
        (free,), manager = drafts(1, amount="0.00")
        (costly,), _ = drafts(1)
        confirm_charges(session, chosen([free, costly]), viewer=manager, now=now)
        assert (free.status, costly.status) == ("final", "review")

    def test_somebody_elses_change_meanwhile_is_told_and_confirming_again_changes_nothing(self, session, drafts, now):
        (one,), manager = drafts(1)
        assert "已被他人更改" in confirm_charges(session, [Chosen(one.id, 99)], viewer=manager, now=now).left[0].why.zh
        for at in (now, now + HOUR):
            assert confirm_charges(session, chosen([one]), viewer=manager, now=at).done == [one.id]
        assert one.confirmed_at == now

    def test_only_the_manager_does(self, session, drafts, a_viewer, now):
        (one,), _ = drafts(1)
        assert "没有找到" in confirm_charges(session, chosen([one]), viewer=a_viewer(), now=now).left[0].why.zh
        assert "权限" in confirm_charges(session, chosen([one]), viewer=a_viewer(person=one.person), now=now).left[0].why.zh

    def test_each_costs_less_than_one_by_one(self, session, drafts, statements, now):
        rows, manager = drafts(21)
        session.commit()
        with statements() as alone:
            confirm_charge(session, rows[0].id, viewer=manager, now=now)
        with statements() as few:
            confirm_charges(session, chosen(rows[1:6]), viewer=manager, now=now)
        with statements() as many:
            confirm_charges(session, chosen(rows[6:]), viewer=manager, now=now)
        assert (len(many) - len(few)) / 10 < len(alone)
        assert (len(many) - len(few)) / 10 <= 3
        assert len([one for one in many if one.startswith("SELECT")]) - len([one for one in few if one.startswith("SELECT")]) <= 1
