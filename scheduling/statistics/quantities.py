"""What is counted, per instrument and local calendar day, in whole minutes and fen; each can be added up over days and instruments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal

from instruments.errors import Sentence
from instruments.money import from_fen

# Columns that add up, in the order in which a day's counts are kept; minutes unless the name says otherwise.
SUMMED = (
    "opening", "booked", "used", "effective", "external", "down", "down_open", "no_show", "late_cancel", "bookings", "uses", "external_uses",
    "samples", "runs", "income", "external_income", "rated", "satisfied",
)  # fmt: skip
TITLES: Mapping[str, Sentence] = {
    "opening": Sentence("开放机时", "Hours offered"),
    "booked": Sentence("预约机时", "Hours booked"),
    "used": Sentence("使用机时", "Hours used"),
    "effective": Sentence("有效机时", "Effective hours"),
    "external": Sentence("对外服务机时", "External hours"),
    "down": Sentence("故障与维护时间", "Fault and maintenance"),
    "down_open": Sentence("故障维护占用的开放机时", "Offered hours lost to faults and maintenance"),
    "no_show": Sentence("未到场损失机时", "Hours lost to no-shows"),
    "late_cancel": Sentence("临时取消损失机时", "Hours lost to late cancellations"),
    "bookings": Sentence("预约次数", "Bookings"),
    "uses": Sentence("使用次数", "Uses"),
    "external_uses": Sentence("对外使用次数", "External uses"),
    "samples": Sentence("样品数", "Samples"),
    "runs": Sentence("测试次数", "Runs"),
    "income": Sentence("服务收入", "Income"),
    "external_income": Sentence("对外服务收入", "External income"),
    "rated": Sentence("评价数", "Ratings"),
    "satisfied": Sentence("满意评价数", "Satisfied ratings"),
    "users": Sentence("用户数", "Users"),
    "external_users": Sentence("校外用户数", "External users"),
    "instruments": Sentence("仪器台数", "Instruments"),
}
EXPLAINED: Mapping[str, Sentence] = {
    "opening": Sentence(
        "按当时生效的开放时间（含节假日与调休），扣除停机维护，乘以机位数。",
        "Opening hours as they were then, holidays and make-up workdays minded, less closures, times the places.",
    ),
    "booked": Sentence("已确认、使用中、已完成与未到场的预约时长。", "The length of bookings confirmed, running, finished or missed."),
    "used": Sentence("使用记录的起止时长，不含维护。", "From start to end of usage records, maintenance left out."),
    "effective": Sentence(
        "必要的开机准备、测试与后处理时间；不含故障、空转与未到场。",
        "Necessary start-up, measurement and post-processing; no faults, no idling, no missed bookings.",
    ),
    "external": Sentence(
        "使用时不属于管理单位的用户的有效机时，身份以使用时为准。",
        "Effective hours of users who were outside the managing organisation at the time of use.",
    ),
    "down": Sentence("故障与维护的时间，重叠只计一次。", "Time of faults and maintenance; what overlaps is counted once."),
    "down_open": Sentence(
        "落在开放时间内的故障与维护时间，乘以机位数。", "Faults and maintenance within opening hours, times the places."
    ),
    "no_show": Sentence("预约后未到场的时长。", "The length of bookings nobody came to."),
    "late_cancel": Sentence(
        "开始前 24 小时内取消、且未被再次预约的时长。", "Cancelled less than 24 hours before the start, and not booked again."
    ),
    "bookings": Sentence("开始于当日的预约。", "Bookings that begin on the day."),
    "uses": Sentence("开始于当日的使用。", "Uses that begin on the day."),
    "external_uses": Sentence("管理单位以外用户的使用。", "Uses by people outside the managing organisation."),
    "samples": Sentence("使用记录所载的样品数。", "Samples as the usage records say."),
    "runs": Sentence("使用记录所载的测试次数。", "Runs as the usage records say."),
    "income": Sentence("已入账费用减去撤销，按使用日计。", "Final charges less reversals, on the day of use."),
    "external_income": Sentence("其中来自管理单位以外用户的部分。", "The part of it from users outside the managing organisation."),
    "rated": Sentence("用户已评价的使用。", "Uses their users have rated."),
    "satisfied": Sentence("评价为“非常满意”或“基本满意”的使用。", "Uses rated very satisfied or satisfied."),
    "users": Sentence("期间至少使用一次的人，每人计一次。", "People with at least one use in the period, each counted once."),
    "external_users": Sentence("其中管理单位以外的人。", "Those of them outside the managing organisation."),
    "instruments": Sentence("期间在网或有使用的仪器。", "Instruments on the network in the period, or used in it."),
}
MONEY = frozenset({"income", "external_income"})
COUNTS = frozenset({"bookings", "uses", "external_uses", "samples", "runs", "rated", "satisfied", "users", "external_users", "instruments"})


@dataclass(frozen=True, slots=True)
class Quantities:
    """The base quantities of an instrument, or of many, over a time: minutes, counts, and fen. `value` is the original value, `quota` hours.

    `opened` counts the instruments that accept bookings or samples, `on_network` those published, `in_register` all in scope.
    """

    opening: int = 0
    booked: int = 0
    used: int = 0
    effective: int = 0
    external: int = 0
    down: int = 0
    down_open: int = 0
    no_show: int = 0
    late_cancel: int = 0
    bookings: int = 0
    uses: int = 0
    external_uses: int = 0
    samples: int = 0
    runs: int = 0
    income: int = 0
    external_income: int = 0
    rated: int = 0
    satisfied: int = 0
    users: int = 0
    external_users: int = 0
    instruments: int = 0
    opened: int = 0
    on_network: int = 0
    in_register: int = 0
    value: int = 0
    quota: int = 0
    capped: int = field(default=0, metadata={"why": "sum over instruments of effective minutes, each at most its quota"})

    def __add__(self, other: Quantities) -> Quantities:
        """Add two up; users are people and do not add up, so they are the caller's to count again."""
        return Quantities(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Quantities)))

    def yuan(self, name: str) -> Decimal:
        """Give an amount of money in yuan."""
        return from_fen(getattr(self, name))


ADDED = tuple(one.name for one in fields(Quantities))
