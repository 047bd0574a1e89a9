import datetime
import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.html import escape, strip_tags
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from articles import publishing, search
from articles.models import Edition, SearchDocument
from articles.search.snippets import MarkedText
from articles.search.words import distance, fold, words_of
from comments.models import Comment
from tests.factories import (
    make_agency,
    make_article,
    make_author,
    make_editor,
    make_image,
    make_section,
    make_topic,
    publish_article,
)
from tests.valid_html import assert_valid

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
HOSTILE = [
    "'; DROP TABLE articles_edition; --",
    '"',
    '""',
    '"unclosed phrase',
    "a & b | !c <-> d",
    "NEAR(a b, 3) OR NOT (",
    "title:ferry* ^body",
    "ferry* AND",
    "-",
    "--",
    "-ferry",
    "- ferry",
    "(((((",
    "\\",
    "\\'",
    "%s %(q)s {0}",
    "\0ferry\0",
    "\u202eferry",
    "<script>alert(1)</script>",
    "&lt;b&gt;",
    "the who",
    "и",
    "🚢",
    "́",
    "½ ㎞ ﬁ",
    "x" * 5000,
    "a " * 3000,
    '"a b" ' * 500,
    "e-mail o'neill’s U.S. 3.14 1e10 a@b.example http://a.example/b?c",
]


@pytest.fixture
def editor():
    return make_editor()


def publish(title, body="Nothing else happened.", **fields):
    """A story of which every word is given here; live since `at`, or for a minute."""
    number = Edition.objects.count()
    return publish_article(
        **{
            "headline": title,
            "short_title": title,
            "standfirst": "",
            "summary": "",
            "key_points": [],
            "body": f"<p>{body}</p>",
            "slug": f"story-{number}",
            **fields,
        }
    )


def titles(query, **options):
    return [found.edition.short_title for found in search.search(query, **options).items]


def get(client=None, **query):
    response = (client or Client()).get("/search/", query)
    assert response.status_code == 200
    return response.content.decode()


class TestFinding:
    @pytest.mark.parametrize("place", ["headline", "short_title", "standfirst", "summary"])
    def test_looks_into_every_text(self, place):
        publish("A quiet day", **{place: "The zeppelin lands"})
        assert len(titles("zeppelin")) == 1

    def test_looks_into_bodies_key_points_names_topics_and_captions(self):
        publish(
            "A quiet day",
            "A walrus swam by.",
            key_points=["A giraffe stood there"],
            authors=[make_author("Mira Holt")],
            topics=[make_topic("Shipping")],
            agency=make_agency("Wirephoto"),
            lead_image=make_image(caption="The cheetah slept"),
        )
        for word in ("walrus", "giraffe", "mira holt", "shipping", "wirephoto", "cheetah"):
            assert titles(word) == ["A quiet day"], word

    @pytest.mark.parametrize("query", ["ferry", "ferries", "FERRY", "Ferry’s", "ferry!"])
    def test_takes_endings_and_case_off(self, query):
        publish("Ferries stay")
        assert titles(query) == ["Ferries stay"]

    @pytest.mark.parametrize(
        ("title", "query"),
        [
            ("The Café opens", "cafe"),
            ("The Cafe opens", "café"),
            ("Søren Łukasz speaks", "soren lukasz"),
            ("Die Straße bleibt", "strasse"),
            ("U.S. ports", "US ports"),
            ("O’Neill wins", "oneill"),
            ("हिन्दी में समाचार", "हिन्दी"),
            ("مُحَمَّد يتكلم", "محمد"),
            ("東京都の港", "京都"),
            ("한국어 신문", "한국어"),
            ("Новый паром", "новыи"),
        ],
    )
    def test_folds_accents_and_scripts(self, title, query):
        publish(title)
        publish("Something else")
        assert titles(query) == [title]

    def test_wants_all_words(self):
        publish("The ferry sails")
        publish("The bridge opens")
        publish("The bridge waits", "For the ferry.")
        assert titles("ferry bridge") == ["The bridge waits"]

    def test_keeps_phrases_together(self):
        publish("Shore power arrives")
        publish("Power on the shore")
        assert titles('"shore power"') == ["Shore power arrives"]
        assert titles("“shore power”") == ["Shore power arrives"]
        assert titles("shore-power") == ["Shore power arrives"]
        assert len(titles("shore power")) == 2

    def test_leaves_out_what_is_excluded(self):
        publish("The ferry sails")
        publish("The ferry sinks")
        assert titles("ferry -sinks") == ["The ferry sails"]
        assert titles('ferry -"ferry sinks"') == ["The ferry sails"]

    def test_finds_titles_of_the_commonest_words(self):
        publish("The Who")
        publish("A ferry")
        assert titles("the who") == ["The Who"]

    def test_finds_nothing_for_nothing(self):
        publish("The ferry sails")
        for query in ("", "  ", "?!", "...", '""'):
            assert search.search(query) == search.Results()


