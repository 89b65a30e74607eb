"""Returns in the portal: the desk, the error list with its links, signing, review, files and the API."""

from __future__ import annotations

import io
import json

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from instruments.exchange.vocabulary import read_vocabulary
from scheduling.returning.checks import problems_of
from scheduling.returning.facts import Facts, note_facts
from scheduling.returning.formats import format_of
from scheduling.returning.returns import HIDDEN, Return, ReturnRow, seen_return
from scheduling.returning.steps import send_back
from tests.fixtures.returns import in_the_quarter
from tests.portal.poison import harm_in_page, harm_in_workbook

HOSTILE = "=1+1\"'></td><x-hostile><script>marker=1</script>{{7*1111111}}"
QUARTER = "service_records:2026-Q3"


@pytest.fixture
def instrument(an_instrument):
    return an_instrument(name_zh="X射线衍射仪", inner_id="XRD-1")


@pytest.fixture
def owner(instrument):
    return instrument.organisation


@pytest.fixture
def keeper(a_keeper, owner):
    return a_keeper(owner)


@pytest.fixture
def as_(session, lists, a_browser, log_in):
    """A browser in the name of a viewer."""
    from instruments.people import Person

    def make(viewer):
        browser = a_browser()
        log_in(browser, session.get_one(Person, viewer.person_id))
        return browser

    return make


@pytest.fixture
def desk(as_, keeper):
    return as_(keeper)


@pytest.fixture
def make_it(session, desk, submit):
    """Press the button that makes the return of the third quarter; gives it."""

    def press(what=QUARTER):
        session.commit()
        answer = submit(desk, "/organisation/returns", what=what)
        assert answer.status_code == 302, answer.text
        return session.scalars(select(Return).order_by(Return.id.desc()).execution_options(populate_existing=True)).first()

    return press


def test_the_desk_says_what_is_due_and_makes_it(session, desk, submit, instrument, a_quarter_use, make_it):
    a_quarter_use(instrument)
    session.commit()
    page = desk.get("/organisation/returns?lang=en").text
    assert "Quarter 3 of 2026" in page
    assert "Not made yet" in page
    assert "days late" in page
    one = make_it()
    assert (one.kind, one.row_count, one.state) == ("service_records", 1, "draft")
    again = make_it()
    assert again.id == one.id
    assert "2026-08-20 09:00:00" in desk.get(f"/organisation/returns/{one.id}").text


def test_nothing_is_due_from_an_organisation_without_instruments_on_the_network(session, as_, a_keeper, an_organisation):
    firm = a_keeper(an_organisation(kind="enterprise"))
    session.commit()
    page = as_(firm).get("/organisation/returns?lang=en").text
    assert "days late" not in page
    assert "No returns yet" in page


@pytest.mark.parametrize(
    "what", ["", "service_records", "service_records:2026-Q4", "service_records:2030-Q1", "all:2026-Q3", "yearly:2026-Q3", "running:x"]
)
def test_what_cannot_be_made_is_told_on_the_page(session, desk, submit, instrument, what):
    session.commit()
    answer = submit(desk, "/organisation/returns", what=what)
    assert answer.status_code in (409, 422)
    assert 'role="alert"' in answer.text


def test_each_error_leads_to_where_it_is_mended_and_the_draft_follows(session, desk, submit, instrument, a_quarter_use, make_it):
    use = a_quarter_use(instrument, content="")
    one = make_it()
    page = desk.get(f"/organisation/returns/{one.id}?lang=en").text
    assert "“What was done” is missing" in page
    assert f'href="/manage/uses/{use.id}/return"' in page
    assert 'name="digest"' not in page  # nothing to sign yet
    answer = submit(desk, f"/manage/uses/{use.id}/return", content="断口形貌", area="", project="", income="", tax_record="")
    assert answer.location == f"/organisation/returns/{one.id}"
    page = desk.get(answer.location).text
    assert "“What was done” is missing" not in page
    assert "断口形貌" in page
    assert 'name="digest"' in page


