"""All pages of managing together: importing them hangs them on the blueprint."""

from portal.manage import (
    closures,
    desk,
    documents,
    home,
    hours,
    instruments,
    people,
    publication,
    qualifications,
    recording,
    requests,
    results,
    rules,
    usepolicy,
    useproblems,
    uses,
    usesheets,
)
from portal.manage.blueprint import manage

__all__ = [
    "closures",
    "desk",
    "documents",
    "home",
    "hours",
    "instruments",
    "manage",
    "people",
    "publication",
    "qualifications",
    "recording",
    "requests",
    "results",
    "rules",
    "usepolicy",
    "useproblems",
    "uses",
    "usesheets",
]
