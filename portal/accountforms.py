"""The forms of an account: opening it and its terms, money that moved, who may spend, and how income is divided."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from wtforms import BooleanField, DateField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import NumberRange, Optional

from instruments.money import yuan
from portal.forms import AtMost, Form, Required, options
from portal.language import lazy_t
from scheduling.accounting.accounts import KINDS, NOTHING, OPENED_BY_HAND, QUOTA_MODES, Account, AccountTerms
from scheduling.accounting.deposits import Transfer
from scheduling.accounting.divisions import PARTS

IN_YUAN = {"inputmode": "decimal"}


def _words(known: Any, keys: Any = None) -> Any:
    return options((key, lazy_t(known[key].zh, known[key].en)) for key in keys or known)


class TermsForm(Form):
    """What an account's keeper decides about it."""

    name = StringField(lazy_t("账户名称", "Name"), [Required(), AtMost(200)])
    valid_from = DateField(lazy_t("有效期自", "Valid from"), [Optional()])
    valid_until = DateField(lazy_t("有效期至", "Valid until"), [Optional()], description=lazy_t("含当天", "That day included"))
    credit_limit = StringField(
        lazy_t("信用额度（元）", "Credit limit (yuan)"), [AtMost(20)], description=lazy_t("仅用于信用账户", "For credit accounts only")
    )
    quota_mode = RadioField(lazy_t("谁可以使用", "Who may spend"), choices=_words(QUOTA_MODES), default="shared")
    needs_hold = BooleanField(
        lazy_t("预约时冻结费用，余额不足不能预约", "Keep the money when time is booked; without enough there is no booking")
    )
    approve_above = StringField(
        lazy_t("超过多少元须负责人批准", "The PI approves spends above (yuan)"),
        [AtMost(20)],
        description=lazy_t("留空则不需要", "Empty: never asked"),
    )
    is_active = BooleanField(lazy_t("可用", "In use"), default=True)

    def terms(self) -> AccountTerms:
        """Give what was decided."""
        above = self.approve_above.data
        return AccountTerms(
            self.name.data or "", self.valid_from.data, self.valid_until.data, yuan(self.credit_limit.data or NOTHING, "credit_limit"),
            bool(self.needs_hold.data), yuan(above, "approve_above") if above else None, self.quota_mode.data or "", bool(self.is_active.data),
        )  # fmt: skip


class OpenForm(TermsForm):
    """A new account: also whose it is, and its number."""

    kind = RadioField(lazy_t("类别", "Kind"), choices=_words(KINDS, OPENED_BY_HAND), default="grant")
    group = SelectField(lazy_t("课题组", "Group"), [Optional()], description=lazy_t("课题经费须选择", "For a grant"))
    holder = StringField(
        lazy_t("单位或企业代码", "Code of the organisation or firm"),
        [AtMost(40)],
        description=lazy_t("预付和信用账户须填写", "For prepaid and credit accounts"),
    )
    number = StringField(lazy_t("账户或经费编号", "Number"), [AtMost(60)], description=lazy_t("留空则自动编号", "Empty: one is given"))


class TransferForm(Form):
    """Money that came in or went back."""

    direction = RadioField(
        lazy_t("方向", "Which way"),
        choices=options([("deposit", lazy_t("到账", "Came in")), ("refund", lazy_t("退款", "Went back"))]),
        default="deposit",
    )
    amount = StringField(lazy_t("金额（元）", "Amount (yuan)"), [Required(), AtMost(20)], render_kw=IN_YUAN)
    reference = StringField(
        lazy_t("凭证号", "Reference"),
        [Required(), AtMost(80)],
        description=lazy_t("银行或财务单据上的编号", "As on the bank's or finance office's paper"),
    )
    moved_on = DateField(lazy_t("转账日期", "Day of the transfer"), [Required()])
    payer = StringField(lazy_t("付款方", "Payer"), [AtMost(200)])
    note = StringField(lazy_t("备注", "Note"), [AtMost(500)])

    def transfer(self) -> Transfer:
        """Give what was written."""
        return Transfer(
            yuan(self.amount.data or ""), self.reference.data or "", self.moved_on.data, self.payer.data or "", self.note.data or ""
        )


class SpenderForm(Form):
    """A person who may spend."""

    email = StringField(lazy_t("邮箱", "E-mail"), [Required(), AtMost(254)])
    limit = StringField(
        lazy_t("限额（元）", "Limit (yuan)"), [AtMost(20)], description=lazy_t("留空则不限", "Empty: no limit"), render_kw=IN_YUAN
    )


class DivisionForm(Form):
    """How income is divided, in percent, and from which day on."""

    to_instrument = StringField(lazy_t("仪器（%）", "Instrument (%)"), [AtMost(10)], render_kw=IN_YUAN)
    to_facility = StringField(lazy_t("设施或中心（%）", "Facility (%)"), [AtMost(10)], render_kw=IN_YUAN)
    to_organisation = StringField(lazy_t("单位（%）", "Organisation (%)"), [AtMost(10)], render_kw=IN_YUAN)
    to_management = StringField(lazy_t("管理费（%）", "Management fee (%)"), [AtMost(10)], render_kw=IN_YUAN)
    valid_from = DateField(
        lazy_t("从哪天起", "From which day on"), [Optional()], description=lazy_t("不填则从现在起", "Empty: from now on")
    )

    def parts(self) -> dict[str, Decimal]:
        """Give the percents that were written."""
        written = {part: yuan(self[f"to_{part}"].data, f"to_{part}") for part in PARTS if self[f"to_{part}"].data}
        return {part: percent for part, percent in written.items() if percent}


class SplitForm(DivisionForm):
    """How an organisation's income is divided, and how long its users may look at a charge."""

    review_days = IntegerField(lazy_t("用户核对期限（天）", "Days users may look at a charge"), [NumberRange(0, 92)], default=7)


def terms_form(one: Account) -> TermsForm:
    """Make the form of an account's terms, filled with what holds now."""
    return TermsForm(obj=one)
