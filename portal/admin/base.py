"""What every view of the register shares: shut by default, our transactions, our words, no formulas in what is exported.

Flask-Admin's own defaults are open: anybody may create and delete. Here a view opens to nobody until it names a question about the viewer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from flask import flash, g, request
from flask_admin import AdminIndexView, expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.model.base import ViewArgs
from flask_admin.tools import iterdecode
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from instruments.errors import Forbidden, NotFound, PortalError, Sentence
from instruments.exchange.cells import neutralise
from portal.auth import viewer
from portal.auth.current import ask_to_log_in
from portal.errors import CONFLICT
from portal.formats import when
from portal.forms import Form
from portal.language import say, t
from portal.links import LARGEST_KEY
from portal.security import own_path
from portal.transactions import is_away, is_contended, reading, writing

FURTHEST_PAGE, LONGEST_SEARCH = 1_000_000, 100
UNFIT = Sentence("有的内容过长或超出范围，未保存。", "Something is too long or out of range, so this was not kept.")
PASSED_ON = frozenset({"add", "delete", "execute", "flush", "get", "no_autoflush", "query", "rollback", "scalar", "scalars"})


class RegisterSession:
    """The session Flask-Admin asks for: the request's reading one, or within a post the writing one, whose only commit is not its own."""

    def __getattr__(self, name: str) -> Any:
        if name not in PASSED_ON:
            raise AttributeError(name)
        return getattr(self._current(), name)

    @property
    def session(self) -> RegisterSession:
        """Give itself: Flask-Admin takes what has a session for the object it wants."""
        return self

    def commit(self) -> None:
        """Send the rows to the database; the transaction is committed where it was opened."""
        self._current().flush()

    def _current(self) -> Session:
        if g.get("register_session") is not None:
            found: Session = g.register_session
            return found
        with reading() as session:  # lasts until the request ends
            return session


class RegisterForm(Form):
    """A form that knows its row, so that a row does not stand in its own way where values are unique."""

    def __init__(self, formdata: Any = None, obj: Any = None, **values: Any) -> None:
        self._obj = obj
        super().__init__(formdata, obj=obj, **values)


class Closed:
    """Lets nobody in until it is asked whom it may open to."""

    def may_read(self) -> bool:
        """Say whether the viewer may look."""
        return False

    def may_write(self) -> bool:
        """Say whether the viewer may change."""
        return False

    def is_accessible(self) -> bool:
        """Let only those in who may look, and let only those post who may change."""
        return self.may_write() if request.method not in ("GET", "HEAD", "OPTIONS") else self.may_read()

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Any:
        """Lead strangers to the login page; to others there is nothing here."""
        if viewer().is_anonymous:
            return ask_to_log_in()
        raise Forbidden if self.may_read() else NotFound


class OpenToProvince(Closed):
    """Opens to the province's administrators; its auditors may look."""

    def may_read(self) -> bool:
        """Say whether the viewer may look: an administrator, or an auditor of the whole network."""
        return viewer().is_province_admin or viewer().may_audit(None)

    def may_write(self) -> bool:
        """Say whether the viewer may change."""
        return viewer().is_province_admin


class Home(OpenToProvince, AdminIndexView):
    """The list of registers."""


def _said(words: Mapping[Any, Sentence]) -> Callable[..., str]:
    def show(_view: Any, _context: Any, row: Any, column: str) -> str:
        code = getattr(row, column)
        return say(words[code]) if code in words else str(code or "")

    return show


def _key(kind: type, text: str) -> Any:
    key = date.fromisoformat(text) if kind is date else kind(text.replace("\x00", ""))
    if isinstance(key, int) and not 0 < key <= LARGEST_KEY:
        raise ValueError(text)
    return key


