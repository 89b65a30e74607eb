"""Uses in a browser: a researcher with her phone at the instrument, a manager who resolves and confirms; and every page for everybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.people import Organisation
from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem
from tests.fixtures.browser import axe, scrolls_sideways
from tests.fixtures.served import ServedPortal

MANAGE = ("/manage/uses", "/manage/uses?show=running", "/manage/uses?show=confirmed", "/manage/problems", "/manage/uses/sheets")


@pytest.fixture
def use_with_problem(province: ServedPortal) -> tuple[int, int]:
    """A use of the sample manager's organisation that waits behind an open problem, and its instrument."""
    with Session(province.engine) as session:
        query = (
            select(UsageRecord).join(UsageProblem, UsageProblem.usage_id == UsageRecord.id).join(UsageRecord.instrument).join(Organisation)
        )
        query = query.where(UsageProblem.resolved_at.is_(None), UsageRecord.status == "recorded", Organisation.code == "SX-FHLG")
        one = session.scalars(query.order_by(UsageRecord.id)).first()
        assert one is not None, "the sample has uses with problems"
        return one.id, one.instrument_id


@pytest.mark.parametrize(("screen", "language"), [("desktop", "zh"), ("phone", "en")])
def test_every_page_about_uses_is_for_everybody(
    open_as: Callable[..., Page], use_with_problem: tuple[int, int], screen: str, language: str
) -> None:
    usage_id, instrument_id = use_with_problem
    own = f"/manage/instruments/{instrument_id}"
    paths = (*MANAGE, f"{own}/uses/new", f"{own}/code", f"{own}/results", f"/manage/uses/{usage_id}/correct", f"/usage/{usage_id}", "/usage",
             f"/instruments/{instrument_id}/use")  # fmt: skip
    page, wrong = open_as("manager", device=screen, language=language), []
    for path in paths:
        answer = page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert answer is not None
        wrong += [f"{path}: {answer.status}"] if answer.status != 200 else []
        wrong += [f"{path}: {found}" for found in axe(page)] + ([f"{path}: wider than the screen"] if scrolls_sideways(page) else [])
    assert wrong == []


def test_the_manager_resolves_a_problem_and_confirms(open_as: Callable[..., Page], use_with_problem: tuple[int, int]) -> None:
    usage_id, instrument_id = use_with_problem
    page = open_as("manager")
    page.goto(f"/manage/problems?instrument={instrument_id}")
    problem = page.locator("article.request", has=page.locator(f'a[href$="/usage/{usage_id}"]'))
    problem.get_by_label("原因").fill("已与使用者核对")
    problem.get_by_role("button", name="属实").click()
    expect(page.get_by_text("问题已处理。")).to_be_visible()
    page.goto(f"/manage/uses?instrument={instrument_id}")
    row = page.locator("tr", has=page.locator(f'a[href$="/usage/{usage_id}"]'))
    row.get_by_role("button", name="确认").click()
    expect(page.get_by_text("已确认。")).to_be_visible()
    expect(page.locator(f'th a[href$="/usage/{usage_id}"]')).to_have_count(0)


@pytest.fixture
def idle_one(province: ServedPortal) -> int:
    """An instrument nobody uses now and anybody may walk on to, whatever its hours say."""
    with Session(province.engine) as session:
        query = select(Instrument).join(Organisation).where(
            Organisation.code == "SX-FHLG", Instrument.publication == "published", Instrument.self_operated,
            Instrument.id.not_in(select(UsageRecord.instrument_id).where(UsageRecord.status == "running")),
        )  # fmt: skip
        return session.scalars(query.order_by(Instrument.id.desc())).first().id


def test_somebody_walks_on_by_the_manager_and_ends_on_her_phone(open_as: Callable[..., Page], idle_one: int) -> None:
    desk = open_as("manager")
    desk.goto(f"/manage/instruments/{idle_one}/uses/new")
    walk = desk.locator("form#walk")
    walk.get_by_label("使用者邮箱").fill("researcher@example.org")
    walk.get_by_role("button", name="现在开始").click()
    expect(desk.get_by_text("已开始使用。")).to_be_visible()

    phone = open_as("researcher", device="phone")
    phone.goto(f"/instruments/{idle_one}/use")
    expect(phone.get_by_role("heading", name="您正在使用")).to_be_visible()
    assert axe(phone) == []
    assert not scrolls_sideways(phone)
    phone.get_by_label("样品数").fill("2")
    phone.get_by_role("button", name="结束使用").click()
    expect(phone.get_by_text("已结束使用")).to_be_visible()
    phone.get_by_label("非常满意").check()
    phone.get_by_role("button", name="提交评价").click()
    expect(phone.get_by_text("谢谢您的评价。")).to_be_visible()
    assert axe(phone) == []
