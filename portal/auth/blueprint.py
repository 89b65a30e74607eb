"""The blueprint on which the login pages hang."""

from __future__ import annotations

from flask import Blueprint

auth = Blueprint("auth", __name__)