class RegisterView(OpenToProvince, ModelView):
    """One table of the register."""

    is_read_only: ClassVar[bool] = False
    title: ClassVar[Any]
    # Columns whose codes are shown in words.
    words: ClassVar[Mapping[str, Mapping[Any, Sentence]]] = {}
    table: ClassVar[Any]

    list_template = "admin/list.html"
    create_template = edit_template = "admin/form.html"
    details_template = "admin/details.html"
    form_base_class = RegisterForm
    can_view_details = True
    can_export = True
    can_delete = False
    can_set_page_size = False
    page_size = 50
    export_max_rows = 50_000
    named_filter_urls = True

    def __init__(self) -> None:
        if self.is_read_only:
            self.can_create = self.can_edit = False
        self.column_formatters = self.column_formatters_detail = {column: _said(words) for column, words in self.words.items()}
        self.column_details_list = tuple(dict.fromkeys((*self.column_list, *(self.form_columns or ()))))
        super().__init__(
            self.table,
            RegisterSession(),
            name=self.title,
            endpoint=f"admin_{self.table.__tablename__}",
            url=f"/admin/{self.table.__tablename__}",
        )
        formatters: dict[type, Callable[..., Any]] = {
            type(None): lambda view, value, name: "",
            bool: lambda view, value, name: t("是", "Yes") if value else t("否", "No"),
            datetime: lambda view, value, name: when(value),
            date: lambda view, value, name: value.isoformat(),
        }
        self.column_type_formatters = formatters
        self.column_type_formatters_detail = formatters
        self.column_type_formatters_export = {type(None): lambda view, value, name: ""}

    @property
    def can_change(self) -> bool:
        """Say whether this viewer may change rows here."""
        return not self.is_read_only and self.may_write()

    def may_write(self) -> bool:
        """Say whether the viewer may change: never where the table is for reading."""
        return not self.is_read_only and super().may_write()

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Show an empty form, or add a row."""
        return self._changing(super().create_view)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """Show a row's form, or change the row."""
        return self._changing(super().edit_view)

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> Any:
        """Delete a row."""
        return self._changing(super().delete_view)

    def _handle_view(self, name: str, **kwargs: Any) -> Any:
        target = request.values.get("url")
        if target and own_path(target, "") != target:
            raise BadRequest  # Flask-Admin would lead there after the change
        return super()._handle_view(name, **kwargs)

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return fn(self, *args, **kwargs)
        except DataError as error:
            raise BadRequest from error  # what was asked for is nothing the database could look for

    def _get_list_extra_args(self) -> ViewArgs:
        asked = super()._get_list_extra_args()
        # Other names would become arguments of the addresses that are built for the page, `_method` and `endpoint` too.
        kept = {name: text for name, text in asked.extra_args.items() if name == "lang"}
        search = (asked.search or "").replace("\x00", " ")[:LONGEST_SEARCH]
        return asked.clone(page=min(max(asked.page or 0, 0), FURTHEST_PAGE), search=search, extra_args=kept)

    def _changing(self, view: Callable[[], Any]) -> Any:
        if not self.can_change:
            raise Forbidden
        if request.method != "POST":
            return view()
        with writing() as session:
            g.register_session = session
            try:
                return view()
            finally:
                g.pop("register_session")

    def handle_view_exception(self, exc: Exception) -> bool:
        """Say what went wrong in the reader's language; what another try may mend is not swallowed."""
        if is_contended(exc) or is_away(exc):
            raise exc
        if not isinstance(exc, PortalError | DBAPIError | ValueError):
            raise exc
        sentence = exc.sentence if isinstance(exc, PortalError) else UNFIT if isinstance(exc, DataError) else CONFLICT
        flash(say(sentence), "error")
        return True

    def get_one(self, id: str) -> Any:
        """Give the row of a key as addresses write it; nothing where no row could have it."""
        columns = self.table.__table__.primary_key.columns
        try:
            keys = [_key(column.type.python_type, text) for column, text in zip(columns, iterdecode(id), strict=True)]
        except ValueError:
            return None
        return self.session.get(self.table, keys)

    def get_export_value(self, model: Any, name: Any) -> str:
        """Give a cell no spreadsheet takes for a formula."""
        return neutralise(str(super().get_export_value(model, name)))