class TestOrder:
    def test_best_has_titles_before_texts(self):
        publish("The ferry sails", at=NOW - datetime.timedelta(days=9))
        publish("A quiet day", "The ferry sailed by.", at=NOW - datetime.timedelta(days=1))
        assert titles("ferry") == ["The ferry sails", "A quiet day"]

    def test_best_has_the_newer_of_two_alike_first(self):
        publish("The ferry sails once", at=NOW - datetime.timedelta(days=900))
        publish("The ferry sails twice", at=NOW - datetime.timedelta(days=3))
        assert titles("ferry") == ["The ferry sails twice", "The ferry sails once"]

    def test_newest_has_dates_alone(self):
        publish("A quiet day", "The ferry sailed by.", at=NOW - datetime.timedelta(days=1))
        publish("The ferry sails", at=NOW - datetime.timedelta(days=9))
        assert titles("ferry", order="newest") == ["A quiet day", "The ferry sails"]

    def test_is_by_first_publication(self, editor):
        old = publish("The ferry sails", at=NOW - datetime.timedelta(days=9))
        publish("The ferry stops", at=NOW - datetime.timedelta(days=5))
        publishing.publish(old.article, by=editor)
        assert titles("ferry", order="newest") == ["The ferry stops", "The ferry sails"]


class TestFilters:
    @pytest.fixture
    def stories(self):
        world, sport = make_section("World"), make_section("Sport")
        mira, jonas = make_author("Mira Holt"), make_author("Jonas Berg")
        day = datetime.timedelta(days=1)
        publish("Ferry one", section=world, authors=[mira], at=NOW - 9 * day)
        publish("Ferry two", section=world, authors=[jonas, mira], at=NOW - 5 * day)
        publish("Ferry three", section=sport, authors=[jonas], at=NOW - 1 * day)
        return {"world": world, "sport": sport}

    @pytest.mark.parametrize("order", ["best", "newest"])
    def test_narrow(self, stories, order):
        def found(**options):
            return set(titles("ferry", order=order, **options))

        world = stories["world"].pk
        assert found(section=world) == {"Ferry one", "Ferry two"}
        assert found(author="mira-holt") == {"Ferry one", "Ferry two"}
        assert found(author="jonas-berg", section=world) == {"Ferry two"}
        assert found(since=NOW - datetime.timedelta(days=5)) == {"Ferry two", "Ferry three"}
        assert found(until=NOW - datetime.timedelta(days=5)) == {"Ferry one"}
        assert found(author="nobody") == set()

    def test_work_without_words_newest_first(self, stories):
        assert titles("", author="mira-holt") == ["Ferry two", "Ferry one"]
        assert titles("", section=stories["sport"].pk) == ["Ferry three"]
        assert len(titles("", until=NOW)) == 3

    def test_of_the_page_are_days_of_the_papers_time_zone(self, stories, settings):
        settings.TIME_ZONE = "Asia/Kolkata"
        publish("Ferry by midnight", at=datetime.datetime(2026, 3, 1, 20, tzinfo=datetime.UTC))
        with timezone.override("Asia/Kolkata"):
            assert "by midnight" in get(q="ferry", since="2026-03-02", until="2026-03-02")
            assert "by midnight" not in get(q="ferry", until="2026-03-01")

    def test_stay_in_the_form(self, stories):
        html = get(
            q="ferry", section="world", author="mira-holt", since="2026-05-01", order="newest"
        )
        for part in (
            'value="ferry"',
            '<option value="world" selected>',
            '<option value="mira-holt" selected>Mira Holt<',
            'value="2026-05-01"',
            '<option value="newest" selected>',
        ):
            assert part in html