def test_an_error_of_an_instrument_leads_to_its_field(session, desk, instrument, make_it):
    instrument.manufacturer = ""
    one = make_it("yearly:2025")
    assert f'href="/manage/instruments/{instrument.id}#manufacturer"' in desk.get(f"/organisation/returns/{one.id}").text


def test_signing_and_reviewing(session, desk, as_, submit, the_province, instrument, a_quarter_use, make_it):
    a_quarter_use(instrument)
    one = make_it()
    path = f"/organisation/returns/{one.id}"
    stale = submit(desk, f"{path}/sign", form_on=path, digest="0" * 64)
    assert stale.status_code == 409
    assert submit(desk, f"{path}/sign", form_on=path, digest=one.digest, note=HOSTILE[:400]).status_code == 302
    assert submit(desk, f"{path}/sign", form_on=path, digest=one.digest).status_code == 409
    province = as_(the_province)
    assert f'href="{path}"' in province.get("/province/returns").text
    without = submit(province, f"/province/returns/{one.id}/send_back", form_on=path, remark="")
    assert without.status_code == 422
    assert submit(province, f"/province/returns/{one.id}/send_back", form_on=path, remark="缺少十月的记录").status_code == 302
    page = desk.get(path).text
    assert "缺少十月的记录" in page
    assert harm_in_page(page) == []
    second = make_it()
    assert (second.edition, second.id != one.id) == (2, True)
    assert submit(desk, f"/organisation/returns/{second.id}/sign", form_on=path, digest=second.digest).status_code == 302
    assert submit(province, f"/province/returns/{second.id}/accept", form_on=path).status_code == 302
    assert "重新生成" not in desk.get(f"{path}?lang=zh").text  # there is a later edition
    assert [state for (state,) in session.execute(select(Return.state).order_by(Return.edition))] == ["sent_back", "accepted"]
    assert "缺少十月的记录" in desk.get(f"/organisation/returns/{second.id}").text  # the thread goes through all editions


def test_an_empty_return_needs_a_tick(desk, submit, instrument, make_it):
    one = make_it()
    path = f"/organisation/returns/{one.id}"
    assert "没有可报送的记录" in desk.get(f"{path}?lang=zh").text
    assert submit(desk, f"{path}/sign", form_on=path, digest=one.digest).status_code == 422
    assert submit(desk, f"{path}/sign", form_on=path, digest=one.digest, nothing="yes").status_code == 302


def test_a_later_correction_is_said_and_changes_nothing(session, desk, submit, instrument, a_quarter_use, make_it):
    use = a_quarter_use(instrument)
    one = make_it()
    path = f"/organisation/returns/{one.id}"
    submit(desk, f"{path}/sign", form_on=path, digest=one.digest)
    use.rating = "fair"
    session.commit()
    page = desk.get(f"{path}?lang=en").text
    assert "1 rows changed" in page
    assert "This return still says what was signed" in page
    assert "<td>一般</td>" not in page


