"""Accounts: how a person proves who she is. What she may then do is in instruments/access.py."""

from portal.auth.current import login_required, needs, viewer

__all__ = ["login_required", "needs", "viewer"]
