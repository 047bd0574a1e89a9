"""Lists of stories: what is on them and what never is, page after page, at the same cost."""

import datetime
import re
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.utils import timezone, translation
from hypothesis import example, given
from hypothesis import strategies as st

from articles import archive, keys, listing, publishing
from articles.archive import Span
from articles.listing import Place
from articles.models import Edition, Listing
from comments.models import Comment
from tests.factories import (
    COMMENT,
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

START = datetime.datetime(2026, 1, 8, 9, 30, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def editor():
    return make_editor("lucia")


@pytest.fixture
def subjects():
    """Everything that a story can be listed under."""
    return {
        "section": make_section("World"),
        "topics": [make_topic("Ferries")],
        "authors": [make_author("Mira Holt", bio="Mira Holt writes about the sea.")],
        "agency": make_agency("IANS"),
    }


LISTS = {
    "section": "/world/",
    "topic": "/topics/ferries/",
    "author": "/authors/mira-holt/",
    "agency": "/agencies/ians/",
    "year": "/2026/",
    "month": "/2026/01/",
    "day": "/2026/01/08/",
}
each_list = pytest.mark.parametrize("path", LISTS.values(), ids=LISTS)


def publish_many(number, editor, subjects, start=START, **fields):
    return [
        publish_article(by=editor, at=start + place * MINUTE, **subjects, **fields)
        for place in range(number)
    ]


def titles(html):
    """The stories of a page, in its order."""
    main = html.split("<main", 1)[1]
    return re.findall(r'<h[23]><a href="[^"]*">(Winter ferry[^<]*)</a>', main)


def older(html):
    match = re.search(r'href="([^"]*before=[^"]*)" rel="next"', html)
    return match and match[1]


class TestEveryList:
    @each_list
    def test_has_each_story_once_newest_first_over_all_its_pages(
        self, client, editor, subjects, path, monkeypatch
    ):
        monkeypatch.setattr(listing, "PAGE_LENGTH", 3)
        monkeypatch.setattr(
            listing.page_of,
            "__kwdefaults__",
            {
                **listing.page_of.__kwdefaults__,
                "length": 3,
            },
        )
        made = publish_many(5, editor, subjects)
        # Several of one moment, and one that was published again.
        made += publish_many(1, editor, subjects, START + 4 * MINUTE)
        made += publish_many(1, editor, subjects, START + 4 * MINUTE)
        publishing.publish(made[1].article, by=editor)
        found, address = [], path
        while address:
            html = client.get(address).text
            assert len(titles(html)) <= 3
            found += titles(html)
            address = older(html)
        wanted = sorted(Edition.objects.live(), key=lambda each: (each.first_published_at, each.pk))
        assert found == [edition.short_title for edition in reversed(wanted)]

    @each_list
    def test_shows_no_story_of_another(self, client, editor, subjects, path):
        publish_many(1, editor, subjects)
        other = publish_article(
            by=editor,
            at=START + datetime.timedelta(days=400),
            section=make_section("Sport"),
            topics=[make_topic("Rowing")],
            authors=[make_author("Jonas Berg")],
            agency=make_agency("Reuter"),
        )
        assert other.short_title not in client.get(path).text

    @each_list
    def test_is_valid_on_its_first_and_on_later_pages(self, client, editor, subjects, path):
        publish_many(listing.PAGE_LENGTH + 2, editor, subjects)
        html = client.get(path).text
        assert_valid(html)
        assert_valid(client.get(older(html)).text)

    @each_list
    def test_leads_back_from_a_later_page_and_keeps_it_out_of_search_engines(
        self, client, editor, subjects, path
    ):
        publish_many(listing.PAGE_LENGTH + 2, editor, subjects)
        html = client.get(path).text
        assert '<meta name="robots" content="max-image-preview:large">' in html
        assert f'<link rel="canonical" href="http://testserver{path}">' in html
        assert "Newest stories" not in html
        later = client.get(older(html)).text
        assert '<meta name="robots" content="noindex, max-image-preview:large">' in later
        assert f'<a class="chip" href="{path}">Newest stories</a>' in later
        assert older(later) is None

    @each_list
    @pytest.mark.parametrize("stories", [1, 30])
    def test_asks_the_database_a_few_times_for_any_number_of_stories(
        self, client, editor, subjects, path, stories, django_assert_max_num_queries
    ):
        made = publish_many(stories, editor, subjects, lead_image=make_image())
        Comment.objects.bulk_create(
            Comment(
                article=edition.article,
                name="Petra",
                email="petra@example.org",
                body=COMMENT,
                status=Comment.Status.APPROVED,
            )
            for edition in made
        )
        # The stories, their comments, the sections; what the list is of, or its calendar.
        with django_assert_max_num_queries(4):
            client.get(path)

    @each_list
    def test_names_what_may_change_it(self, client, editor, subjects, path):
        (edition,) = publish_many(1, editor, subjects)
        named = set(client.get(path).headers["Surrogate-Key"].split())
        assert named >= {"sections", keys.article(edition.article_id)}
        assert named & (keys.touched_by(edition) - {keys.article(edition.article_id)})

    @pytest.mark.parametrize("name", ["topic", "author", "agency"])
    def test_that_is_empty_says_so(self, client, subjects, name):
        response = client.get(LISTS[name])
        assert response.status_code == 200
        assert_valid(response.content)
        assert "Nothing is published here yet." in response.text

    @pytest.mark.parametrize("name", ["topics/no/", "authors/no/", "agencies/no/", "no/"])
    def test_that_never_was_is_a_404(self, client, name):
        assert client.get(f"/{name}").status_code == 404

    def test_of_an_author_says_who_that_is(self, client, editor, subjects):
        publish_many(1, editor, subjects)
        assert "Mira Holt writes about the sea." in client.get(LISTS["author"]).text

    def test_is_linked_from_the_story(self, client, editor, subjects):
        (edition,) = publish_many(1, editor, subjects)
        html = client.get(edition.get_absolute_url()).text
        for name in ("section", "topic", "author", "agency"):
            assert f'href="{LISTS[name]}"' in html


class TestLaterPages:
    @pytest.fixture
    def place(self, editor, subjects):
        return Place.of(publish_many(2, editor, subjects)[-1])

    @each_list
    def test_are_a_404_where_no_older_story_is(self, client, editor, subjects, place, path):
        first = publish_article(by=editor, at=START - 400 * 1440 * MINUTE)
        assert client.get(f"{path}?before={place}").status_code == 200
        assert client.get(f"{path}?before={Place.of(first)}").status_code == 404

    @each_list
    def test_are_a_404_where_no_story_was(self, client, place, path):
        for made_up in (Place(place.at, place.pk + 1), Place(place.at + MINUTE, place.pk)):
            assert client.get(f"{path}?before={made_up}").status_code == 404

    def test_go_on_from_where_a_story_was_that_is_withdrawn(self, client, editor, subjects):
        last = publish_many(2, editor, subjects)[-1]
        publishing.withdraw(last.article, by=editor)
        assert client.get(f"/world/?before={Place.of(last)}").status_code == 200

    @each_list
    @pytest.mark.parametrize(
        "token", ["", "1", "-", "1-", "-1", "01-1", "1-01", "+1-1", "1-1-1", "9" * 17 + "-1", "١-١"]
    )
    def test_are_a_404_for_words_that_no_list_has_written(self, client, place, path, token):
        assert client.get(path, {"before": token}).status_code == 404

    @given(token=st.text(max_size=30) | st.from_regex("[0-9]{1,19}-[0-9]{1,19}", fullmatch=True))
    @example(token="1767864600000000-9223372036854775807")
    @example(token="99999999999999999-999999999999999999")
    def test_never_fail(self, token):
        for path in LISTS.values():
            assert Client().get(path, {"before": token}).status_code < 500

    @given(microseconds=st.integers(0, 9 * 10**16), pk=st.integers(0, 10**18 - 1))
    def test_are_named_by_what_they_begin_after(self, microseconds, pk):
        token = f"{microseconds}-{pk}"
        assert str(Place.read(token)) == token

    def test_name_months_of_a_short_span_and_years_of_a_long_one(self):
        assert keys.span(START, START) == ["month:2026-01"]
        assert keys.span(START - 40 * 1440 * MINUTE, START) == [
            "month:2025-11",
            "month:2025-12",
            "month:2026-01",
        ]
        assert keys.span(START - 400 * 1440 * MINUTE, START) == [
            "year:2024",
            "year:2025",
            "year:2026",
        ]


class TestArchive:
    def test_has_the_years_with_stories_newest_first(self, client, editor, subjects):
        for year in (2019, 2024, 2026):
            publish_many(1, editor, subjects, START.replace(year=year))
        html = client.get("/archive/").text
        assert re.findall(r'class="chip" href="(/\d{4}/)"', html) == ["/2026/", "/2024/", "/2019/"]
        assert_valid(html)

    def test_without_stories_says_so(self, client):
        html = client.get("/archive/").text
        assert "Nothing is published yet." in html
        assert_valid(html)

    def test_of_a_year_has_its_months_with_stories(self, client, editor, subjects):
        for month in (1, 3, 12):
            publish_many(1, editor, subjects, START.replace(year=2025, month=month))
        html = client.get("/2025/").text
        months = re.findall(r'class="chip" href="(/2025/\d\d/)">([^<]*)', html)
        assert months == [
            ("/2025/01/", "January"),
            ("/2025/03/", "March"),
            ("/2025/12/", "December"),
        ]

    def test_of_a_month_has_a_calendar_of_its_days_with_stories(self, client, editor, subjects):
        for day in (1, 8, 31):
            publish_many(1, editor, subjects, START.replace(day=day))
        html = client.get("/2026/01/").text
        calendar = re.search("<table.*</table>", html, re.DOTALL)[0]
        assert re.findall(r'href="([^"]*)"', calendar) == [
            "/2026/01/01/",
            "/2026/01/08/",
            "/2026/01/31/",
        ]
        rows = re.findall("<tr>(.*?)</tr>", calendar)[1:]
        # 1 January 2026 is a Thursday, and weeks begin on Sunday in English.
        assert re.sub("<[^>]*>", " ", rows[0]).split() == ["1", "2", "3"]
        assert rows[0].count("<td>") == 7
        assert rows[0].startswith("<td></td>" * 4)

    def test_has_a_calendar_for_one_query(self, editor, subjects, django_assert_num_queries):
        publish_many(3, editor, subjects)
        month = Span(2026, 1)
        with django_assert_num_queries(1):
            weeks = archive.weeks_of(month, set(archive.with_stories(month.parts())))
        assert [cell.span.day for week in weeks for cell in week if cell.has_stories] == [8]

    def test_of_a_day_marks_it_in_the_calendar(self, client, editor, subjects):
        publish_many(1, editor, subjects)
        calendar = re.search("<table.*</table>", client.get("/2026/01/08/").text, re.DOTALL)[0]
        (current,) = re.findall(r'<a href="([^"]*)"[^>]* aria-current="page">', calendar)
        assert current == "/2026/01/08/"

    def test_begins_weeks_as_the_language_does(self):
        with translation.override("en"):
            assert archive.weekdays()[0] == ("Sun", "Sunday")
        with translation.override("de"):
            assert archive.weekdays()[0][1] == "Montag"
            first = archive.weeks_of(Span(2026, 1), set())[0]
        assert [day.span and day.span.day for day in first] == [None, None, None, 1, 2, 3, 4]

    def test_leads_to_the_months_and_years_beside_it(self, client, editor, subjects):
        for year, month in ((2024, 12), (2025, 1), (2025, 3)):
            publish_many(1, editor, subjects, START.replace(year, month))

        def turns(path):
            html = client.get(path).text
            return re.findall(r'<a class="chip" href="([^"]*)" rel="(prev|next)"', html)

        assert turns("/2025/01/") == [("/2024/12/", "prev")]
        assert turns("/2025/03/") == []
        assert turns("/2024/12/") == [("/2025/01/", "next")]
        assert turns("/2025/") == [("/2024/", "prev")]
        assert turns("/2024/") == [("/2025/", "next")]
        assert turns(f"/2024/12/{START:%d}/") == [("/2025/01/", "next")]
        publish_many(1, editor, subjects, START.replace(2025, 2))
        assert turns("/2025/01/") == [("/2024/12/", "prev"), ("/2025/02/", "next")]

    def test_ends_where_time_does(self):
        assert Span(1000).beside() == (None, Span(1001))
        assert Span(1000, 1).beside() == (None, Span(1000, 2))
        assert Span(9998, 12).beside() == (Span(9998, 11), None)

    def test_goes_by_the_papers_own_days(self, client, editor, subjects, settings):
        settings.TIME_ZONE = "Asia/Tokyo"
        late = datetime.datetime(2025, 12, 31, 15, 0, tzinfo=datetime.UTC)
        edition = publish_article(by=editor, at=late, **subjects)
        assert edition.get_absolute_url().startswith("/2026/01/01/")
        assert edition.short_title in client.get("/2026/01/01/").text
        assert client.get("/2025/").status_code == 404

    @pytest.mark.parametrize("path", ["/2020/", "/2026/02/", "/2026/01/09/", "/2030/"])
    def test_is_a_404_where_nothing_was_published(self, client, editor, subjects, path):
        publish_many(1, editor, subjects)
        assert client.get(path).status_code == 404

    @given(
        year=st.from_regex("[0-9]{4}", fullmatch=True),
        month=st.from_regex("[0-9]{2}", fullmatch=True),
        day=st.from_regex("[0-9]{2}", fullmatch=True),
    )
    @example(year="0000", month="00", day="00")
    @example(year="0001", month="01", day="01")
    @example(year="9999", month="12", day="31")
    @example(year="2025", month="02", day="29")
    def test_of_any_day_is_answered(self, year, month, day):
        for path in (f"/{year}/", f"/{year}/{month}/", f"/{year}/{month}/{day}/"):
            assert Client().get(path).status_code == 404

    def test_of_any_day_with_stories_is_found(self, client, editor, subjects):
        day = datetime.date(2024, 2, 25)
        for number in range(8):
            on = day + datetime.timedelta(days=number)
            publish_many(1, editor, subjects, START.replace(on.year, on.month, on.day))
            assert client.get(f"/{on:%Y/%m/%d}/").status_code == 200


STATES = ["draft", "scheduled", "embargoed", "withdrawn", "withdrawn before its time", "rewritten"]
FEEDS = [
    f"{path}feed.{kind}"
    for path in ("/", "/world/", "/topics/ferries/", "/authors/mira-holt/")
    for kind in ("xml", "atom", "json")
]
PLACES = [
    "/",
    "/no-such-page/",
    *(path for name, path in LISTS.items() if name not in {"year", "month", "day"}),
    "{day}",
    "{month}",
    "{year}",
    "/archive/",
    *FEEDS,
    "/sitemap.xml",
    "/sitemaps/pages.xml",
    "/sitemaps/news.xml",
    "/sitemaps/stories-0.xml",
    # The story beside it: related stories, JSON-LD.
    "{public}",
    "/oembed?url={public_url}",
]


class TestAStoryThatIsNotPublic:
    """A draft, a scheduled, embargoed or withdrawn story is nowhere, nor is a later draft."""

    WORDS = "Kraken"

    @pytest.fixture
    def secret(self, request, editor, subjects):
        title = f"{self.WORDS} seen off the middle island"
        fields = {
            **subjects,
            "headline": title,
            "short_title": title,
            "summary": title,
            "standfirst": title,
            "body": f"<p>{title}</p>",
            "slug": f"{self.WORDS}-seen",
        }
        now = timezone.now()
        soon, later = now + datetime.timedelta(hours=1), now + datetime.timedelta(days=400)
        match request.param:
            case "draft":
                return make_article(**fields)
            case "scheduled":
                return publish_article(by=editor, at=soon, **fields).article
            case "embargoed":
                return publish_article(by=editor, at=later, **fields).article
            case "withdrawn":
                article = publish_article(by=editor, **fields).article
                publishing.withdraw(article, by=editor)
                return article
            case "withdrawn before its time":
                article = publish_article(by=editor, at=soon, **fields).article
                publishing.withdraw(article, by=editor)
                return article
        article = publish_article(by=editor, **subjects).article
        for name, value in fields.items():
            if name not in {*subjects, "slug"}:
                setattr(article, name, value)
        article.save()
        return article

    @pytest.fixture
    def public(self, editor, subjects):
        return publish_article(by=editor, **subjects)

    @pytest.mark.parametrize("secret", STATES, indirect=True)
    def test_is_in_none_of_the_places_where_stories_are(self, client, public, secret, settings):
        settings.FEED_CONTENT = "full"
        on = public.article.published_on
        shown = 0
        for place in PLACES:
            path = place.format(
                day=f"/{on:%Y/%m/%d}/",
                month=f"/{on:%Y/%m}/",
                year=f"/{on:%Y}/",
                public=public.get_absolute_url(),
                public_url=quote(public.absolute_url),
            )
            response = client.get(path)
            assert response.status_code == (404 if place == "/no-such-page/" else 200), path
            assert self.WORDS.lower() not in response.text.lower(), path
            shown += public.article.slug in response.text
        # It would have been seen: the story beside it is.
        assert shown >= len(PLACES) - 4

    @pytest.mark.parametrize(
        "secret", [state for state in STATES if state != "rewritten"], indirect=True
    )
    def test_has_no_page_of_its_own(self, client, public, secret):
        on = secret.published_on or timezone.localdate()
        path = f"/{on:%Y/%m/%d}/{secret.slug}/"
        for address in (path, f"/oembed?{urlencode({'url': f'http://testserver{path}'})}"):
            response = client.get(address)
            assert response.status_code in (404, 410)
            assert self.WORDS not in response.text

    @pytest.mark.parametrize("place", PLACES)
    def test_would_be_seen_where_it_could_be(self, client, editor, subjects, place):
        """The table tests what it says: a public story with these words is in these places."""
        title = f"{self.WORDS} seen"
        public = publish_article(by=editor, headline=title, short_title=title, **subjects)
        beside = publish_article(by=editor, **subjects)
        on = public.article.published_on
        path = place.format(
            day=f"/{on:%Y/%m/%d}/",
            month=f"/{on:%Y/%m}/",
            year=f"/{on:%Y}/",
            public=beside.get_absolute_url(),
            public_url=quote(public.absolute_url),
        )
        text = client.get(path).text
        without_words = {"/archive/", "/sitemap.xml", "/sitemaps/pages.xml"}
        assert (self.WORDS in text or public.article.slug in text) == (place not in without_words)


class TestListings:
    def test_are_made_with_the_edition_and_never_change(self, editor, subjects):
        (edition,) = publish_many(1, editor, subjects)
        article = edition.article
        article.topics.clear()
        article.bylines.all().delete()
        assert edition.listings.count() == 3
        newer = publishing.publish(article, by=editor)
        assert edition.listings.count() == 3
        assert newer.listings.get().agency == subjects["agency"]

    def test_hold_an_author_with_two_roles_once(self, editor, subjects):
        article = make_article(**subjects)
        author = subjects["authors"][0]
        article.bylines.create(author=author, role="Pictures by", position=1)
        edition = publish_article(article, by=editor)
        assert edition.listings.filter(author=author).count() == 1

    def test_are_made_for_what_was_published_before_there_were_any(self, editor, subjects):
        from importlib import import_module

        from django.apps import apps

        (edition,) = publish_many(1, editor, subjects)
        before = set(edition.listings.values_list("topic", "author", "agency"))
        Listing.objects.all().delete()
        with connection.schema_editor() if connection.vendor == "postgresql" else _Execute() as do:
            import_module("articles.migrations.0004_listings").list_editions(apps, do)
        assert set(edition.listings.values_list("topic", "author", "agency")) == before


class _Execute:
    """As much of a schema editor as the migration of data needs: SQLite's refuses a transaction."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def execute(self, sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="It is PostgreSQL's plan.")
class TestPlans:
    """What a page costs doesn't grow with the list, nor with how far down the page is."""

    STORIES = 10_000

    @pytest.fixture
    def many(self, editor, subjects):
        """A long paper, written by the database itself."""
        (edition,) = publish_many(1, editor, subjects, START - datetime.timedelta(days=4000))
        for other in range(1, 5):
            make_section(f"Section {other}", slug=f"x{other}")
        with connection.cursor() as cursor:
            for table, changed in (
                ("articles_article", {"slug": "'s' || n", "id": "1000000 + n"}),
                (
                    "articles_edition",
                    {
                        "id": "1000000 + n",
                        "article_id": "1000000 + n",
                        # Most stories are elsewhere.
                        "section_id": "CASE WHEN n % 5 = 0 THEN section_id ELSE (SELECT s.id"
                        " FROM articles_section AS s WHERE s.slug = 'x' || n % 5) END",
                        "first_published_at": "first_published_at + n * interval '3 hours'",
                        "live_from": "live_from + n * interval '3 hours'",
                    },
                ),
                (
                    "articles_listing",
                    {
                        "id": "1000000 + n * 10 + row_number() OVER ()",
                        "edition_id": "1000000 + n",
                        "first_published_at": "first_published_at + n * interval '3 hours'",
                    },
                ),
            ):
                cursor.execute(
                    "SELECT column_name FROM information_schema.columns"
                    " WHERE table_name = %s AND is_generated = 'NEVER'",
                    [table],
                )
                names = [row[0] for row in cursor.fetchall()]
                values = ", ".join(changed.get(name, f'"{name}"') for name in names)
                columns = ", ".join(f'"{name}"' for name in names)
                condition = f"{table}.id < 1000000"
                numbers = f"generate_series(1, {self.STORIES})"
                if table == "articles_listing":
                    # Each subject is named by one story in ten.
                    condition += " AND n % 10 = 0"
                cursor.execute(
                    f"INSERT INTO {table} ({columns})"
                    f" SELECT {values} FROM {table}, {numbers} AS n WHERE {condition}"
                )
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ANALYZE")
        return edition

    def nodes(self, plan):
        yield plan
        for child in plan.get("Plans", []):
            yield from self.nodes(child)

    def test_are_index_scans_that_stop_at_the_end_of_the_page(self, many, subjects):
        lists = {
            "all": (Q(), False),
            "section": (Q(section=subjects["section"]), False),
            "topic": (Q(listings__topic=subjects["topics"][0]), True),
            "author": (Q(listings__author=subjects["authors"][0]), True),
            "agency": (Q(listings__agency=subjects["agency"]), True),
            "years": (Q(first_published_at__gte=START - 1440 * MINUTE * 3500), False),
        }
        newest = Edition.objects.newest_first().first().first_published_at
        span = newest - many.first_published_at
        for name, (chosen, listed) in lists.items():
            for back in (0, 0.1, 0.5, 0.8):
                place = Place(newest - span * back, 10**9)
                later = listing.after(place, listed=listed) if back else Q()
                page = listing.newest(chosen & later, listed=listed).for_cards()
                self.check(page[: listing.PAGE_LENGTH + 1], (name, back))

    def check(self, page, which):
        with connection.cursor() as cursor:
            sql, parameters = page.query.sql_with_params()
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters)
            ((plan,),) = cursor.fetchone()
        nodes = list(self.nodes(plan["Plan"]))
        scans = [node for node in nodes if "Relation Name" in node]
        small = {"articles_section", "articles_image"}
        large = [node for node in scans if node["Relation Name"] not in small]
        assert {node["Node Type"] for node in large} <= {"Index Scan", "Index Only Scan"}, which
        assert not [node for node in nodes if "Sort" in node["Node Type"]], which
        read = max(node["Actual Rows"] * node["Actual Loops"] for node in large)
        dropped = sum(
            node.get("Rows Removed by Filter", 0) * node["Actual Loops"] for node in large
        )
        assert read <= 2 * listing.PAGE_LENGTH, which
        # A section with one story in five may be read from the list of all.
        assert dropped <= 5 * listing.PAGE_LENGTH, which