class TestFiles:
    @pytest.fixture
    def draft(self, instrument, a_quarter_use, a_person, make_it):
        a_quarter_use(instrument, person=a_person(name="=cmd|' /C calc'!A0", phone="+86 351"), content=HOSTILE)
        a_quarter_use(instrument, span=in_the_quarter(21, hours=1.5), person=a_person(name="张三"))
        return make_it()

    def test_json_has_the_national_names_and_passes_its_own_format(self, session, desk, draft):
        answer = desk.get(f"/organisation/returns/{draft.id}/return.json")
        assert answer.mimetype == "application/json"
        found = json.loads(answer.data)
        assert {name: found[name] for name in ("kind", "period", "edition", "state", "rowCount")} == {
            "kind": "service_records", "period": "2026-Q3", "edition": 1, "state": "draft", "rowCount": 2,
        }  # fmt: skip
        layout = format_of("service_records")
        rows = session.scalars(select(ReturnRow).where(ReturnRow.return_id == draft.id).order_by(ReturnRow.position)).all()
        assert found["rows"] == [row.data for row in rows]
        assert [list(row) for row in found["rows"]] == [[field.name for field in layout.fields]] * 2
        words = read_vocabulary(session)
        assert [problems_of(layout, row, words) for row in found["rows"]] == [[], []]
        assert [problems_of(layout, row | {"serviceWay": "x"}, words) for row in found["rows"]] == [[["serviceWay", "not_listed"]]] * 2

    def test_the_workbook_says_cell_by_cell_what_the_rows_say_and_holds_no_formula(self, session, desk, draft):
        answer = desk.get(f"/organisation/returns/{draft.id}/return.xlsx")
        assert harm_in_workbook(answer.data) == []
        book = load_workbook(io.BytesIO(answer.data))
        page, about = book["service_records"], book.worksheets[1]
        names = [cell.value for cell in page[1]]
        fields = format_of("service_records").fields
        assert names == [field.name for field in fields]
        rows = session.scalars(select(ReturnRow).where(ReturnRow.return_id == draft.id).order_by(ReturnRow.position)).all()
        assert page.max_row == len(rows) + 1
        for row, cells in zip(rows, page.iter_rows(min_row=2, values_only=True), strict=True):
            for field, cell in zip(fields, cells, strict=True):
                value = row.data[field.name]
                if field.kind in ("amount", "hours"):
                    assert cell == float(value), field.name
                else:
                    assert (cell or "").lstrip("'") == value.lstrip("'"), field.name
        assert page["O2"].value == "'=cmd|' /C calc'!A0"
        texts = {row[0]: row[1] for row in about.iter_rows(min_row=1, max_row=13, values_only=True)}
        assert (texts["period"], texts["digest"], texts["rowCount"]) == ("2026-Q3", draft.digest, "2")

    def test_who_applied_is_in_the_file_of_those_alone_who_sign(self, as_, the_province, draft):
        browser = as_(the_province)
        rows = json.loads(browser.get(f"/organisation/returns/{draft.id}/return.json").data)["rows"]
        assert {row[name] for row in rows for name in ("applicant", "applicantEmail")} == {HIDDEN}
        assert "张三" not in browser.get(f"/organisation/returns/{draft.id}").text
        book = load_workbook(io.BytesIO(browser.get(f"/organisation/returns/{draft.id}/return.xlsx").data))
        assert {cell.value for cell in book["service_records"]["O"][1:]} == {HIDDEN}

    def test_nobody_else_gets_one(self, as_, a_manager, instrument, a_keeper, an_organisation, draft):
        for viewer in (a_manager(instrument), a_keeper(an_organisation())):
            assert as_(viewer).get(f"/organisation/returns/{draft.id}/return.json").status_code == 404


class TestManagers:
    def test_a_manager_sees_what_is_lacking_about_her_instruments_alone_and_nobodys_name(
        self, session, as_, a_manager, an_instrument, instrument, a_quarter_use, a_person, make_it, owner
    ):
        other = an_instrument(organisation=owner, inner_id="SEM-9")
        user = a_person(name="使用者甲")
        for one in (instrument, other):
            a_quarter_use(one, content="", person=user)
        make_it()
        page = as_(a_manager(instrument)).get("/manage/returns").text
        assert "XRD-1" in page
        assert "SEM-9" not in page
        assert "使用者甲" not in page

    def test_what_she_notes_reaches_the_draft(self, session, as_, a_manager, instrument, a_quarter_use, make_it, submit, keeper):
        use = a_quarter_use(instrument, content="")
        one = make_it()
        browser = as_(a_manager(instrument))
        path = f"/manage/uses/{use.id}/return"
        assert submit(browser, path, content="x" * 501, area="").status_code == 422
        assert submit(browser, path, content="断口", area="no such").status_code == 422
        answer = submit(browser, path, content="断口", area="")
        assert answer.location == "/manage/returns"
        session.expire_all()
        assert seen_return(session, one.id, keeper).errors == 0


