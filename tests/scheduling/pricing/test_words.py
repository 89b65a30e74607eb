"""A tariff in plain words and as a table."""

import re

from scheduling.pricing.unitwords import quantities_of
from scheduling.pricing.words import sentences, table
from tests.fixtures.pricing import NIGHT, a_spec


def said(**changes):
    return [(one.zh, one.en) for one in sentences(a_spec(**changes))]


def named(code, zh, en, **changes):
    return {"code": code, "name_zh": zh, "name_en": en, **changes}


def test_a_plain_hourly_rate():
    assert said() == [
        ("机时费：按实际使用时间计费，按分钟计。", "Instrument time: charged for the time used; to the minute."),
        ("价格以预约时的标准为准。", "The tariff in force when the booking is made applies."),
    ]


def test_steps_grace_and_minimum():
    zh, en = said(rate={"step_minutes": 30, "grace_minutes": 10, "minimum": 2, "basis": "greater"})[0]
    assert zh == "机时费：按预约与实际使用中较长者计费，以 30 分钟为一档，超出不足 10 分钟不计，满 10 分钟按一档计，最少 2 小时。"
    assert "less than 10 min beyond a step is not counted" in en
    assert "at least 2 h" in en


def test_when_a_band_is():
    band = named("night", "夜间", "Night", whens=[NIGHT], prices=[{"amount": 1}], seasons=[{"from_day": "06-01", "until_day": "08-31"}])
    assert said(rate={"bands": [band]})[1] == (
        "夜间：18:00-次日08:00，06-01 - 08-31（月-日）。",
        "Night: 18:00-08:00 the next day, 06-01 - 08-31 (month-day).",
    )


def test_caps_packages_and_fees():
    day = {"every": "day", "starts_minute": 780, "per": "group", "across": True}
    lines = said(
        packages=[named("day", "包天", "Day price", minutes=1440, prices=[{"amount": 700}])],
        fees=[named("over", "超时费", "Overrun", on="overrun", only_if_wanted=True, prices=[{"amount": 30}])],
        caps=[named("cap", "日封顶", "Daily cap", brackets=[{"above": 200, "percent": 50}, {"above": 400}], cycle=day)],
    )
    assert lines[1:4] == [
        ("包天：1 天，低于按时计费时自动采用。", "Day price: 1 day; used where it is cheaper than the metered time."),
        (
            "超时费：超出预约时间时收取，仅当影响他人时。",
            "Overrun: due when a use runs beyond its booking; only if somebody else wanted the time.",
        ),
        (
            "日封顶：每天（从 13:00 起）每个课题组在使用本标准的全部仪器上合计，超过 ¥200.00 的部分按 50% 计，¥400.00 封顶。",
            "Daily cap: per group and day from 13:00 on all instruments of this tariff; beyond ¥200.00 at 50%; at most ¥400.00.",
        ),
    ]


def test_adjustments_say_their_order_and_whom_they_mean():
    lines = said(
        options=[named("urgent", "加急", "Expedited")],
        adjustments=[
            named("urgent", "加急费", "Surcharge", percent=50, only={"options": ["urgent"]}),
            named("member", "优惠", "Discount", percent=-20, of="base", unless=["urgent"], only={"audiences": ["academic"]}),
        ],
    )
    assert lines[2:4] == [
        ("第 1 项调整 加急费：加收 50%，选择加急时。", "Adjustment 1, Surcharge: surcharge of 50%; chosen: Expedited."),
        (
            "第 2 项调整 优惠：优惠 20%，适用于其他高校院所，按未调整的价格计，不与加急费同时。",
            "Adjustment 2, Discount: discount of 20%; users: Academic; of the price before any adjustment; not together with Surcharge.",
        ),
    ]


