"""Who is asking: read once per request from the session's cookie or the token, as a Viewer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, g, redirect, request, url_for
from flask import session as cookie
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from instruments.access import ANONYMOUS, Viewer, load_viewer
from instruments.errors import Forbidden
from instruments.people import Person
from portal import clock
from portal.auth.sessions import person_logged_in
from portal.auth.tokens import person_of_token
from portal.errors import LoginNeeded
from portal.security import bearer_token, is_api_call, own_path
from portal.transactions import reading

View = TypeVar("View", bound=Callable[..., Any])
KNOW_NOBODY = frozenset({"static", "health.healthz", "health.readyz", "health.metrics"})


class Account(UserMixin):
    """A Viewer together with the login or token that brought her."""

    def __init__(self, viewer: Viewer, secret: str, session_id: int = 0) -> None:
        self.viewer, self.secret, self.session_id = viewer, secret, session_id

    def get_id(self) -> str:
        """Give what the cookie keeps: the secret of the login, never the person's number."""
        return self.secret


def init_auth(app: Flask) -> None:
    """Teach the application to know its visitors."""
    manager = LoginManager()
    manager.session_protection = None  # a telephone changes its address all day; stolen cookies die with their row instead
    manager.user_loader(_by_cookie)
    manager.request_loader(_by_token)
    manager.init_app(app, add_context_processor=False)
    app.before_request(_know_viewer)
    app.teardown_request(_forget_viewer)


def viewer() -> Viewer:
    """Give the person behind this request, or ANONYMOUS."""
    if "viewer" not in g:
        g.viewer = current_user.viewer if current_user.is_authenticated else ANONYMOUS
    found: Viewer = g.viewer
    return found


def session_id() -> int:
    """Give the id of the login in use, or 0 where there is none."""
    return current_user.session_id if current_user.is_authenticated else 0


def login_required(view: View) -> View:
    """Let only people who are logged in reach a view; others are led to the login page, programs get 401."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return ask_to_log_in() if viewer().is_anonymous else view(*args, **kwargs)

    return guarded  # type: ignore[return-value]  # wraps keeps the signature, which mypy cannot see


def needs(question: Callable[[Viewer], bool]) -> Callable[[View], View]:
    """Let only those people reach a view of whom the question is true: `@needs(lambda viewer: viewer.is_province_admin)`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if viewer().is_anonymous:
                return ask_to_log_in()
            if not question(viewer()):
                raise Forbidden
            return view(*args, **kwargs)

        return guarded  # type: ignore[return-value]  # as above

    return decorate


def ask_to_log_in() -> AnyResponse:
    """Lead a reader to the login page and back again; raise LoginNeeded for a program."""
    if is_api_call():
        raise LoginNeeded
    here = request.full_path.rstrip("?") if request.method == "GET" else own_path(request.path)
    to_login = url_for("auth.login", next=own_path(here))
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Redirect": url_for("auth.login")})
    return redirect(to_login)


def remember(account_secret: str, person: Person) -> None:
    """Give the browser the cookie of a login that was just written down; whatever an earlier visitor left in it goes."""
    cookie.clear()
    cookie.permanent = True
    login_user(Account(Viewer(person_id=person.id, name=person.name, email=person.email, language=person.language), account_secret))
    g.pop("viewer", None)


def forget() -> None:
    """Take the cookie back."""
    logout_user()
    cookie.clear()
    g.viewer = ANONYMOUS


def _by_cookie(secret: str) -> Account | None:
    if bearer_token():
        return None  # the token alone counts: a cookie that came along must not lend it more rights
    with reading() as session:
        found = person_logged_in(session, secret, clock.now())
        return Account(load_viewer(session, found[1]), secret, found[0].id) if found else None


def _by_token(_request: Any) -> Account | None:
    token = bearer_token()
    if not token:
        return None
    with reading() as session:
        found = person_of_token(session, token, clock.now())
        if found is None:
            raise LoginNeeded
        return Account(load_viewer(session, found[1]), token)


def _know_viewer() -> None:
    if request.endpoint not in KNOW_NOBODY:
        viewer()


def _forget_viewer(_error: BaseException | None) -> None:
    # Tests keep one application context over several requests.
    g.pop("viewer", None)
    g.pop("_login_user", None)
