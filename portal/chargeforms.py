"""The forms of a charge: a line of the manager's own, an objection and its answer, and who pays."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from instruments.errors import Invalid, Sentence
from instruments.money import yuan
from portal.forms import AtMost, Form, Required, options
from portal.language import lazy_t, t
from scheduling.accounting.accounts import NOTHING, Account
from scheduling.accounting.charges import Charge
from scheduling.accounting.splits import WHOLE

PARTS = 3  # as many accounts as the page offers; the API takes more


class LineForm(Form):
    """A line of the manager's own."""

    label = StringField(lazy_t("项目", "What for"), [Required(), AtMost(300)])
    amount = StringField(
        lazy_t("金额（元）", "Amount (yuan)"), [Required(), AtMost(20)], description=lazy_t("优惠写负数", "Below zero for a rebate")
    )
    reason = StringField(lazy_t("原因", "Reason"), [Required(), AtMost(500)], description=lazy_t("用户会看到", "The user will read it"))


class ReasonForm(Form):
    """Why."""

    reason = TextAreaField(lazy_t("原因", "Reason"), [Required(), AtMost(500)], render_kw={"rows": 2})


class AnswerForm(Form):
    """The manager's answer to an objection."""

    answer = TextAreaField(lazy_t("答复", "Answer"), [Required(), AtMost(500)], render_kw={"rows": 2})
    adjustment = StringField(
        lazy_t("调整金额（元）", "Adjust by (yuan)"),
        [AtMost(20)],
        description=lazy_t("减少写负数；维持原价留空", "Below zero takes off; empty upholds"),
    )

    def amount(self) -> Decimal:
        """Give the adjustment, nothing where none was written."""
        return yuan(self.adjustment.data, "adjustment") if self.adjustment.data else NOTHING


def payer_form(accounts: Sequence[Account], one: Charge) -> Form:
    """Make the form that says who pays, filled with who pays now."""

    class PayersForm(Form):
        """Which accounts pay which percent."""

    offered = {account.id: account for account in [*accounts, *(share.account for share in one.shares)]}
    choices = [("", t("不使用", "None")), *((str(key), f"{account.name} ({account.number})") for key, account in offered.items())]
    values: dict[str, str] = {}
    for number in range(PARTS):
        account, percent = lazy_t(f"账户 {number + 1}", f"Account {number + 1}"), lazy_t(f"比例 {number + 1}（%）", f"Percent {number + 1}")
        setattr(PayersForm, f"account{number}", SelectField(account, [Optional()], choices=options(choices)))
        setattr(PayersForm, f"percent{number}", StringField(percent, [AtMost(10)]))
        if number < len(one.shares):
            values |= {f"account{number}": str(one.shares[number].account_id), f"percent{number}": str(one.shares[number].percent)}
    return PayersForm(None, **values)


def shares_from(form: Form) -> list[tuple[int, Decimal]]:
    """Read who pays; one account alone pays all."""
    chosen = [(form[f"account{number}"].data, form[f"percent{number}"].data) for number in range(PARTS) if form[f"account{number}"].data]
    if len(chosen) == 1 and not chosen[0][1]:
        return [(int(chosen[0][0]), WHOLE)]
    if not chosen:
        raise Invalid("account0", Sentence("请选择付款账户。", "Choose who pays."))
    return [(int(account), yuan(percent or "", f"percent{number}")) for number, (account, percent) in enumerate(chosen)]
