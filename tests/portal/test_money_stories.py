"""Money from the first price to the last paper, as its people walk it: with the mouse, by touch on a phone, and with the keyboard alone."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect
from sqlalchemy import select

from instruments.access import load_viewer
from instruments.roles import grant
from instruments.timespan import TimeSpan
from scheduling.accounting.charges import Charge
from scheduling.accounting.charging import accept
from scheduling.checkin import check_in, check_out
from scheduling.usageproblems import open_problem
from tests.fixtures.hands import KEYS, MOUSE, TOUCH, is_for_everybody, told
from tests.portal.papers import written

# What a browser sees does not depend on the database.
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
by_every_hand = pytest.mark.parametrize("hand", [MOUSE, TOUCH, KEYS], ids=str)
HOUR = timedelta(hours=1)
IN_DECEMBER = datetime(2026, 12, 3, 2, 0, tzinfo=UTC)
SPEC = {
    "rates": [
        {"code": "time", "name_zh": "机时", "name_en": "Instrument time", "unit": "hour", "basis": "booked", "prices": [{"amount": "120"}]},
        {"code": "samples", "name_zh": "样品", "name_en": "Samples", "unit": "sample", "prices": [{"amount": "30"}]},
    ]
}


class Cast:
    """The people of a story and what it is about."""

    def __init__(self, **named):
        self.__dict__.update(named)


@pytest.fixture
def cast(session, an_instrument, a_tariff, a_person, a_group, an_account, an_organisation_admin, now):
    """A researcher and her PI with a grant, a manager with an instrument that has rates, and the administrator who closes the months."""
    instrument = an_instrument(name_zh="X射线衍射仪", name_en="X-ray diffractometer", original_value=Decimal(900_000))
    home = instrument.organisation
    a_tariff(instrument, spec=SPEC)
    researcher, pi, manager = (a_person(organisation=home, name=name) for name in ("林月", "王文博", "张敏"))
    group = a_group(researcher, pi=pi, organisation=home, name_en="Coal chemistry")
    account = an_account(group=group, organisation=home, balance="5000.00", number="A-1", needs_hold=True, approve_above=Decimal(500))
    grant(session, manager, "manager", instrument=instrument, now=now)
    admin = an_organisation_admin(home, name="刘建国")
    session.flush()
    made = Cast(
        instrument_id=instrument.id,
        account_id=account.id,
        instrument=instrument,
        group=group,
        researcher=researcher,
        pi=pi,
        manager=manager,
        admin=admin,
    )
    session.commit()
    return made


@pytest.fixture
def open_for(browse_as, cast, session):
    """`open_for(hand, "pi", "manager")` opens a page for each of them; from here on the portal writes, alone."""

    def make(hand, *names):
        people = [getattr(cast, name) for name in names]
        for person in people:
            person.language = hand.language
        pages = [browse_as(person, device=hand.screen, language=hand.language) for person in people]
        session.commit()
        return pages if len(pages) > 1 else pages[0]

    return make


@pytest.fixture
def newest(session):
    """`newest(Charge)` gives the id of the newest row of a kind."""

    def find(kind):
        session.rollback()
        found = session.scalar(select(kind.id).order_by(kind.id.desc()).limit(1))
        session.rollback()
        return found

    return find


def book(hand, hers, cast, hours=2, samples=None):
    """Fill in and send the booking form for Tuesday at nine; give the lines of its price as they stood there."""
    hers.goto(f"/instruments/{cast.instrument_id}/book?start=2026-11-24T09:00&end=2026-11-24T{9 + hours:02}:00")
    with hers.expect_response(re.compile("/quote$")):
        hand.choose(hers.locator("select[name=account]"), str(cast.account_id))
    if samples:
        hand.write(hers.locator("input[name=quantity-sample]"), samples)
        expect(hers.locator("#quote .price-lines tr")).to_have_count(3)
    expect(hers.locator(".htmx-request, .htmx-swapping, .htmx-settling, [aria-busy=true]")).to_have_count(0)
    expect(hers.locator("#quote")).to_have_css("opacity", "1")
    lines = hers.locator("#quote .price-lines tbody tr").all_inner_texts()
    total = hers.locator("#quote .price-total strong").inner_text()
    is_for_everybody(hers)
    hand.press(hers.locator("[data-submit]"))
    hers.wait_for_url(re.compile(r"/bookings/\d+"))
    return [re.sub(r"\s+", " ", line).strip() for line in lines], total


@by_every_hand
def test_what_she_was_shown_is_what_she_pays(hand, cast, open_for, newest, clock_at, now):
    hers, manager, admin = open_for(hand, "researcher", "manager", "admin")
    lines, total = book(hand, hers, cast, samples="3")
    time, samples = (hand.words("机时", "Instrument time"), hand.words("样品", "Samples"))
    assert [line.split()[-1] for line in lines] == ["¥240.00", "¥90.00"]
    assert (lines[0].startswith(time), lines[1].startswith(samples), total) == (True, True, "¥330.00")
    expect(hers.locator(".price-total strong")).to_have_text(total)
    is_for_everybody(hers)

    begun = now + 24 * HOUR
    with clock_at(begun):
        hers.goto(f"/instruments/{cast.instrument_id}/use")
        hand.press(hers.get_by_role("button", name=hand.words("开始使用", "Begin")))
        expect(hers.get_by_role("heading", name=hand.words("您正在使用", "You are using it"))).to_be_visible()
        is_for_everybody(hers)
    with clock_at(begun + 2 * HOUR):
        hand.write(hers.get_by_label(hand.words("样品数", "Samples")), "3")
        hand.press(hers.get_by_role("button", name=hand.words("结束使用", "End my use")))
        told(hers, hand.words("已结束使用", "Your use has ended"))
        is_for_everybody(hers)

    with clock_at(begun + 3 * HOUR):
        manager.goto("/manage/uses")
        is_for_everybody(manager)
        hand.press(manager.locator("main tbody").get_by_role("button", name=re.compile(hand.words("^确认", "^Confirm"))))
        told(manager, hand.words("已确认。", "Confirmed."))
        manager.goto(f"/charges/{newest(Charge)}")
        hand.press(manager.get_by_role("button", name=hand.words("确认这笔收费", "Confirm this charge")))
        told(manager, hand.words("已确认，用户可以核对。", "Confirmed; the user may look at it now."))
        is_for_everybody(manager)

        hers.goto("/charges")
        is_for_everybody(hers)
        hand.press(hers.get_by_role("link", name=hand.words("X射线衍射仪", "X-ray diffractometer")).first)
        hers.wait_for_url(re.compile(r"/charges/\d+"))
        rows = hers.locator("section[aria-labelledby=lines] tbody tr")
        expect(rows).to_have_count(3)
        for row, name, amount in zip(rows.all(), (time, samples, hand.words("合计", "Total")), ("¥240.00", "¥90.00", total), strict=True):
            expect(row.locator("th")).to_have_text(name)
            expect(row.locator("td").last).to_have_text(amount)
        is_for_everybody(hers)
        hand.press(hers.get_by_role("button", name=hand.words("接受这笔收费", "Accept this charge")))
        told(hers, hand.words("已接受，费用已入账。", "Accepted; it is on the books now."))

    with clock_at(IN_DECEMBER):
        admin.goto("/statements/close?month=2026-11")
        is_for_everybody(admin)
        hand.press(admin.get_by_role("button", name=hand.words("结账：2026-11", "Close 2026-11")))
        told(admin, hand.words("已结账，生成 1 张结算单。", "The month is closed, with 1 statement."))
        hers.goto("/statements")
        is_for_everybody(hers)
        hand.press(hers.locator("main tbody th a").first)
        hers.wait_for_url(re.compile(r"/statements/\d+"))
        line = hers.locator("section[aria-labelledby=lines] tbody tr")
        for text in (time, samples, "× ¥120.00 = ¥240.00", "× ¥30.00 = ¥90.00", total):
            expect(line).to_contain_text(text)
        is_for_everybody(hers)


@by_every_hand
def test_the_pi_approves_a_spend_and_her_objection_is_answered(hand, cast, open_for, newest, clock_at, session, now):
    hers, pi, manager = open_for(hand, "researcher", "pi", "manager")
    book(hand, hers, cast, hours=6)
    pi.goto("/accounts")
    waiting = pi.locator("section[aria-labelledby=asked]")
    expect(waiting).to_contain_text("¥720.00")
    is_for_everybody(pi)
    hand.press(waiting.get_by_role("button", name=hand.words("批准", "Approve"), exact=True))
    told(pi, hand.words("已批准。", "Approved."))
    expect(pi.locator("section[aria-labelledby=asked]")).to_have_count(0)

    begun = now + 24 * HOUR
    user = load_viewer(session, cast.researcher)
    use = check_in(session, cast.instrument_id, viewer=user, source="qr", now=begun)
    check_out(session, use.id, viewer=user, source="qr", now=begun + 6 * HOUR)
    session.commit()
    with clock_at(begun + 7 * HOUR):
        manager.goto("/manage/uses")
        hand.press(manager.locator("main tbody").get_by_role("button", name=re.compile(hand.words("^确认", "^Confirm"))))
        told(manager, hand.words("已确认。", "Confirmed."))
        address = f"/charges/{newest(Charge)}"
        manager.goto(address)
        hand.press(manager.get_by_role("button", name=hand.words("确认这笔收费", "Confirm this charge")))
        told(manager, hand.words("已确认，用户可以核对。", "Confirmed; the user may look at it now."))

        pi.goto(address)
        hand.press(pi.locator("summary", has_text=hand.words("提出异议", "Object to it")))
        hand.write(pi.locator("textarea[name=dispute-reason]"), "Half an hour of it was an alignment.")
        hand.press(pi.get_by_role("button", name=hand.words("提交异议", "Send the objection")))
        expect(pi.locator("section[aria-labelledby=disputes]")).to_contain_text("Half an hour of it was an alignment.")
        is_for_everybody(pi)

        manager.goto("/charges?status=disputed")
        is_for_everybody(manager)
        hand.press(manager.locator("main tbody th a").first)
        hand.write(manager.locator("textarea[name=answer]"), "True, it is taken off.")
        hand.write(manager.locator("input[name=adjustment]"), "-60")
        is_for_everybody(manager)
        hand.press(manager.get_by_role("button", name=hand.words("答复", "Answer"), exact=True))
        told(manager, hand.words("已答复。", "The answer is given."))

        pi.goto(address)
        answer = pi.locator("section[aria-labelledby=disputes]")
        expect(answer).to_contain_text("True, it is taken off.")
        expect(answer).to_contain_text(hand.words("已调整", "Adjusted"))
        expect(pi.locator("section[aria-labelledby=lines] tbody tr").last).to_contain_text("¥660.00")
        is_for_everybody(pi)


@pytest.fixture
def used(session, cast, a_usage, now):
    """Two uses of the researcher, one of which stands in the problem queue."""
    viewer = load_viewer(session, cast.manager)
    spans = [TimeSpan(now - hours * HOUR, now - hours * HOUR + 2 * HOUR) for hours in (30, 6)]
    given = {"instrument": cast.instrument, "person": cast.researcher, "manager": viewer, "group_id": cast.group.id}
    clean, odd = (a_usage(span=span, **given) for span in spans)
    open_problem(session, "disagreement", instrument_id=cast.instrument_id, usage_id=odd.id, detail={"minutes": 40}, now=now)
    session.commit()
    return clean.id, odd.id


@by_every_hand
def test_a_problem_is_resolved_and_the_month_closed_from_the_check_list(hand, cast, used, open_for, session, clock_at, now):
    manager, admin = open_for(hand, "manager", "admin")
    admin.goto("/statements/close?month=2026-11")
    is_for_everybody(admin)
    for words, count in (
        (hand.words("待处理的使用问题", "Open problems about uses"), 1),
        (hand.words("尚未确认的使用记录", "Uses not confirmed yet"), 2),
    ):
        expect(admin.locator("li.refuses", has_text=words)).to_contain_text(f"{count}")
    hand.press(admin.get_by_role("link", name=hand.words("待处理的使用问题", "Open problems about uses")))
    expect(admin.locator("article.request")).to_have_count(1)

    resolve_and_confirm(hand, manager)
    accept_all(session, cast, manager, hand, now)

    with clock_at(IN_DECEMBER):
        admin.goto("/statements/close")
        expect(admin.locator("li.refuses")).to_have_count(0)
        hand.press(admin.get_by_role("button", name=hand.words("结账：2026-11", "Close 2026-11")))
        told(admin, hand.words("已结账，生成 1 张结算单。", "The month is closed, with 1 statement."))
        is_for_everybody(admin)
        hand.press(admin.locator("main tbody th a").first)
        admin.wait_for_url(re.compile(r"/statements/[0-9]+"))
        is_for_everybody(admin)
        number = re.search(r"[A-Z0-9]+-2026-[0-9]{5}", admin.locator("h1").inner_text()).group()
        papers_agree(hand, admin, number)


def resolve_and_confirm(hand, manager):
    """The manager resolves the one problem and confirms both uses."""
    manager.goto("/manage/problems")
    is_for_everybody(manager)
    hand.write(manager.get_by_label(hand.words("原因", "Reason")), "The meter ran on.")
    hand.press(manager.get_by_role("button", name=re.compile(hand.words("^属实", "^It is right as recorded"))))
    told(manager, hand.words("问题已处理。", "The problem is resolved."))
    is_for_everybody(manager)
    manager.goto("/manage/uses")
    waiting = manager.locator("main tbody").get_by_role("button", name=re.compile(hand.words("^确认", "^Confirm")))
    for left in (1, 0):
        hand.press(waiting.first)
        told(manager, hand.words("已确认。", "Confirmed."))
        expect(waiting).to_have_count(left)
    is_for_everybody(manager)


def accept_all(session, cast, manager, hand, now):
    """The manager confirms what the uses cost, and the researcher accepts it."""
    session.rollback()
    found = session.scalars(select(Charge.id).order_by(Charge.id)).all()
    session.rollback()
    for charge_id in found:
        manager.goto(f"/charges/{charge_id}")
        hand.press(manager.get_by_role("button", name=hand.words("确认这笔收费", "Confirm this charge")))
        told(manager, hand.words("已确认，用户可以核对。", "Confirmed; the user may look at it now."))
    user = load_viewer(session, cast.researcher)
    for charge_id in found:
        accept(session, charge_id, viewer=user, now=now + HOUR)
    session.commit()


def papers_agree(hand, admin, number):
    """The paper, the PDF and the sheet say the same as the page: both uses at 240 yuan each."""
    address = admin.url.partition("?")[0]
    hand.press(admin.get_by_role("link", name=hand.words("打印页", "Page for print")))
    expect(admin.get_by_role("heading", level=1)).to_contain_text(number)
    expect(admin.locator("tbody tr")).to_have_count(2)
    expect(admin.locator("main")).to_contain_text("¥480.00")
    is_for_everybody(admin)
    hand.press(admin.get_by_role("link", name=hand.words("返回结算单", "Back to the statement")))
    admin.wait_for_url(address)
    pdf = downloaded(hand, admin, hand.words("下载 PDF", "PDF"))
    assert pdf.startswith(b"%PDF")
    assert all(text in written(pdf) for text in (number, "240.00", "480.00"))
    sheet = load_workbook(io.BytesIO(downloaded(hand, admin, hand.words("下载表格（XLSX）", "Sheet (XLSX)"))))
    cells = [str(cell) for page in sheet for row in page.iter_rows(values_only=True) for cell in row if cell is not None]
    assert any(number in cell for cell in cells)
    assert [cell for cell in cells if cell in ("240", "240.00", "240.0")]
    assert [cell for cell in cells if cell in ("480", "480.00", "480.0")]


def downloaded(hand, page, name):
    """Press a link and give what was saved."""
    with page.expect_download() as started:
        hand.press(page.get_by_role("link", name=name, exact=True))
    return Path(started.value.path()).read_bytes()
