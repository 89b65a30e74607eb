"""Vouchers of the sample firm: one programme in which it holds a voucher with claims at every stage, another it has applied to."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy.orm import Session

from instruments.access import Viewer, load_viewer
from instruments.people import Organisation
from instruments.programmes import Programme, new_programme, read_scheme, set_programme
from portal.demo.population import Population
from portal.files import keep_file
from scheduling.accounting.charges import Charge
from scheduling.accounting.claiming import StoredFile, add_document, confirm_claim, settle_claim, submit
from scheduling.accounting.claims import DOCUMENT_KINDS, charges_to_claim
from scheduling.accounting.redeeming import use_voucher
from scheduling.accounting.statements import month_before, month_of
from scheduling.accounting.vouchers import Application, Voucher, apply_for, grant_voucher

DAY = timedelta(days=1)
# Each stage takes so many of the firm's charges, the oldest first; what is left can still be claimed.
STAGES = (("settled", 4, 12), ("confirmed", 3, 6), ("submitted", 2, 2))
LEFT_OUT = ["certification", "enforcement", "goods", "filming", "medical", "telecom", "related"]


def give_vouchers(session: Session, people: Population, *, now: datetime) -> Voucher:
    """Open two programmes; the sample firm's voucher of the one is partly used, to the other it has applied; give the granted voucher."""
    home, keeper = people.organisations["SX-FHLG"], people.organisations["SX-SJFX"]
    firm, province = (load_viewer(session, people.logins[f"{name}@example.org"]) for name in ("firm", "admin"))
    year = month_before(month_of(now, home)).year  # of its charges
    names = ("示例科技创新券", "Sample innovation vouchers")
    first = _programme(session, "sample-vouchers", names, keeper, year, "20000.00", "5000", now)
    names = ("示例小微企业检测券", "Sample testing vouchers for small firms")
    second = _programme(session, "sample-testing", names, keeper, year, "8000.00", "2000", now)
    asked = Application(year, Decimal("15000"), "新型铝合金的断口、物相和成分分析，主要使用扫描电镜和衍射仪。")
    held = apply_for(session, first.id, asked, viewer=firm, now=now - 75 * DAY)
    grant_voucher(session, held.id, Decimal("12000"), viewer=province, now=now - 70 * DAY, note="按预算核减。")
    apply_for(session, second.id, Application(year, Decimal("6000"), "原料批次的杂质含量检测。"), viewer=firm, now=now - 3 * DAY)
    _claim(session, people, home, held, firm, province, now)
    return held


def _programme(
    session: Session, code: str, names: tuple[str, str], keeper: Organisation, year: int, quota: str, whole: str, now: datetime
) -> Programme:
    """Open a programme that pays the first part whole and two fifths of what is above it."""
    terms = {
        "first_year": year, "last_year": year + 1, "applicants": ["enterprise"], "quota": quota, "claim_days": 90, "ineligible": LEFT_OUT,
        "user": {"brackets": [{"above": "0", "percent": "100"}, {"above": whole, "percent": "40"}], "cap": quota},
    }  # fmt: skip
    source = "示例方案，并非任何地方的现行政策。 A sample, not the policy of any place."
    one = new_programme(session, code, "voucher")
    return set_programme(
        session, one, read_scheme(terms, "voucher"), names=names, source=source, keeper=keeper, is_open=True, now=now - 80 * DAY
    )


def _claim(session: Session, people: Population, home: Organisation, held: Voucher, firm: Viewer, province: Viewer, now: datetime) -> None:
    """Hand in a claim for each stage, as far as there are charges: paid, with the province, with the provider."""
    provider = load_viewer(session, people.logins["orgadmin@example.org"])
    papers = {kind: keep_file(io.BytesIO(_paper(words.zh, words.en)), f"{words.zh}.pdf") for kind, words in DOCUMENT_KINDS.items()}
    left = [
        one for one in reversed(charges_to_claim(session, held, firm)) if one.organisation_id == home.id and one.used_at.year == held.year
    ]
    for stage, most, days_ago in STAGES:
        some, left = left[:most], left[most:]
        if not some:
            return
        at = now - days_ago * DAY
        claim_id = _handed_in(session, held, some, papers, firm, at)
        if stage != "submitted":
            confirm_claim(session, claim_id, viewer=provider, now=at + DAY)
        if stage == "settled":
            settle_claim(session, claim_id, "SAMPLE-C001", viewer=province, now=at + 3 * DAY)
        session.flush()


def _handed_in(
    session: Session, held: Voucher, charges: Sequence[Charge], papers: dict[str, StoredFile], firm: Viewer, at: datetime
) -> int:
    claim_id = 0
    for one in charges:
        claim_id = use_voucher(session, held.id, one.id, viewer=firm, now=at).claim_id
    for kind, paper in papers.items():
        add_document(session, claim_id, kind, paper, viewer=firm, now=at)
    submit(session, claim_id, viewer=firm, now=at)
    session.flush()
    return claim_id


def _paper(zh: str, en: str) -> bytes:
    """Write one page that says what it stands for."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    canvas.setFont("STSong-Light", 20)
    canvas.drawString(72, 740, f"示例{zh}")
    canvas.setFont("Helvetica", 12)
    canvas.drawString(72, 715, f"A sample in place of the {en.lower()}")
    canvas.save()
    return out.getvalue()