class TestTime:
    """Only what is live is found, by the clock alone."""

    def test_a_draft_is_not_found(self):
        make_article(headline="A hidden draft", body="<p>zeppelin</p>")
        assert titles("zeppelin") == []

    def test_a_change_that_is_not_published_is_not_found(self, editor):
        edition = publish("The ferry sails")
        edition.article.body = "<p>zeppelin</p>"
        edition.article.save()
        assert titles("zeppelin") == []
        publishing.publish(edition.article, by=editor)
        assert titles("zeppelin") == ["The ferry sails"]

    def test_a_scheduled_story_is_found_from_its_moment_on(self):
        moment = timezone.now() + datetime.timedelta(hours=2)
        publish("The ferry sails", "zeppelin", at=moment)
        assert titles("zeppelin") == []
        assert titles("zeppelin", order="newest") == []
        assert titles("zeppelin", at=moment - datetime.timedelta(microseconds=1)) == []
        assert titles("zeppelin", at=moment) == ["The ferry sails"]
        assert titles("zeppelin", at=moment, order="newest") == ["The ferry sails"]

    def test_a_scheduled_update_takes_over_at_its_moment(self, editor):
        edition = publish("The ferry sails", "walrus")
        edition.article.body = "<p>zeppelin</p>"
        edition.article.save()
        moment = timezone.now() + datetime.timedelta(hours=2)
        publishing.schedule(edition.article, by=editor, at=moment)
        for order in ("best", "newest"):
            assert titles("walrus", order=order) == ["The ferry sails"]
            assert titles("zeppelin", order=order) == []
            assert titles("walrus", order=order, at=moment) == []
            assert titles("zeppelin", order=order, at=moment) == ["The ferry sails"]

    def test_a_cancelled_plan_is_never_found(self, editor):
        moment = timezone.now() + datetime.timedelta(hours=2)
        edition = publish("The ferry sails", "zeppelin", at=moment)
        publishing.withdraw(edition.article, by=editor)
        assert titles("zeppelin", at=moment) == []
        assert SearchDocument.objects.count() == 0

    def test_a_withdrawn_story_is_not_found(self, editor):
        edition = publish("The ferry sails")
        publishing.withdraw(edition.article, by=editor)
        assert titles("ferry") == []
        publishing.publish(edition.article, by=editor)
        assert titles("ferry") == ["The ferry sails"]

    def test_a_story_to_be_withdrawn_is_found_until_then(self, editor):
        edition = publish("The ferry sails")
        moment = timezone.now() + datetime.timedelta(hours=2)
        publishing.withdraw(edition.article, by=editor, at=moment)
        assert titles("ferry", at=moment - datetime.timedelta(microseconds=1))
        assert titles("ferry", at=moment) == []

    def test_an_older_edition_is_found_no_more(self, editor):
        edition = publish("The ferry sails", "walrus")
        edition.article.body = "<p>zeppelin</p>"
        edition.article.save()
        publishing.publish(edition.article, by=editor)
        assert titles("walrus") == []
        assert SearchDocument.objects.count() == 1

    def test_no_suggestion_tells_a_word_of_a_story_to_come(self):
        publish("The ferry sails")
        publish("Zeppelin lands", at=timezone.now() + datetime.timedelta(hours=2))
        results = search.search("zeppelim")
        assert (results.suggestion, results.nearby) == ("", [])

    def test_an_index_that_says_otherwise_is_not_believed(self, editor):
        edition = publish("The ferry sails")
        rows = SearchDocument.objects.filter(pk=edition.pk)
        publishing.withdraw(edition.article, by=editor)
        search.store([edition])
        assert rows.exists()
        assert titles("ferry") == []


