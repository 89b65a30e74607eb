"""How it works: for researchers, lab managers and administrators, and what the words mean."""

from __future__ import annotations

from flask import Blueprint, render_template

from instruments.catalogue import PUBLICATIONS, SHARING_MODES
from instruments.publication import WORKING_DAYS_TO_REPORT
from instruments.qualifications import GRADES
from scheduling.bookings import MODES, STATUSES
from scheduling.rules.base import Rule
from scheduling.rules.book import EFFECTS
from scheduling.rules.persons import AUDIENCE_WORDS, Approval, AudienceRule, NoShow, QualificationRule
from scheduling.rules.quotas import Quota
from scheduling.rules.times import Horizon, Longest, Notice, OpenHours, Shortest, TimeGrid

help_pages = Blueprint("help", __name__)

# One example of each kind of rule, said in the words of its own.
EXAMPLES: tuple[Rule, ...] = (
    Notice(minutes=1440),
    Horizon(days=14),
    Shortest(minutes=60),
    Longest(minutes=480),
    TimeGrid(step_minutes=30),
    OpenHours(grade_outside=3),
    AudienceRule(allowed=("internal", "academic")),
    QualificationRule(grade=2),
    Approval(decide_within_hours=48),
    Quota(most=10, of="hours", per="person", period="week"),
    NoShow(after_minutes=30),
)


@help_pages.get("/help")
def show() -> str:
    """Explain the portal; lists of words come from where they are used."""
    return render_template(
        "help/show.html",
        examples=EXAMPLES,
        effects=EFFECTS,
        grades=GRADES,
        audiences=AUDIENCE_WORDS,
        statuses=STATUSES,
        modes=MODES,
        publications=PUBLICATIONS,
        sharing_modes=SHARING_MODES,
        working_days=WORKING_DAYS_TO_REPORT,
    )
