"""The fields of the login pages."""

from __future__ import annotations

from wtforms import EmailField, PasswordField, SelectField, StringField
from wtforms.validators import EqualTo

from instruments.people import clean_email
from portal.auth.credentials import LONGEST, SHORTEST
from portal.forms import AtMost, Form, Required
from portal.language import lazy_t

NEW_PASSWORD_HINT = lazy_t(
    f"至少 {SHORTEST} 个字符；越长越好，一句话也可以。", f"At least {SHORTEST} characters. Longer is better; a whole sentence is fine."
)


class EmailForm(Form):
    """Asks for an address."""

    email = EmailField(lazy_t("邮箱", "E-mail address"), [Required(), AtMost(254)], render_kw={"autocomplete": "email"})

    def address(self) -> str:
        """Give the address, checked and in small letters; raise Invalid for what cannot be one."""
        return clean_email(self.email.data)


class LoginForm(Form):
    """Asks who and the password."""

    keep_spaces = ("password",)
    email = EmailField(lazy_t("邮箱", "E-mail address"), [Required(), AtMost(254)], render_kw={"autocomplete": "username"})
    password = PasswordField(lazy_t("密码", "Password"), [Required(), AtMost(1000)], render_kw={"autocomplete": "current-password"})


class CodeForm(Form):
    """Asks for the code of the second step."""

    code = StringField(
        lazy_t("验证码", "Code"), [Required(), AtMost(30)], render_kw={"autocomplete": "one-time-code", "spellcheck": "false"}
    )


class RegisterForm(EmailForm):
    """Asks who and from where."""

    name = StringField(lazy_t("姓名", "Name"), [Required(), AtMost(100)], render_kw={"autocomplete": "name"})
    organisation = SelectField(lazy_t("单位", "Organisation"), [Required()], validate_choice=True)


class NewPasswordForm(Form):
    """Asks for a new password, twice."""

    keep_spaces = ("password", "again")
    password = PasswordField(
        lazy_t("新密码", "New password"),
        [Required(), AtMost(LONGEST)],
        description=NEW_PASSWORD_HINT,
        render_kw={"autocomplete": "new-password", "minlength": SHORTEST},
    )
    again = PasswordField(
        lazy_t("再输入一次", "The same again"),
        [Required(), EqualTo("password", lazy_t("两次输入不一致。", "The two are not the same."))],
        render_kw={"autocomplete": "new-password"},
    )
