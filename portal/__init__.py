"""The face of the house: pages, JSON API, admin, mail, jobs, command line."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from jinja2 import StrictUndefined
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from instruments.database import make_engine
from portal.admin import init_admin
from portal.auth.current import init_auth
from portal.auth.sessions import LASTS
from portal.blueprints import register_all
from portal.config import ROOT, Settings
from portal.errors import init_errors
from portal.fields import init_fields
from portal.language import init_language
from portal.links import Key
from portal.logs import init_logs
from portal.pages import init_pages
from portal.security import init_security
from portal.transactions import init_transactions, retry_views

MOST_FIELDS = 5000  # an import page with many columns, and no more


def create_app(settings: Settings, engine: Engine | None = None) -> Flask:
    """Put a portal together; with an engine given, the address of the database in the settings is not used."""
    here = ROOT / "portal"
    app = Flask("portal", root_path=str(here), template_folder=str(ROOT / "templates"), static_folder=str(here / "static"))
    app.extensions["settings"] = settings
    app.url_map.converters["int"] = Key
    _configure(app, settings)
    init_logs(app)
    init_transactions(app, engine or make_engine(settings.database_url))
    init_language(app)
    init_security(app, settings)
    init_auth(app)
    init_errors(app)
    init_pages(app)
    init_fields(app)
    if settings.metrics:
        from portal.metrics import init_metrics  # counts into files where the server has said so before

        init_metrics(app)
    register_all(app)
    init_admin(app)
    retry_views(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        DEBUG=settings.debug,
        PREFERRED_URL_SCHEME="https" if settings.is_https else "http",
        MAX_CONTENT_LENGTH=settings.max_body,
        MAX_FORM_MEMORY_SIZE=min(settings.max_body, 4 * 1024 * 1024),
        MAX_FORM_PARTS=MOST_FIELDS,
        PERMANENT_SESSION_LIFETIME=LASTS,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=30),  # addresses of static files change with their content
        PORTAL_LANGUAGE=settings.language,
        PORTAL_NAME_ZH=settings.name_zh,
        PORTAL_NAME_EN=settings.name_en,
        SAMPLE=settings.sample,
        SMALL_COUNT=settings.small_count,
    )
    app.jinja_env.undefined = StrictUndefined
    app.json.ensure_ascii = False
    app.json.sort_keys = False
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops)  # type: ignore[method-assign]  # as Flask says