class TestPages:
    @pytest.mark.parametrize("order", ["best", "newest"])
    def test_give_every_match_once_in_order(self, monkeypatch, order):
        monkeypatch.setattr(search, "PAGE_LENGTH", 3)
        world = make_section("World")
        for number in range(8):
            # Some at the same moment, and alike.
            at = NOW - datetime.timedelta(days=number // 3)
            publish(f"The ferry sails {number}", section=world, at=at)
        seen, token, pages = [], "", 0
        while True:
            results = search.search("ferry", order=order, after=token)
            assert results.is_first == (not token)
            seen += [found.edition.pk for found in results.items]
            pages += 1
            token = results.next
            if not token:
                break
        assert pages == 3
        wanted = Edition.objects.order_by("-first_published_at", "-pk").values_list("pk", flat=True)
        assert seen == list(wanted)

    def test_count_what_was_found(self):
        for number in range(3):
            publish(f"The ferry sails {number}")
        results = search.search("ferry")
        assert (results.total, results.is_total, results.next) == (3, True, "")
        assert "3 results" in get(q="ferry")

    @pytest.mark.parametrize(
        "token",
        [
            "",
            "x",
            "b",
            "n",
            "b0x1p+0",
            "bnan,1",
            "binf,1",
            "b0x1p+99999,1",
            "n99999999999999999999,1",
            "n-1,1",
            "n0,999999999999999999",
            "b1.5,1",
            "n1.5,1",
            "n" + "9" * 40 + ",1",
            "b1,1\n",
            "\0",
        ],
    )
    @pytest.mark.parametrize("order", ["best", "newest"])
    def test_take_any_token(self, token, order):
        publish("The ferry sails")
        assert search.search("ferry", after=token, order=order).total in {0, 1}
        get(q="ferry", after=token, order=order)

    def test_of_one_order_are_no_pages_of_the_other(self, monkeypatch):
        monkeypatch.setattr(search, "PAGE_LENGTH", 1)
        for number in range(2):
            publish(f"The ferry sails {number}")
        token = search.search("ferry", order="newest").next
        assert search.search("ferry", order="best", after=token).is_first

    def test_are_linked_with_all_that_was_asked(self, monkeypatch):
        monkeypatch.setattr(search, "PAGE_LENGTH", 1)
        world = make_section("World")
        for number in range(2):
            publish(f"The ferry sails {number}", section=world)
        client = Client()
        html = get(client, q="ferry sails", section="world", order="newest")
        href = re.search(r'href="([^"]+)" rel="next"', html)[1].replace("&amp;", "&")
        for part in ("q=ferry+sails", "section=world", "order=newest", "after=n"):
            assert part in href
        second = client.get(href).content.decode()
        assert "The <mark>ferry sails</mark> 0" in second
        assert 'rel="first"' in second
        assert 'rel="next"' not in second


class TestMarks:
    def test_are_around_the_words_that_were_found(self):
        publish("The Ferries’ café", standfirst="A ferry, for <b>all</b> & a ferry-house.")
        (found,) = search.search("ferry cafe").items
        assert found.title == "The <mark>Ferries</mark>’ <mark>café</mark>"
        assert found.snippet == (
            "A <mark>ferry</mark>, for &lt;b&gt;all&lt;/b&gt; &amp; a <mark>ferry</mark>-house."
        )

    def test_join_words_that_follow_each_other(self):
        publish("New shore power arrives")
        (found,) = search.search("shore power").items
        assert found.title == "New <mark>shore power</mark> arrives"

    def test_excerpt_the_part_with_the_most_of_them(self):
        body = f"A ferry. {'Filler words here. ' * 40}The ferry met a ferry. {'More words. ' * 40}"
        publish("A quiet day", body, standfirst="Nothing happened.")
        (found,) = search.search("ferry").items
        assert "<mark>ferry</mark> met a <mark>ferry</mark>" in found.snippet
        assert found.snippet.startswith("… ")
        assert found.snippet.endswith(" …")
        assert len(strip_tags(found.snippet).split()) < 40

    def test_are_not_needed(self):
        publish("A quiet day", authors=[make_author("Mira Holt")], standfirst="Nothing happened.")
        (found,) = search.search("mira").items
        assert found.snippet == "Nothing happened."

    @pytest.mark.parametrize("place", ["headline", "standfirst", "summary", "pull_quote", "body"])
    def test_never_let_html_through(self, place):
        hostile = "ferry <script>alert(1)</script> <img src=x onerror=alert(1)> &lt;i&gt; \"'"
        fields = {place: hostile}
        if place == "headline":
            fields["short_title"] = hostile
        if place == "body":
            fields = {
                "body": "<p>ferry &lt;script&gt;alert(1)&lt;/script&gt; &lt;img src=x&gt;</p>"
            }
        publish("A quiet day", **fields)
        html = get(q='ferry script "img src" alert')
        assert_valid(html.encode())
        assert "<script>" not in html
        assert "<img src=x" not in html
        assert "<mark>script</mark>" in html

    @given(st.text(max_size=60), st.text(max_size=60))
    def test_leave_the_text_as_it_is(self, text, query):
        found = words_of(text)
        marked = " ".join(
            f"<{word.folded}>" if word.folded in query else word.folded for word in found
        )
        html = MarkedText(text, found, marked).up_to(len(text))
        assert re.sub("</?mark>", "", html) == escape(text)
        assert html.count("<mark>") == html.count("</mark>")


class TestNothingFound:
    @pytest.mark.parametrize(
        ("query", "meant"),
        [
            ("shor powr", "shore power"),
            ("ferrry", "ferry"),
            ("zepelin", "zeppelin"),
            ("zepplein", "zeppelin"),
            ("ferry zepplin", "ferry zeppelin"),
            ('"shore powr"', '"shore power"'),
        ],
    )
    def test_suggests_what_was_meant(self, query, meant):
        publish("Shore power for the ferry and the zeppelin")
        publish("Nothing to see", "Other words entirely, such as short and flower.")
        results = search.search(query)
        assert results.items == []
        assert results.suggestion == meant
        assert [f.edition.short_title for f in results.nearby] == [
            "Shore power for the ferry and the zeppelin"
        ]
        html = get(q=query)
        assert "Did you mean" in html
        assert_valid(html.encode())

    def test_gives_stories_with_some_of_the_words(self):
        publish("The ferry sails")
        publish("The bridge opens")
        results = search.search("ferry aardvark")
        assert [found.edition.short_title for found in results.nearby] == ["The ferry sails"]
        assert "These come close" in get(q="ferry aardvark")

    def test_keeps_the_filters_and_offers_to_drop_them(self):
        publish("The ferry sails", section=make_section("World"))
        make_section("Sport")
        html = get(q="ferry", section="sport")
        assert "Nothing matches" in html
        assert '<a href="/search/?q=ferry">search every section</a>' in html

    def test_says_so_without_any_story(self):
        html = get(q="<b>ferry</b>")
        assert "Nothing matches “<bdi>&lt;b&gt;ferry&lt;/b&gt;</bdi>”." in html
        assert_valid(html.encode())


class TestHostileQueries:
    @pytest.mark.parametrize("query", HOSTILE)
    def test_are_just_text(self, query):
        publish("The ferry sails", "e-mail a b c d x")
        for order in ("best", "newest"):
            assert_valid(get(q=query, order=order).encode())
        assert Edition.objects.count() == 1

    @example("ferry", "world", "0001-01-01", "9999-12-31", "best", "b0x1p+0,1")
    @given(
        st.text(max_size=300) | st.text(alphabet="ab \"'-*():^&|!<>\\%\0", max_size=60),
        st.text(max_size=20),
        st.text(max_size=12) | st.dates().map(str),
        st.text(max_size=12) | st.dates().map(str),
        st.sampled_from(["best", "newest", "", "x"]),
        st.text(max_size=30)
        | st.from_regex(r"[bn][0-9a-fx.p+-]{1,20},[0-9]{1,25}", fullmatch=True),
    )
    @hypothesis_settings(max_examples=150)
    def test_never_break_the_page(self, query, name, since, until, order, token):
        if not SearchDocument.objects.exists():
            publish("The ferry sails", "a b ab aa bb a-b b'a", section=make_section("World"))
        get(
            q=query,
            section=name,
            author=name,
            since=since,
            until=until,
            order=order,
            after=token,
        )


class TestWords:
    @given(st.text())
    def test_are_folded_for_good(self, text):
        for word in words_of(text):
            assert fold(word.folded) == word.folded or word.folded.endswith("s")
            assert not re.search(r"[\s<>\"'():*\\]", word.folded)
            assert text[word.start : word.end]

    @pytest.mark.parametrize(
        ("one", "other", "apart"),
        [
            ("shor", "shore", 1),
            ("powr", "power", 1),
            ("teh", "the", 1),
            ("abc", "abc", 0),
            ("kitten", "sitting", 3),
            ("abcdef", "ab", 4),
        ],
    )
    def test_are_as_far_apart_as_letters_to_change(self, one, other, apart):
        assert distance(one, other, 9) == distance(other, one, 9) == apart
        assert distance(one, other, apart - 1) == apart if apart else True


class TestPage:
    def test_is_the_same_for_everybody(self, client, editor):
        publish("The ferry sails")
        anonymous = Client().get("/search/?q=ferry")
        client.force_login(editor)
        assert client.get("/search/?q=ferry").content == anonymous.content
        assert anonymous.cookies == {}
        assert anonymous.headers["Cache-Control"].startswith("public")

    def test_names_the_front_and_its_stories(self):
        edition = publish("The ferry sails", lead_image=make_image())
        keys = Client().get("/search/?q=ferry").headers["Surrogate-Key"].split()
        assert {"front", "sections", f"article:{edition.article_id}"} <= set(keys)

    def test_shows_cards_with_pictures_and_comments(self):
        edition = publish("The ferry sails", lead_image=make_image(), section=make_section("World"))
        Comment.objects.create(
            article=edition.article,
            name="Mira",
            email="m@example.org",
            body="The ferry is how my children get to school, so I am glad.",
            status=Comment.Status.APPROVED,
        )
        html = get(q="ferry")
        for part in (
            "The <mark>ferry</mark> sails",
            "1 comment",
            'alt="A ferry at its pier"',
            "World",
        ):
            assert part in html

    def test_is_valid_in_all_its_states(self, monkeypatch):
        monkeypatch.setattr(search, "PAGE_LENGTH", 2)
        make_section("World")
        for number in range(5):
            publish(f"The ferry sails {number}", lead_image=make_image() if number else None)
        token = search.search("ferry").next
        for query in (
            {},
            {"q": "ferry"},
            {"q": "ferry", "after": token},
            {"q": "ferry", "after": "n0,1", "order": "newest"},
            {"q": "ferrrry"},
            {"q": "nothing at all"},
            {"section": "world"},
            {"q": "ferry", "section": "world", "since": "2020-01-01", "order": "newest"},
        ):
            assert_valid(get(**query).encode())

    def test_asks_search_engines_to_stay_out(self):
        assert '<meta name="robots" content="noindex">' in get(q="ferry")
        assert "noindex" not in get()

    def test_is_linked_from_every_page(self):
        assert 'href="/search/"' in Client().get("/").content.decode()

    @pytest.mark.parametrize("order", ["best", "newest"])
    @pytest.mark.parametrize("stories", [1, 20])
    def test_takes_few_queries(self, client, stories, order, django_assert_max_num_queries):
        world, image = make_section("World"), make_image()
        for number in range(stories):
            publish(f"The ferry sails {number}", section=world, lead_image=image)
        with django_assert_max_num_queries(11):
            html = client.get(f"/search/?q=ferry&section=world&order={order}").content.decode()
        assert html.count("<mark>ferry</mark>") == stories

    def test_takes_few_queries_for_a_suggestion(self, client, django_assert_max_num_queries):
        publish("Shore power for the ferry")
        with django_assert_max_num_queries(60):
            client.get("/search/?q=shor+powr+ferrry")


class TestReindex:
    def test_finds_what_the_index_has_lost(self, editor):
        publish("The ferry sails")
        gone = publish("The ferry sinks")
        publishing.withdraw(gone.article, by=editor)
        search.store([gone])
        SearchDocument.objects.filter(edition__short_title="The ferry sails").delete()
        assert titles("ferry") == []
        call_command("reindex", verbosity=0)
        assert titles("ferry") == ["The ferry sails"]
        assert SearchDocument.objects.count() == 1

    def test_can_be_done_again(self):
        publish("The ferry sails")
        for _ in range(2):
            call_command("reindex", verbosity=0)
        assert titles("ferry") == ["The ferry sails"]

    def test_takes_the_papers_language(self, settings):
        publish("The ferries sail")
        assert titles("ferry")
        settings.LANGUAGE_CODE = "pl"
        call_command("reindex", verbosity=0)
        assert titles("ferry") == []
        assert titles("ferries") == ["The ferries sail"]
        settings.LANGUAGE_CODE = "en"
        call_command("reindex", verbosity=0)
        assert titles("ferry")

    def test_happens_by_itself_when_there_is_no_index_yet(self):
        publish("The ferry sails")
        SearchDocument.objects.all().delete()
        call_command("migrate", verbosity=0)
        assert titles("ferry") == ["The ferry sails"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="It is about PostgreSQL's plans.")
class TestManyMatches:
    """With more matches than are looked at, PostgreSQL goes back through time step by step."""

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch):
        from articles.search import postgresql

        monkeypatch.setattr(postgresql, "_FEW", -1)
        monkeypatch.setattr(postgresql, "NEWEST_RANKED", 4)
        monkeypatch.setattr(postgresql, "TITLES_RANKED", 2)
        world = make_section("World")
        for months in (0, 1, 2, 5, 13, 20, 40, 80, 300):
            at = timezone.now() - datetime.timedelta(days=30.4 * months, hours=1)
            publish(f"The ferry of {months}", section=world, at=at)

    def test_pages_have_all_of_them(self, monkeypatch):
        monkeypatch.setattr(search, "PAGE_LENGTH", 2)
        seen, token = [], ""
        while True:
            results = search.search("ferry", order="newest", after=token)
            seen += [found.edition.short_title for found in results.items]
            token = results.next
            if not token:
                break
        assert seen == [f"The ferry of {n}" for n in (0, 1, 2, 5, 13, 20, 40, 80, 300)]

    def test_the_best_say_that_there_are_more(self):
        results = search.search("ferry")
        assert (len(results.items), results.is_total, results.is_cut) == (4, False, True)
        assert "see all of them" in get(q="ferry")

    def test_dates_bound_them(self):
        day = timezone.now() - datetime.timedelta(days=300)
        assert len(titles("ferry", until=day)) == 4
        assert len(titles("ferry", since=day, order="newest")) == 4