class TestProvince:
    def test_the_list_says_who_is_late_and_by_how_much(
        self, session, as_, the_province, an_instrument, an_organisation, instrument, submit, a_return
    ):
        late = an_instrument(organisation=an_organisation(name_en="Late university")).organisation
        done = an_instrument(organisation=an_organisation(name_en="Punctual university")).organisation
        a_return(done, signed=True)
        session.commit()
        browser = as_(the_province)
        page = browser.get("/province/returns?kind=service_records&period=2026-Q3&lang=en").text
        assert "1 of 3 organisations have handed in" in page
        assert late.name_en in page
        assert "24" in page  # days since 30 October
        assert (
            submit(browser, "/province/returns/deadlines", form_on="/province/returns", kind="service_records", days="60").status_code
            == 302
        )
        page = browser.get("/province/returns?kind=service_records&period=2026-Q3&lang=en").text
        assert "in time" in page
        for days in ("0", "367", "x", "1e2"):
            assert submit(browser, "/province/returns/deadlines", form_on="/province/returns", kind="yearly", days=days).status_code == 422

    def test_what_waits_is_listed_and_an_accepted_one_is_not(self, session, as_, the_province, owner, a_return, now):
        one = a_return(owner, signed=True)
        session.commit()
        browser = as_(the_province)
        link = f'<li><a href="/organisation/returns/{one.id}">'
        assert link in browser.get("/province/returns").text
        send_back(session, one.id, "x", viewer=the_province, now=now)
        session.commit()
        assert link not in browser.get("/province/returns").text


class TestSchoolYear:
    def test_figures_are_typed_by_who_signs_and_shown_as_typed(self, session, desk, submit, instrument, make_it):
        one = make_it("sj3:2025-2026")
        path = f"/organisation/returns/{one.id}/figures/{instrument.id}"
        assert submit(desk, path, papersCore="-1").status_code == 422
        assert submit(desk, path, papersCore="7").status_code == 302
        session.expire_all()
        (row,) = session.scalars(select(ReturnRow).where(ReturnRow.return_id == one.id)).all()
        assert (row.data["papersCore"], list(row.typed)) == (7, ["papersCore"])
        assert "typed" in desk.get(f"/organisation/returns/{one.id}?lang=en").text
        assert "typed by" in desk.get(f"{path}?lang=en").text

    def test_there_are_no_such_figures_in_other_returns(self, session, desk, instrument, a_quarter_use, make_it):
        a_quarter_use(instrument)
        one = make_it()
        assert desk.get(f"/organisation/returns/{one.id}/figures/{instrument.id}").status_code == 404


class TestApi:
    def test_returns_are_listed_and_read_in_the_national_names(
        self, session, lists, an_api, keeper, instrument, a_quarter_use, a_return, a_person
    ):
        from instruments.people import Person

        for day in (20, 21, 22):
            a_quarter_use(instrument, span=in_the_quarter(day), content="" if day == 22 else "形貌")
        one = a_return(instrument.organisation)
        api = an_api(session.get_one(Person, keeper.person_id))
        listed = api("GET", "/returns?kind=service_records&state=draft").json
        assert [(found["id"], found["period"], found["row_count"], found["errors"]) for found in listed["items"]] == [
            (str(one.id), "2026-Q3", 3, 1)
        ]
        first = api("GET", f"/returns/{one.id}?limit=2").json
        rest = api("GET", f"/returns/{one.id}?limit=2&cursor={first['next']}").json
        rows = first["rows"] + rest["rows"]
        assert [row["data"]["startTime"] for row in rows] == [f"2026-08-{day} 09:00:00" for day in (20, 21, 22)]
        assert [problem["en"] for problem in rows[2]["problems"]] == ["“What was done” is missing"]
        assert (first["starts_on"], first["ends_on"], first["digest"], rest["next"]) == ("2026-07-01", "2026-09-30", one.digest, None)
        stranger = an_api(a_person())
        assert stranger("GET", "/returns").json["items"] == []
        assert stranger("GET", f"/returns/{one.id}").status_code == 404

    def test_the_province_reads_no_names_there_either(self, session, an_api, the_province, instrument, a_quarter_use, a_return):
        from instruments.people import Person

        a_quarter_use(instrument)
        one = a_return(instrument.organisation)
        (row,) = an_api(session.get_one(Person, the_province.person_id))("GET", f"/returns/{one.id}").json["rows"]
        assert (row["data"]["applicant"], row["data"]["applicantEmail"]) == (HIDDEN, HIDDEN)


