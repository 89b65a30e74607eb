"""Returns in a browser: an organisation makes a quarter, mends an error by its link and signs; the province sends it back, then accepts the next."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from instruments.people import Organisation
from scheduling.returning.formats import format_of
from scheduling.returning.returns import Return, ReturnRow
from scheduling.usage import UsageRecord
from tests.fixtures.browser import axe, scrolls_sideways
from tests.fixtures.served import ServedPortal


@pytest.fixture
def draft(province: ServedPortal) -> Iterator[Return]:
    """The draft of the sample's last quarter, with every use but one told what was done; the draft does not know yet."""
    with Session(province.engine) as session:
        one = session.scalars(select(Return).join(Return.organisation).where(Organisation.code == "SX-FHLG", Return.state == "draft")).one()
        rows = select(ReturnRow.usage_id).where(ReturnRow.return_id == one.id, ReturnRow.is_wrong).order_by(ReturnRow.position)
        _, *others = session.scalars(rows).all()
        session.execute(update(UsageRecord).where(UsageRecord.id.in_(others)).values(content="常规测试"))
        session.commit()
        yield one


def pages(one: Return) -> tuple[str, ...]:
    return (
        "/organisation/returns",
        f"/organisation/returns/{one.id}",
        "/manage/returns",
        "/province/returns",
        "/province/returns?kind=sj3",
    )


@pytest.mark.parametrize(("screen", "language"), [("desktop", "zh"), ("phone", "en")])
def test_every_page_about_returns_is_for_everybody(open_as: Callable[..., Page], draft: Return, screen: str, language: str) -> None:
    page, wrong = open_as("admin", device=screen, language=language), []
    for path in pages(draft):
        answer = page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert answer is not None
        wrong += [f"{path}: {answer.status}"] if answer.status != 200 else []
        wrong += [f"{path}: {found}" for found in axe(page)] + ([f"{path}: wider than the screen"] if scrolls_sideways(page) else [])
    assert wrong == []


def test_a_quarter_is_made_mended_signed_sent_back_and_accepted(open_as: Callable[..., Page], draft: Return, tmp_path: Path) -> None:
    keeper = open_as("orgadmin")
    keeper.goto("/organisation/returns")
    row = keeper.locator("tr", has=keeper.get_by_role("rowheader", name="服务记录"))
    row.first.get_by_role("link", name="查看").click()
    keeper.get_by_role("button", name="重新生成").click()
    expect(keeper.get_by_role("heading", name="需要改正（1 行）")).to_be_visible()
    expect(keeper.get_by_role("button", name="签发并报送")).to_have_count(0)
    keeper.get_by_role("link", name=re.compile("^补充")).click()
    keeper.get_by_label("服务内容").fill("=SUM(1) 断口形貌")
    keeper.get_by_role("button", name="保存").click()
    expect(keeper.get_by_role("heading", name="需要改正")).to_have_count(0)
    _sign(keeper, "首次报送")
    address = keeper.url

    province = open_as("admin")
    province.goto("/province/returns")
    province.get_by_role("link", name="服务记录").first.click()
    province.get_by_label("退回意见").fill("请核对送样的样品数。")
    province.get_by_role("button", name="退回单位").click()
    expect(province.get_by_text("已退回，单位会看到意见。")).to_be_visible()

    keeper.goto(address)
    expect(keeper.get_by_text("请核对送样的样品数。").first).to_be_visible()
    keeper.get_by_role("button", name="重新生成").click()
    expect(keeper.get_by_role("heading", name="需要改正")).to_have_count(0)
    _sign(keeper, "已核对")
    second = keeper.url
    assert second != address

    province.goto(second.partition("?")[0])
    province.get_by_role("button", name="接收").click()
    expect(province.get_by_text("已接收。")).to_be_visible()
    _export(keeper, second, tmp_path)


def _sign(page: Page, note: str) -> None:
    page.get_by_label("说明").fill(note)
    page.get_by_role("button", name="签发并报送").click()
    expect(page.get_by_text("已签发，等待省级审核。")).to_be_visible()


def _export(page: Page, address: str, folder: Path) -> None:
    """The files say the same, in the national names, and hold no formula."""
    page.goto(address)
    with page.expect_download() as written:
        page.get_by_role("link", name="导出 JSON").click()
    written.value.save_as(folder / "return.json")
    found = json.loads((folder / "return.json").read_text(encoding="utf-8"))
    names = [field.name for field in format_of("service_records").fields]
    assert (found["state"], found["edition"], len(found["rows"])) == ("accepted", 2, found["rowCount"])
    assert list(found["rows"][0]) == names
    with page.expect_download() as written:
        page.get_by_role("link", name="导出 XLSX").click()
    sheet = load_workbook(io.BytesIO(Path(written.value.path()).read_bytes()))["service_records"]
    assert [cell.value for cell in sheet[1]] == names
    contents = [row[names.index("serviceContent")] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert "'=SUM(1) 断口形貌" in contents
    assert len(contents) == found["rowCount"]
