"""The search page: what was found, when it is free, ways to narrow it down; and several instruments side by side."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from instruments.codes import seed_codes
from instruments.search import rebuild_index, seed_aliases
from scheduling import finding

HOUR = timedelta(hours=1)
HOSTILE = [
    "'", '"', "\x00", "%00", "\\", "*", "(", "a" * 10_000, "电" * 5000, "😀" * 300, "-- ;drop table", "<script>alert(1)</script>", "\u202e", "ﬀ",
    "AND OR NOT", "NEAR/2", "^:*", "%", "_", "\xed\xa0\x80",
]  # fmt: skip


@pytest.fixture
def network(session, an_organisation, an_instrument):
    """Two electron microscopes in Taiyuan and Datong and a mass spectrometer, indexed with the words people use."""
    seed_codes(session)
    seed_aliases(session)
    taiyuan = an_organisation(name_zh="汾河大学", name_en="Fenhe University", city="140100")
    datong = an_organisation(name_zh="云冈大学", name_en="Yungang University", city="140200", kind="institute")
    made = {
        "sem": an_instrument(
            organisation=taiyuan, city="140100", category_code="010102", name_zh="扫描电子显微镜", name_en="Scanning electron microscope",
            model="JSM-7900F", functions="表面形貌",
        ),
        "tem": an_instrument(
            organisation=datong, city="", category_code="010101", name_zh="透射电子显微镜", name_en="Transmission electron microscope",
            model="JEM-2100F", needs_qualification=True,
        ),
        "ms": an_instrument(
            organisation=taiyuan, city="140100", category_code="010301", name_zh="气相色谱质谱联用仪", name_en="GC-MS", manufacturer="Agilent",
            model="8890-5977B", self_operated=False, sample_service=True,
        ),
    }  # fmt: skip
    session.flush()
    rebuild_index(session)
    session.commit()
    return made


@pytest.fixture
def look(client):
    """`look("?q=SEM")` gives the text of the results; `look(path=..., status=...)` for others."""

    def read(query="", *, path="/instruments", status=200, browser=None):
        response = (browser or client).get(f"{path}{query}")
        assert response.status_code == status, response.text[:1500]
        return response.text

    return read


def found(text):
    """The names of the results, in order."""
    return [html.unescape(name) for name in re.findall(r'<h2><a href="/instruments/\d+">(.*?)</a></h2>', text)]


def without_space(text):
    return " ".join(text.split())


def links(text, pattern):
    return [html.unescape(url) for url in re.findall(rf'href="([^"]*)"[^>]*>[^<]*(?:<[^a/][^>]*>)*\s*{pattern}', text)]


class TestFront:
    @pytest.mark.usefixtures("network")
    @pytest.mark.parametrize(
        ("language", "words"),
        [
            (
                "en",
                [
                    "What do you want to measure?",
                    "instruments to share",
                    "organisations that share them",
                    "uses in the last 30 days",
                    "Free between",
                ],
            ),
            ("zh", ["你想测什么？", "台开放共享的仪器", "家管理单位", "次使用，近 30 天", "空闲：从", "示例"]),
        ],
    )
    def test_it_asks_what_to_measure_and_tells_the_network_in_three_numbers(self, app, look, language, words):
        app.config["SAMPLE"] = True
        text = look(f"?lang={language}", path="/")
        assert [word for word in words if word not in text] == []
        assert text.count("<h1") == 1

    def test_the_numbers_are_counted(self, look, network, a_booking, a_span, an_instrument, now):
        a_booking(instrument=network["sem"], span=a_span(-24), at=now - 48 * HOUR)
        an_instrument(publication="draft")
        figures = re.findall(r"<dd>(.*?)</dd>", look(path="/").partition('class="figures"')[2].partition("</dl>")[0])
        assert figures == ["3", "2", "1"]

    @pytest.mark.usefixtures("network")
    def test_chips_are_the_kinds_of_which_there_are_most(self, look):
        chips = look(path="/").partition("Frequent techniques")[2].partition("</ul>")[0]
        assert 'href="/instruments?category=010102">Scanning electron microscope</a>' in chips

    def test_an_empty_network_has_a_front_page_too(self, look):
        assert "No instrument was found" in look(path="/")


class TestResults:
    @pytest.mark.usefixtures("network")
    @pytest.mark.parametrize(
        ("typed", "first"),
        [
            ("SEM", "Scanning"),
            ("扫描电镜", "Scanning"),
            ("zhipu", "GC-MS"),
            ("JSM7900F", "Scanning"),
            ("agilent", "GC-MS"),
            ("透射", "Transmission"),
        ],
    )
    def test_what_people_type_is_found(self, look, typed, first):
        assert found(look(f"?q={typed}"))[0].startswith(first)

    def test_a_row_tells_what_a_reader_needs(self, look, network):
        text = without_space(look("?q=JSM-7900F"))
        sem = network["sem"]
        expected = [
            "Scanning electron microscope",
            "扫描电子显微镜",
            "JEOL JSM-7900F",
            "Fenhe University",
            "Taiyuan",
            "表面形貌",
            "self-operated",
            "Next free",
        ]
        assert [word for word in expected if word not in text] == []
        assert f'href="/instruments/{sem.id}/book?start=2026-11-23T01:00Z&amp;end=2026-11-23T02:00Z"' in text
        assert "Mon 23 Nov, 09:00" in text

    @pytest.mark.usefixtures("network")
    def test_badges_say_how_it_is_used(self, look):
        assert "training needed" in look("?q=JEM")
        assert "sample service" in look("?q=GC-MS")
        assert "self-operated" not in re.findall(r'<span class="badge.*?</span>', look("?q=GC-MS"))

    @pytest.mark.usefixtures("network")
    def test_where_an_instrument_has_no_city_its_organisations_is_told(self, look):
        assert "Yungang University · Datong" in without_space(look("?q=JEM"))

    def test_one_not_published_is_not_found(self, session, look, network):
        network["sem"].publication = "suspended"
        session.flush()
        rebuild_index(session)
        assert found(look("?q=JSM-7900F")) == []

    @pytest.mark.usefixtures("network")
    def test_what_was_meant_is_told(self, look):
        text = look("?q=scaning")
        assert "These are the results for “scanning”" in text
        assert found(text) == ["Scanning electron microscope"]

    @pytest.mark.usefixtures("network")
    def test_nothing_found_says_what_to_do(self, look):
        text = look("?q=qqqqzzzz&city=140100&hours=3")
        assert [
            words for words in ("No instrument was found", "Try other words", "At any time", "See all instruments") if words not in text
        ] == []

    @pytest.mark.usefixtures("network")
    def test_it_is_a_plain_form_that_needs_no_script(self, look):
        form = look("?q=SEM&category=010000&sort=name").partition('<form id="search"')[2].partition("</form>")[0]
        assert 'method="get"' in form
        assert 'action="/instruments"' in form
        assert 'name="q" value="SEM"' in form
        text = look("?q=SEM&category=010000&sort=name")
        assert '<input type="hidden" form="search" name="category" value="010000">' in text
        assert '<input type="hidden" form="search" name="sort" value="name">' in text


class TestNarrowing:
    @pytest.mark.usefixtures("network")
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("?category=010000", 3),
            ("?category=010100", 2),
            ("?category=010102", 1),
            ("?city=140200", 1),
            ("?operation=sample_service", 1),
            ("?qualification=true", 1),
            ("?qualification=false", 2),
            ("?audience=external", 3),
            ("?audience=none", 0),
            ("?city=140100&category=010100", 1),
        ],
    )
    def test_each_choice_narrows(self, look, query, names):
        assert len(found(look(query))) == names

    @pytest.mark.usefixtures("network")
    def test_a_facet_tells_how_many_each_choice_leaves_and_leads_there(self, look):
        text = without_space(look())
        assert re.search(r'href="/instruments\?city=140100"><span>Taiyuan</span><span class="count">2</span>', text)
        assert re.search(r'href="/instruments\?category=010000"><span>Analytical instruments</span><span class="count">3</span>', text)

    @pytest.mark.usefixtures("network")
    def test_a_choice_is_marked_and_can_be_taken_back(self, look):
        text = without_space(look("?q=microscope&city=140100"))
        assert re.search(r'href="/instruments\?q=microscope" aria-current="true"><span>Taiyuan', text)
        assert re.search(r'href="/instruments\?q=microscope">Taiyuan <span aria-hidden="true">×', text)
        assert re.search(r'href="/instruments\?city=140100">microscope <span aria-hidden="true">×', text)

    @pytest.mark.usefixtures("network")
    def test_below_a_class_its_groups_are_offered_and_taking_one_back_leads_up(self, look):
        assert 'href="/instruments?category=010100"' in look("?category=010000")
        text = without_space(look("?category=010102"))
        assert re.search(r'href="/instruments\?category=010100" aria-current="true"><span>Scanning', text)

    def test_several_organisations_can_be_chosen(self, look, network):
        one, other = network["sem"].organisation_id, network["tem"].organisation_id
        assert len(found(look(f"?organisation={one}&organisation={other}"))) == 3
        assert len(found(look(f"?organisation={other}"))) == 1

    @pytest.mark.usefixtures("network")
    def test_the_orders_are_links(self, look):
        assert found(look("?sort=name")) != found(look("?sort=name&q=zzzz"))
        for sort in ("relevance", "next_free", "name"):
            assert len(found(look(f"?sort={sort}"))) == 3


class TestFreeBetween:
    @pytest.fixture
    def busy(self, network, a_booking, a_span):
        """The scanning microscope is taken from 10:00 to 15:00."""
        a_booking(instrument=network["sem"], span=a_span(1, 5))

    @pytest.mark.usefixtures("busy")
    def test_only_what_is_free_for_so_long_is_shown(self, look):
        names = found(look("?free_from=2026-11-23T10:00&free_until=2026-11-23T14:00&hours=2"))
        assert sorted(names) == ["GC-MS", "Transmission electron microscope"]

    @pytest.mark.usefixtures("busy")
    def test_the_button_leads_to_that_very_time(self, look, network):
        text = look("?q=GC-MS&free_from=2026-11-23T10:00&free_until=2026-11-23T14:00&hours=2")
        assert f"/instruments/{network['ms'].id}/book?start=2026-11-23T02:00Z&amp;end=2026-11-23T04:00Z" in text
        assert "Mon 23 Nov, 10:00-12:00" in text
        assert "Free for 2 h: Mon 23 Nov, 10:00-14:00" in text

    @pytest.mark.usefixtures("busy")
    @pytest.mark.parametrize("query", ["?hours=2", "?free_from=2026-11-24T09:00", "?free_until=2026-11-24T09:00&hours=0.5", "?hours=２"])
    def test_one_of_the_three_is_enough(self, look, query):
        assert len(found(look(query))) == 3

    @pytest.mark.usefixtures("network")
    def test_where_there_are_too_many_that_is_said(self, look, monkeypatch):
        monkeypatch.setattr(finding, "MOST_CANDIDATES", 2)
        assert "The time of the first 2 was looked at" in look("?hours=2")

    @pytest.mark.usefixtures("network")
    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ("free_from=x", "Please give a day and a time"),
            ("free_from=2026-11-24", None),
            ("free_from=1800-01-01T00:00", "Please give a day and a time"),
            ("free_from=9999-12-31T23:59", "Please give a day and a time"),
            ("free_from=2026-11-25T10:00&free_until=2026-11-24T10:00", "The end must come after the start."),
            ("free_until=2026-11-20T10:00&free_from=2026-11-19T10:00", "That time has passed already."),
            ("free_from=2026-11-24T10:00&free_until=2126-11-24T10:00&hours=1", "at most 92 days wide"),
            ("free_from=2026-11-24T10:00&free_until=2026-11-24T12:00&hours=3", "fit into the window"),
            ("hours=x", "Please give a number of hours"),
            ("hours=0", "Please give a number of hours"),
            ("hours=-1", "Please give a number of hours"),
            ("hours=nan", "Please give a number of hours"),
            ("hours=1e9", "Please give a number of hours"),
            ("hours=9999", "fit into the window"),
        ],
    )
    def test_what_cannot_be_is_said_beside_its_field(self, look, query, sentence):
        text = look(f"?{query}", status=422 if sentence else 200)
        if sentence:
            assert re.search(rf'class="field-error" id="\w+-error"><span>[^<]*{re.escape(sentence)}', text)
            assert 'aria-invalid="true"' in text
        assert len(found(text)) == 3

    @pytest.mark.usefixtures("network")
    def test_the_sentence_is_in_the_readers_language(self, look):
        assert "请填写小时数" in look("?hours=x&lang=zh", status=422)


class TestPages:
    def test_the_pages_together_show_each_once(self, session, look, an_instrument):
        for i in range(45):
            an_instrument(name_en=f"Instrument {i:02}", name_zh=f"仪器{i:02}")
        rebuild_index(session)
        for sort in ("relevance", "name", "next_free"):
            names, query = [], f"?sort={sort}"
            while query:
                text = look(query)
                names += found(text)
                after = re.search(r'rel="next" href="/instruments(\?[^"]*)"', text)
                query = html.unescape(after[1]) if after else ""
            assert len(names) == len(set(names)) == 45

    @pytest.mark.usefixtures("network")
    @pytest.mark.parametrize("cursor", ["x", "0", "-1", "%00", "a" * 5000, "WzFd", "null", "😀"])
    @pytest.mark.parametrize("sort", ["relevance", "next_free", "name"])
    def test_a_place_nobody_gave_out_is_refused_in_words(self, look, cursor, sort):
        assert "Start again from the first page" in look(f"?sort={sort}&cursor={cursor}", status=422)


class TestHostile:
    @pytest.mark.usefixtures("network")
    @pytest.mark.parametrize("path", ["/", "/instruments", "/instruments/suggest"])
    def test_no_text_breaks_the_search_or_gets_through(self, client, path):
        for text in HOSTILE:
            response = client.get(path, query_string={"q": text})
            assert response.status_code == (422 if len(text) > 200 and path != "/instruments/suggest" else 200), text[:100]
            assert "<script>alert" not in response.text

    @pytest.mark.usefixtures("network")
    @pytest.mark.parametrize("name", ["category", "organisation", "city", "facility", "audience", "operation", "qualification", "sort"])
    def test_no_choice_breaks_it(self, client, name):
        for value in ("x" * 300, "%00", "-1", "99999999999999999999", "<script>alert(1)</script>", "010199; drop", "٣"):
            response = client.get(f"/instruments?{name}={value}")
            assert response.status_code == 422 or (name == "city" and response.status_code == 200), value
            assert ("could not be read" in response.text) == (response.status_code == 422)
            assert "<script>alert" not in response.text

    @pytest.mark.usefixtures("network")
    def test_a_limit_of_ones_own_is_not_listened_to(self, look):
        assert len(found(look("?limit=1000000000"))) == 3

    def test_no_text_of_an_instrument_gets_through(self, session, look, an_instrument, an_organisation):
        evil = "<script>alert(1)</script>"
        instrument = an_instrument(
            name_zh=evil,
            name_en=evil,
            model=evil,
            manufacturer=evil,
            functions=evil,
            city=evil,
            organisation=an_organisation(name_zh=evil, name_en=evil),
        )
        rebuild_index(session)
        for text in (
            look(),
            look(path="/"),
            look(f"?ids={instrument.id}", path="/instruments/compare"),
            look("?q=script", path="/instruments/suggest"),
        ):
            assert evil not in text


class TestStatements:
    @pytest.mark.parametrize("query", ["", "?hours=2", "?sort=next_free", "?q=电镜", "?sort=next_free&hours=2"])
    @pytest.mark.parametrize("path", ["/", "/instruments"])
    def test_their_number_does_not_grow_with_what_is_found(
        self, session, client, an_instrument, a_booking, a_span, statements, path, query
    ):
        counts = []
        for more in (2, 15):
            for i in range(more):
                a_booking(instrument=an_instrument(name_zh=f"扫描电镜{i}"), span=a_span(1))
            rebuild_index(session)
            client.get(path + query)
            with statements() as seen:
                client.get(path + query)
            counts.append(len(seen))
        assert counts[0] == counts[1]
        assert counts[0] <= 24


class TestSuggest:
    @pytest.mark.usefixtures("network")
    def test_words_and_names_are_proposed_as_options(self, look):
        text = look("?q=zhi", path="/instruments/suggest")
        assert 'role="option"' in text
        assert "GC-MS" in text or "质谱" in text

    @pytest.mark.usefixtures("network")
    @pytest.mark.parametrize("typed", ["", "   ", "qqqqqq"])
    def test_nothing_is_proposed_for_nothing(self, look, typed):
        assert look(f"?q={typed}", path="/instruments/suggest").strip() == ""


class TestCompare:
    @pytest.fixture
    def compare(self, look):
        return lambda *ids, status=200: look("?" + "&".join(f"ids={one}" for one in ids), path="/instruments/compare", status=status)

    def test_the_chosen_stand_side_by_side_in_their_order(self, compare, network):
        text = compare(network["ms"].id, network["sem"].id)
        heads = re.findall(r'<th scope="col"><a [^>]*>(.*?)</a>', text)
        assert heads == ["GC-MS", "Scanning electron microscope"]
        expected = [
            "8890-5977B",
            "JSM-7900F",
            "Agilent",
            "Fenhe University",
            "Every day, around the clock",
            "samples taken in",
            "Bookings start and end",
        ]
        assert [word for word in expected if word not in text] == []
        assert f"/instruments/{network['sem'].id}/book?start=" in text

    def test_the_chosen_can_be_booked_together(self, compare, look, network):
        ids = [network[key].id for key in ("sem", "tem")]
        assert f'href="/bookings/several?ids={ids[0]}&amp;ids={ids[1]}"' in compare(*ids)
        assert 'formaction="/bookings/several"' in look()

    def test_what_differs_is_marked_and_what_does_not_is_not(self, compare, network):
        rows = re.findall(r'<tr( class="differs")?>\s*<th scope="row">(.*?)</th>', compare(network["ms"].id, network["sem"].id))
        marked = {title: bool(differs) for differs, title in rows}
        assert marked["Model"]
        assert not marked["Organisation"]

    def test_ids_may_come_with_commas_and_twice(self, look, network):
        ids = [network[key].id for key in ("sem", "tem")]
        text = look(f"?ids={ids[0]},{ids[1]},{ids[0]}", path="/instruments/compare")
        assert text.count('<th scope="col">') == 2

    def test_more_than_four_are_told_and_can_be_thinned_out(self, compare, an_instrument):
        made = [an_instrument(name_en=f"Instrument {i}") for i in range(5)]
        text = compare(*(one.id for one in made), status=422)
        assert "Up to four can be compared at once" in text or "Up to 4 can be compared at once, and you chose 5" in text
        assert text.count('type="checkbox"') == 5
        assert text.count(" checked") == 4

    def test_none_is_an_invitation(self, compare):
        assert "Nothing has been chosen yet" in compare()

    def test_one_is_shown_with_a_hint(self, compare, network):
        assert "Only one was chosen" in compare(network["sem"].id)

    @pytest.mark.parametrize("unknown", ["999999", "999999999999999999"])
    def test_an_unknown_one_is_not_found(self, compare, network, unknown):
        compare(network["sem"].id, unknown, status=404)

    def test_one_not_published_is_not_found(self, compare, an_instrument):
        compare(an_instrument(publication="draft").id, status=404)

    @pytest.mark.parametrize("ids", [["x"], ["1;2"], ["-1"], ["9" * 30], ["%00"], [str(i) for i in range(1, 200)], ["<script>"]])
    def test_what_is_no_choice_is_refused_in_words(self, compare, ids):
        assert "choose the instruments to compare" in compare(*ids, status=422)

    def test_its_statements_do_not_grow_with_how_many(self, client, network, statements):
        ids = [one.id for one in network.values()]
        counts = []
        for some in (ids[:1], ids):
            address = "/instruments/compare?ids=" + ",".join(map(str, some))
            client.get(address)
            with statements() as seen:
                client.get(address)
            counts.append(len(seen))
        assert counts[0] == counts[1] <= 15


class TestTakingItAway:
    def test_the_lists_hold_what_the_page_shows(self, network, look, client):
        page = look("?q=microscope&city=140100&lang=en&sort=name")
        addresses = [html.unescape(address) for address in re.findall(r'href="(/instruments/export[^"]+)" download', page)]
        assert addresses == ["/instruments/export.csv?q=microscope&city=140100", "/instruments/export.xlsx?q=microscope&city=140100"]
        table = client.get(addresses[0]).text
        assert "JSM-7900F" in table
        assert "JEM-2100F" not in table
        assert client.get(addresses[1]).status_code == 200

    def test_nothing_found_is_nothing_to_take_away(self, network, look):
        assert "/instruments/export" not in look("?q=qqqqzzz")

    @pytest.mark.parametrize("name", ["endpoint", "_anchor", "_scheme", "_method", "_external", "kind"])
    def test_names_that_mean_something_to_the_server_change_no_link(self, network, look, name):
        page = look(f"?q=microscope&hours=2&{name}=javascript")
        assert not re.search(r'(href|action)="[^"]*javascript', page.replace(f"{name}=javascript&amp;lang=", ""))
