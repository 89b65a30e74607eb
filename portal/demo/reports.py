"""What the administrators of the sample have on their desks: a purchase that was reviewed, one still being thought about, and saved reports."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from instruments.access import load_viewer
from portal.demo.population import Population
from portal.savedreports import save_report
from scheduling.statistics.comparables import concluded, figures_for
from scheduling.statistics.purchases import Wanted, begin_review, give_opinion

REVIEWED = timedelta(days=25)
MOST_CHOSEN = 4
BOUGHT = Wanted(
    "场发射透射电子显微镜", Decimal(8_200_000), category_code="010101", words="透射电镜", city="140100", is_central=True,
    need="新材料学科建设，预计每年使用 600 小时。",
)  # fmt: skip
THOUGHT_ABOUT = Wanted("粉末X射线衍射仪", Decimal(2_600_000), words="衍射仪", city="140100", need="替换已使用十二年的旧仪器。")
OPINION = "省内同类仪器尚有机时，且两台可在一周内预约；建议先行共享，两年后视使用情况再议。"
REPORTS = (
    ("admin", {"name": "各单位共享情况（月报）", "span": "last_month", "format": "xlsx", "schedule": "monthly", "day": 5, "by": "organisation"}),
    ("orgadmin", {"name": "本校仪器使用（年报）", "span": "so_far", "format": "pdf", "schedule": "never", "day": 1, "by": "instrument"}),
)  # fmt: skip


def fill_desks(session: Session, people: Population, *, now: datetime) -> int:
    """Review a purchase, begin another, and save a report for each administrator; the figures are counted already. Give how many things were made."""
    keeper = load_viewer(session, people.logins["orgadmin@example.org"])
    home, then = people.organisations["SX-FHLG"].id, now - REVIEWED
    done = begin_review(session, home, BOUGHT, viewer=keeper, now=then)
    figures = figures_for(session, done, viewer=keeper, now=then)
    chosen = {row["id"] for row in figures["rows"][:MOST_CHOSEN]}
    figures |= {"concluded": concluded(figures, chosen)}
    give_opinion(session, done.id, chosen, "share", OPINION, figures, viewer=keeper, now=then, version=done.version)
    begin_review(session, home, THOUGHT_ABOUT, viewer=keeper, now=now)
    for who, report in REPORTS:
        person = people.logins[f"{who}@example.org"]
        fields = {**{key: value for key, value in report.items() if key != "by"}, "language": "zh", "given": {"by": report["by"]}}
        save_report(session, person, fields, viewer=load_viewer(session, person), now=now)
    return 2 + len(REPORTS)
