"""All login pages together: importing them hangs them on the blueprint."""

from portal.auth import login, registration, reset
from portal.auth.blueprint import auth

__all__ = ["auth", "login", "registration", "reset"]
