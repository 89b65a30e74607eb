"""All of a person's own pages together: importing them hangs them on the blueprint."""

from portal.me import profile, security, tokens, totp
from portal.me.blueprint import me

__all__ = ["me", "profile", "security", "tokens", "totp"]