def test_what_a_missed_booking_costs():
    lines = said(
        late_cancel=[
            named("late", "逾期取消", "Late", hours=24, percent=50, amount=20),
            named("days", "临近取消", "Short notice", working_days=3, amount=40, reuse="waive"),
        ],
        no_show=[named("missed", "爽约", "No-show", percent=100, reuse="keep")],
    )
    assert lines[1:4] == [
        (
            "逾期取消：开始前 24 小时内取消，收取预约价格的 50%加 ¥20.00，扣除他人使用的部分。",
            "Late: cancelled less than 24 h before the start; 50% of the booking's price plus ¥20.00; less what others used of the time.",
        ),
        (
            "临近取消：距开始不足 3 个完整工作日取消，¥40.00，有他人使用则不收。",
            "Short notice: cancelled with fewer than 3 full working days to go; ¥40.00; nothing if somebody else used the time.",
        ),
        ("爽约：未到场，收取预约价格的 100%。", "No-show: not turning up; 100% of the booking's price."),
    ]


def test_every_sentence_is_in_its_language():
    names = [text for pair in said(note_zh="气体另付。", note_en="Gas is extra.", price_lock="use") for text in pair]
    assert not any(re.search(r"[\u4e00-\u9fff]", text) for text in names[1::2])
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in names[::2])


def test_users_who_pay_the_same_share_a_column():
    prices = [{"audiences": ["group", "internal"], "amount": 40}, {"amount": 300}]
    found = table(a_spec(rate={"prices": prices}))
    assert found.audiences == (("group", "internal"), ("academic", "enterprise", "other"))
    assert found.columns[0].en == "Owning group, Own organisation"
    [row] = found.rows
    assert ([cell.en for cell in row.cells], row.unit.zh, row.modes.zh) == (["¥40.00", "¥300.00"], "小时", "")


def test_everybody_pays_the_same():
    found = table(a_spec())
    assert [column.zh for column in found.columns] == ["所有用户"]


def test_modes_that_cost_the_same_share_a_row():
    prices = [{"modes": ["self"], "amount": 40}, {"modes": ["assisted", "training"], "amount": 60}, {"amount": 100}]
    rows = table(a_spec(rate={"prices": prices})).rows
    assert [(row.modes.zh, row.cells[0].en) for row in rows] == [
        ("自主上机", "¥40.00"),
        ("协助上机、培训", "¥60.00"),
        ("其他方式", "¥100.00"),
    ]


def test_who_has_no_price_sees_a_dash_and_who_pays_the_usual_sees_so():
    band = named("night", "夜间", "Night", whens=[NIGHT], prices=[{"audiences": ["internal"], "amount": 20}])
    prices = [{"audiences": ["internal", "academic"], "amount": 50}]
    usual, night = table(a_spec(rate={"prices": prices, "bands": [band]})).rows
    assert [cell.en for cell in usual.cells] == ["—", "¥50.00", "¥50.00"]
    assert [cell.zh for cell in night.cells] == ["—", "¥20.00", "同其他时间"]


def test_ranges_tiers_free_and_on_request_in_the_table():
    prices = [
        {"audiences": ["group"], "kind": "free"},
        {"audiences": ["internal"], "amount": 57, "tiers": [{"above": 100, "amount": "48.5"}]},
        {"audiences": ["academic"], "kind": "range", "low": 70, "high": 2600},
        {"kind": "request"},
    ]
    [row] = table(a_spec(rate={"unit": "injection", "prices": prices})).rows
    assert [cell.zh for cell in row.cells] == ["免费", "¥57.00；超过 100 针的部分 ¥48.50", "¥70.00-¥2,600.00", "面议"]
    assert row.cells[1].en == "¥57.00; ¥48.50 beyond 100 injections"


def test_every_number_a_price_depends_on_is_asked_for():
    rates = [
        named("samples", "样品", "Samples", unit="sample", times="temperature", prices=[{"amount": 1}]),
        named("time", "机时", "Time", included=1, included_per="chip", prices=[{"amount": 1}]),
        named("chips", "芯片", "Chips", unit="chip", unit_zh="片", unit_en="chip", prices=[{"amount": 1}]),
    ]
    fees = [named("gas", "气体", "Gas", prices=[{"amount": 1}], only={"units": ["litre"]})]
    asked = quantities_of(a_spec(rates=rates, fees=fees))
    assert [(code, words.zh) for code, words in asked.items()] == [
        ("sample", "样"),
        ("chip", "片"),
        ("temperature", "温度"),
        ("litre", "升"),
    ]
