"""An organisation's own pages, for its administrators: people, groups, facilities, and its instruments on the network."""

from __future__ import annotations

from portal.organisations import evaluations, facilities, gateways, groups, home, people, returns, yearbook
from portal.organisations.blueprint import organisations

__all__ = ["evaluations", "facilities", "gateways", "groups", "home", "organisations", "people", "returns", "yearbook"]