def test_a_use_that_is_not_ones_own_to_manage_is_not_noted_about(session, as_, a_viewer, instrument, a_quarter_use, a_manager, now):
    use = a_quarter_use(instrument)
    note_facts(session, use.id, Facts(content="断口"), viewer=a_manager(instrument), now=now)
    session.commit()
    assert as_(a_viewer()).get(f"/manage/uses/{use.id}/return").status_code == 404


class TestFillingInForMany:
    @pytest.fixture
    def lab(self, as_, a_manager, instrument):
        return as_(a_manager(instrument))

    @pytest.fixture
    def three(self, instrument, a_quarter_use, make_it):
        made = [a_quarter_use(instrument, span=in_the_quarter(day), content="") for day in (20, 21, 22)]
        return made, make_it()

    def test_what_is_ticked_is_counted_confirmed_and_filled_in(self, session, lab, desk, submit, three):
        uses, one = three
        path = f"/manage/returns/fill?return={one.id}&fact=content&lang=zh"
        assert "共 3 条" in lab.get(path).text
        sure = submit(lab, path, form_on=path, step="chosen", value="断口", chosen=[f"{use.id}:0" for use in uses[:2]])
        assert "将为 2 条使用记录填写“服务内容”" in sure.text
        assert "目前都是空的" in sure.text
        session.expire_all()
        assert session.get_one(Return, one.id).errors == 3  # nothing yet
        answer = submit(lab, path, form_on=path, step="fill", value="断口", use=[f"{use.id}:0" for use in uses[:2]])
        assert answer.status_code == 302
        assert "已为 2 条使用记录填写“服务内容”" in lab.get(path).text
        session.expire_all()
        assert session.get_one(Return, one.id).errors == 1
        assert "共 1 条" in lab.get(path).text

    def test_all_are_taken_at_once_and_a_second_person_overwrites_nothing(self, session, lab, desk, submit, three):
        uses, one = three
        path = f"/manage/returns/fill?return={one.id}&fact=content&lang=zh"
        sure = submit(lab, path, form_on=path, step="all", value="断口").text
        assert "填写这 3 条" in sure
        submit(desk, path, form_on=path, step="fill", value="先填的", use=[f"{uses[0].id}:0"])
        answer = submit(lab, path, form_on=path, step="fill", value="断口", use=[f"{use.id}:0" for use in uses])
        assert answer.status_code == 200
        assert "已为 2 条填写“服务内容”，1 条未填写" in answer.text
        assert "他人刚刚改过" in answer.text

    def test_mistakes_are_told_and_what_was_typed_stays(self, lab, submit, three):
        uses, one = three
        path = f"/manage/returns/fill?return={one.id}&fact=content&lang=zh"
        for form, said in (
            ({"step": "chosen", "value": "断口"}, "请先勾选"), ({"step": "chosen", "value": "", "chosen": [f"{uses[0].id}:0"]}, "请填写内容"),
            ({"step": "all", "value": "x" * 501}, "不超过 500 字"), ({"step": "fill", "value": "x", "use": ["x:y"]}, "请从列表中勾选"),
        ):  # fmt: skip
            answer = submit(lab, path, form_on=path, **form)
            assert (answer.status_code, said in answer.text) == (422, True)
        assert "断口" in submit(lab, path, form_on=path, step="chosen", value="断口").text

    def test_a_form_of_one_use_that_is_old_by_now_changes_nothing(self, session, lab, submit, three):
        uses, _ = three
        path = f"/manage/uses/{uses[0].id}/return"
        assert submit(lab, path, form_on=path, content="先填的", area="", seen="0").status_code == 302
        answer = submit(lab, path, form_on=path, content="后填的", area="", seen="0")
        assert answer.status_code == 422
        assert "后填的" in answer.text
