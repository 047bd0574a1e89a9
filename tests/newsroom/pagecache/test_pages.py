"""The real pages through the page cache: every page type is kept, and freshened by its changes."""

import datetime
import re
from types import SimpleNamespace
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone

from articles import keys, listing, publishing
from articles.models import Agency, Author, FrontBlock, FrontPage, FrontStory, Page, Topic
from comments import moderation
from newsroom.pagecache import front, purge
from newsroom.pagecache.site import page_cache
from tests.factories import (
    make_agency,
    make_article,
    make_author,
    make_comment,
    make_editor,
    make_image,
    make_moderator,
    make_page,
    make_publication,
    make_section,
    make_topic,
    publish_article,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed_db")]


@pytest.fixture
def cache(tmp_path, settings, monkeypatch):
    settings.PAGE_CACHE_FOLDER = tmp_path
    settings.PAGE_CACHE_LISTEN = False
    monkeypatch.setattr(purge, "_counters", None)
    # What is asked for here is rendered here, and nothing else.
    yield page_cache(WSGIHandler(), is_ahead=False)
    monkeypatch.setattr(purge, "_counters", None)


@pytest.fixture
def get(cache):
    """Ask for a page; gives its status, headers and text."""

    def get(path):
        path, _mark, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": "testserver",
        }
        setup_testing_defaults(environ)
        started = []
        body = b"".join(cache(environ, lambda *arguments: started.extend(arguments)))
        return int(started[0][:3]), dict(started[1]), body.decode()

    return get


@pytest.fixture
def edition(settings):
    make_page("About us", slug="about", kind="about")
    make_page("Our ethics", slug="ethics", kind="ethicsPolicy")
    make_publication(name=settings.PUBLICATION_NAME, has_public_history=True)
    article = make_article(
        section=make_section("World"),
        lead_image=make_image(),
        topics=[make_topic("Ferries")],
        authors=[make_author("Mira Holt")],
        agency=make_agency("IANS"),
    )
    # Readers have seen two editions, and may look at both.
    publish_article(article, at=timezone.now() - datetime.timedelta(minutes=2))
    edition = publish_article(article)
    publishing.correct(article, by=make_editor(), text="The bridge closed in 2024.")
    return edition


def is_hit(answer):
    return answer[1].get("Cache-Status") == "newsroom; hit"


def public_views():
    """The names of all addresses whose answers are the same for everybody."""
    return {
        f"{namespace}:{name}" if namespace else name
        for namespace, patterns in (
            ("", get_resolver().url_patterns),
            ("articles", get_resolver("articles.urls").url_patterns),
            ("comments", get_resolver("comments.urls").url_patterns),
        )
        for pattern in patterns
        if (view := getattr(pattern, "callback", None)) and hasattr(view, "public_query")
        for name in [pattern.name or str(pattern.pattern)]
    }


#: How to get to each public page, and what makes it show something else. A new page type belongs
#: in here: without it, the test of the addresses fails.
PAGES = {
    "articles:front": lambda edition: "/",
    "articles:section": lambda edition: edition.section.get_absolute_url(),
    "articles:article": lambda edition: edition.get_absolute_url(),
    "articles:topic": lambda edition: "/topics/ferries/",
    "articles:author": lambda edition: "/authors/mira-holt/",
    "articles:agency": lambda edition: "/agencies/ians/",
    "articles:about": lambda edition: "/about/",
    "articles:page": lambda edition: "/about/ethics/",
    "articles:archive": lambda edition: "/archive/",
    "articles:archive_year": lambda edition: f"/{edition.article.published_on:%Y}/",
    "articles:archive_month": lambda edition: f"/{edition.article.published_on:%Y/%m}/",
    "articles:archive_day": lambda edition: f"/{edition.article.published_on:%Y/%m/%d}/",
    "articles:history": lambda edition: edition.history_url,
    "articles:version": lambda edition: f"{edition.history_url}1/",
    "articles:comparison": lambda edition: f"{edition.history_url}compare/?from=1&to=2",
    "articles:corrections": lambda edition: "/corrections/",
    "articles:feed": lambda edition: "/feed.xml",
    "articles:section_feed": lambda edition: "/world/feed.atom",
    "articles:topic_feed": lambda edition: "/topics/ferries/feed.json",
    "articles:author_feed": lambda edition: "/authors/mira-holt/feed.xml",
    "articles:oembed": lambda edition: f"/oembed?{urlencode({'url': edition.absolute_url})}",
    # No word of a title: titles are looked for as they are written.
    "articles:search": lambda edition: "/search/?q=bakery&order=newest",
    "articles:sitemap": lambda edition: "/sitemap.xml",
    "articles:sitemap_news": lambda edition: "/sitemaps/news.xml",
    "articles:sitemap_pages": lambda edition: "/sitemaps/pages.xml",
    "articles:sitemap_stories": lambda edition: "/sitemaps/stories-0.xml",
    "articles:part": lambda edition: f"/parts/section:{edition.section_id}/",
    "comments:discussed": lambda edition: "/parts/discussed/",
    "comments:number": lambda edition: f"/parts/comments:{edition.article_id}/",
    "manifest": lambda edition: "/manifest.webmanifest",
    "robots.txt": lambda edition: "/robots.txt",
    "shortcuts": lambda edition: "/shortcuts/",
}
#: Pages for programs show no numbers of comments, and some show no words of the paper at all.
NO_STORY = {
    "articles:about",
    "articles:page",
    # What is discussed has tests of its own, as have numbers of comments.
    "comments:discussed",
    "comments:number",
    "articles:archive",
    "articles:sitemap",
    "articles:sitemap_pages",
    "articles:sitemap_stories",
    "manifest",
    "robots.txt",
    "shortcuts",
}
OWN_PAGES = {"articles:about", "articles:page"}
#: They say nothing of the paper but where its stories are.
NAMELESS = {
    "robots.txt",
    "articles:part",
    "comments:discussed",
    "comments:number",
    *(f"articles:sitemap{name}" for name in ("", "_pages", "_stories")),
}
FEEDS = {f"articles:{name}feed" for name in ("", "section_", "topic_", "author_")}
HISTORY = {f"articles:{name}" for name in ("history", "version", "comparison")}
NO_COMMENTS = (
    NO_STORY
    | FEEDS
    | HISTORY
    | {f"articles:{name}" for name in ("oembed", "sitemap_news", "corrections", "part")}
)
NO_SECTION = (NO_STORY - {"articles:archive", "shortcuts", *OWN_PAGES}) | {
    "articles:oembed",
    "articles:sitemap_news",
}
#: What is missing once its only story is.
GONE = {
    "articles:article": 410,
    "articles:history": 410,
    "articles:version": 410,
    "articles:comparison": 410,
    "articles:archive_year": 404,
    "articles:archive_month": 404,
    "articles:archive_day": 404,
    "articles:oembed": 404,
}
each_page = pytest.mark.parametrize("name", sorted(PAGES))
each_page_of_comments = pytest.mark.parametrize("name", sorted(set(PAGES) - NO_COMMENTS))
each_page_of_sections = pytest.mark.parametrize("name", sorted(set(PAGES) - NO_SECTION))
each_page_of_stories = pytest.mark.parametrize("name", sorted(set(PAGES) - NO_STORY))


def test_every_public_address_is_tested_here():
    assert public_views() == set(PAGES)


def test_every_other_address_is_private():
    """Whatever is neither the same for everybody nor marked so may never say that it is."""
    for path in ("/admin/login/", "/healthz", "/metrics", "/comments/x/"):
        response = Client().get(path)
        if response.status_code != 404:
            assert "public" not in response.headers.get("Cache-Control", "")


class TestEveryPage:
    @each_page
    def test_names_what_it_was_made_from(self, get, edition, name):
        assert get(PAGES[name](edition))[1]["Surrogate-Key"]

    @each_page
    def test_is_kept(self, get, edition, name):
        path = PAGES[name](edition)
        first, second = get(path), get(path)
        assert first[1]["Cache-Status"] == "newsroom; fwd=miss; stored"
        assert is_hit(second)
        assert first[2] == second[2]

    @each_page
    def test_is_the_same_as_without_the_cache(self, get, edition, name):
        path = PAGES[name](edition)
        assert get(path)[2] == Client().get(path).text

    @each_page_of_stories
    def test_shows_a_new_headline_at_once(self, get, edition, name):
        path = PAGES[name](edition)
        get(path)
        article = edition.article
        article.headline = article.short_title = "Ferry to run all year"
        article.save()
        assert "all year" not in get(path)[2]
        publishing.publish(article, by=make_editor())
        assert "Ferry to run all year" in get(path)[2]

    @each_page_of_comments
    def test_shows_an_approved_comment_at_once(self, get, edition, name):
        path = PAGES[name](edition)
        get(path)
        comment = make_comment(edition.article)
        assert is_hit(get(path))
        moderation.approve(comment, by=make_moderator())
        assert re.search(r"\b1 comment\b", get(path)[2])

    @each_page_of_stories
    def test_shows_a_story_no_more_once_it_is_withdrawn(self, get, edition, name):
        path = PAGES[name](edition)
        get(path)
        publishing.withdraw(edition.article, by=make_editor(), note="Wrong ferry.")
        status, _headers, text = get(path)
        assert status == GONE.get(name, 200)
        assert edition.short_title not in text

    @each_page_of_sections
    def test_shows_the_new_name_of_a_section_at_once(self, get, edition, name):
        path = PAGES[name](edition)
        get(path)
        edition.section.name = "Abroad"
        edition.section.save()
        assert "Abroad" in get(path)[2]

    @pytest.mark.parametrize(
        "name", sorted({"articles:article", "articles:version", "articles:corrections"} | FEEDS)
    )
    def test_shows_a_correction_at_once_and_no_more_when_it_is_taken_back(self, get, edition, name):
        make_publication(has_public_history=True, feed_content="full")
        path = PAGES[name](edition)
        get(path)
        correction = publishing.correct(edition.article, by=make_editor(), text="It was red.")
        assert "It was red." in get(path)[2]
        assert is_hit(get(path))
        publishing.retract(correction, by=make_editor())
        assert "It was red." not in get(path)[2]

    def test_of_corrections_gets_those_of_a_story_back_with_it(self, get, edition):
        publishing.withdraw(edition.article, by=make_editor())
        assert edition.short_title not in get("/corrections/")[2]
        publishing.publish(edition.article, by=make_editor())
        assert edition.short_title in get("/corrections/")[2]

    def test_of_corrections_is_left_alone_by_other_stories(self, get, edition):
        get("/corrections/")
        publish_article(section=edition.section)
        assert is_hit(get("/corrections/"))

    @each_page
    def test_shows_what_the_chief_editor_has_set_at_once(self, get, edition, name):
        path = PAGES[name](edition)
        assert "The Island Post" not in get(path)[2]
        publication = make_publication(
            name="The Island Post", ai_crawlers="refuse", has_public_history=True
        )
        answer = get(path)
        assert not is_hit(answer)
        assert ("The Island Post" in answer[2]) == (name not in NAMELESS)
        assert name != "robots.txt" or "GPTBot" in answer[2]
        publication.name = "The Valley Post"
        publication.save()
        answer = get(path)
        assert not is_hit(answer)
        assert ("The Valley Post" in answer[2]) == (name not in NAMELESS)
        publication.delete()
        assert not is_hit(get(path))

    @each_page_of_sections
    def test_links_to_the_pages_that_editors_write_at_once(self, get, edition, name):
        if name in FEEDS or name == "articles:part":
            return
        path = PAGES[name](edition)
        get(path)
        ours = make_page("How we are paid")
        assert 'href="/about/how-we-are-paid/">How we are paid</a>' in get(path)[2]
        ours.title, ours.slug = "Who pays us", "money"
        ours.save()
        assert 'href="/about/money/">Who pays us</a>' in get(path)[2]
        ours.is_published = False
        ours.save()
        assert "Who pays us" not in get(path)[2]

    def test_of_the_sitemap_names_the_pages_that_editors_write_at_once(self, get):
        path = "/sitemaps/pages.xml"
        assert "/about/money/" not in get(path)[2]
        ours = make_page(slug="money")
        assert "/about/money/" in get(path)[2]
        ours.delete()
        assert "/about/money/" not in get(path)[2]

    def test_that_editors_write_changes_at_once(self, get, edition):
        ours = Page.objects.get(slug="ethics")
        path = ours.get_absolute_url()
        assert get(path)[0] == 200
        ours.body = "<p>Nobody pays us for a story.</p>"
        ours.save()
        assert "Nobody pays us" in get(path)[2]
        ours.is_published = False
        ours.save()
        assert get(path)[0] == 404
        ours.is_published = True
        ours.save()
        assert get(path)[0] == 200
        ours.delete()
        assert get(path)[0] == 404

    @pytest.mark.parametrize("name", ["topic", "author", "agency"])
    def test_shows_the_new_name_of_its_subject_at_once(self, get, edition, name):
        subject = getattr(edition.listings.get(**{f"{name}__isnull": False}), name)
        path = subject.get_absolute_url()
        get(path)
        subject.name = "Northern lights"
        subject.save()
        assert "Northern lights" in get(path)[2]
        article = edition.article
        article.topics.clear()
        article.bylines.all().delete()
        article.agency = None
        article.save()
        subject.delete()
        assert get(path)[0] == 404

    def test_of_a_story_shows_the_new_name_of_a_topic_at_once(self, get, edition):
        path = edition.get_absolute_url()
        get(path)
        topic = edition.topics.get()
        topic.name = "Boats"
        topic.save()
        assert "Boats" in get(path)[2]

    def test_of_older_stories_is_left_alone_by_a_new_one(self, get, edition):
        start = timezone.now() - datetime.timedelta(days=400)
        for number in range(2 * listing.PAGE_LENGTH):
            at = start + datetime.timedelta(minutes=number)
            publish_article(section=edition.section, at=at)
        path = edition.section.get_absolute_url()
        older = re.search(r'href="([^"]*before=[^"]*)"', get(path)[2])[1]
        get(older)
        new = publish_article(section=edition.section)
        assert new.short_title in get(path)[2]
        assert is_hit(get(older))
        late = publish_article(section=edition.section, at=start)
        assert not is_hit(get(older))
        assert late.short_title not in get(path)[2]


class TestTheNewsSitemap:
    PATH = "/sitemaps/news.xml"

    def test_drops_a_story_at_the_moment_when_it_is_two_days_old(self, get, monkeypatch):
        now = timezone.now()
        first = publish_article(at=now - keys.NEWS_AGE + datetime.timedelta(minutes=10))
        second = publish_article(at=now - keys.NEWS_AGE + datetime.timedelta(minutes=20))
        assert get(self.PATH)[2].count("<loc>") == 2
        assert is_hit(get(self.PATH))
        for minutes, left in ((9, 2), (11, 1), (19, 1), (21, 0)):
            self.go(monkeypatch, now + datetime.timedelta(minutes=minutes))
            text = get(self.PATH)[2]
            assert text.count("<loc>") == left
            assert (second.absolute_url in text) == (left > 0)
            assert (first.absolute_url in text) == (left > 1)

    def test_takes_a_scheduled_story_at_its_moment(self, get, monkeypatch):
        now = timezone.now()
        at = now + datetime.timedelta(minutes=10)
        story = publishing.schedule(make_article(), by=make_editor(), at=at)
        assert story.absolute_url not in get(self.PATH)[2]
        self.go(monkeypatch, at + datetime.timedelta(seconds=1))
        assert story.absolute_url in get(self.PATH)[2]
        self.go(monkeypatch, at + keys.NEWS_AGE + datetime.timedelta(seconds=1))
        assert story.absolute_url not in get(self.PATH)[2]

    def go(self, monkeypatch, moment):
        """Let the clock show that moment, here and in the page cache."""
        monkeypatch.setattr(timezone, "now", lambda: moment)
        monkeypatch.setattr(front, "time", moment.timestamp)
        monkeypatch.setattr(front, "time_ns", lambda: int(moment.timestamp() * 1e9))


class TestNumbersOfComments:
    """Lists show them as parts, so that an approved comment renders none of the lists."""

    def test_follow_without_the_lists_being_rendered(self, get, edition):
        moderator = make_moderator()
        day = edition.article.published_on
        paths = [
            "/",
            edition.section.get_absolute_url(),
            *(each.get_absolute_url() for each in edition.topics.all()),
            "/authors/mira-holt/",
            f"/{day:%Y}/",
            f"/{day:%Y/%m/%d}/",
            "/search/?q=ferry&order=newest",
        ]
        # That the list of what is discussed has the story anyway is no matter here.
        for _number in range(2):
            moderation.approve(make_comment(publish_article().article), by=moderator)
        for path in paths:
            get(path)
        comments = [make_comment(edition.article) for _number in range(2)]
        for number, comment in enumerate(comments, start=1):
            moderation.approve(comment, by=moderator)
            for path in paths:
                answer = get(path)
                assert is_hit(answer), path
                assert f"<span>{number} comment" in answer[2], path
                assert answer[2] == Client().get(path).text, path
        for comment in comments:
            moderation.reject(comment, by=moderator)
        for path in paths:
            answer = get(path)
            assert is_hit(answer), path
            assert "2 comments" not in answer[2], path
            assert answer[2] == Client().get(path).text, path

    def test_stand_alone_under_live_stories_only(self, get, edition):
        path = f"/parts/comments:{edition.article_id}/"
        assert get(path)[0] == 200
        assert "<span>" not in get(path)[2]
        moderation.approve(make_comment(edition.article), by=make_moderator())
        assert "<span>1 comment</span>" in get(path)[2]
        publishing.withdraw(edition.article, by=make_editor())
        assert get(path)[0] == 404
        assert get(f"/parts/comments:{make_article().pk}/")[0] == 404
        for name in ("comments:0", "comments:007", "comments:999999999999999999", "comments:x"):
            assert get(f"/parts/{name}/")[0] == 404


class TestPartsAlone:
    @pytest.mark.parametrize("kind", ["front", "section", "topic"])
    def test_are_the_same_as_without_the_cache(self, get, edition, kind):
        topic = edition.topics.get()
        name = {"section": f"section:{edition.section_id}", "topic": f"topic:{topic.pk}"}
        path = f"/parts/{name.get(kind, kind)}/"

        def is_same():
            # Read first, so that the part comes of a page where it can.
            get(edition.get_absolute_url())
            return get(path)[2] == Client().get(path).text

        assert is_same()
        new = publish_article(section=edition.section, topics=[topic])
        assert is_same()
        publish_article(section=edition.section, topics=[topic])
        assert is_same()
        edition.section.name = "Seaside"
        edition.section.save()
        assert is_same()
        publishing.withdraw(new.article, by=make_editor("olga"))
        assert is_same()


class TestMissingPages:
    @pytest.mark.parametrize("kind", ["topic", "author", "agency"])
    def test_become_a_subject_when_there_is_one(self, get, edition, kind):
        model = {"topic": Topic, "author": Author, "agency": Agency}[kind]
        path = model(name="Harbour", slug="harbour").get_absolute_url()
        assert get(path)[0] == 404
        subject = model.objects.create(name="Harbour", slug="harbour")
        assert get(path)[0] == 200
        subject.slug = "pier"
        subject.save()
        assert get(path)[0] == 404
        assert get(path.replace("harbour", "pier"))[0] == 200

    def test_become_a_story_when_it_is_published(self, get, edition):
        article = make_article(slug="new-ferry")
        day = edition.article.published_on
        path = f"/{day:%Y/%m/%d}/new-ferry/"
        assert get(path)[0] == 404
        assert is_hit(get(path))
        publishing.publish(article, by=make_editor())
        assert get(path)[0] == 200

    def test_become_a_story_when_it_is_backdated(self, get, edition):
        """To another day, in another section: nothing but the front page tells."""
        article = make_article(slug="old-ferry")
        path = "/2019/03/01/old-ferry/"
        assert get(path)[0] == 404
        at = datetime.datetime(2019, 3, 1, 12, tzinfo=datetime.UTC)
        publishing.publish(article, by=make_editor(), at=at, backdated=True)
        assert get(path)[0] == 200

    def test_become_a_section_when_there_is_one(self, get, edition):
        assert get("/harbour/")[0] == 404
        section = make_section("Harbour", slug="harbour")
        publish_article(section=section)
        assert get("/harbour/")[0] == 200

    @pytest.mark.parametrize("path", ["/no-such-page/", "/no/such/page/", "/wp-admin/setup/"])
    def test_of_other_addresses_show_the_news_without_being_rendered_again(
        self, get, edition, path
    ):
        get(path)
        get("/another-page/")
        new = publish_article(short_title="Second ferry", section=edition.section)
        first = get(path)
        assert "Second ferry" in first[2]
        assert is_hit(first)
        assert first[0] == 404
        again = get("/another-page/")
        assert "Second ferry" in again[2]
        assert is_hit(again)
        publishing.withdraw(new.article, by=make_editor("olga"))
        assert "Second ferry" not in get(path)[2]
        edition.section.name = "Seaside"
        edition.section.save()
        assert "Seaside" in get(path)[2]

    def test_without_their_last_slash_are_redirected(self, get, edition):
        status, headers, _text = get(edition.get_absolute_url().rstrip("/"))
        assert status == 301
        assert headers["Location"] == edition.get_absolute_url()

    def test_withdrawn_come_back_when_they_are_published_again(self, get, edition):
        path = edition.get_absolute_url()
        publishing.withdraw(edition.article, by=make_editor())
        assert get(path)[0] == 410
        assert is_hit(get(path))
        publishing.publish(edition.article, by=make_editor())
        assert get(path)[0] == 200


class TestTheFrontPage:
    @pytest.fixture
    def opinion(self):
        return publish_article(section=make_section("Opinion", accent="opinion"))

    def choose(self, edition, place=FrontStory.Place.LEAD):
        page, _made = FrontPage.objects.get_or_create()
        return FrontStory.objects.create(page=page, place=place, article=edition.article)

    def lead(self, get):
        return re.search(r'<h2[^>]*><a href="([^"]*)"', get("/")[2])[1]

    def test_shows_what_is_chosen_at_once(self, get, edition):
        newest = publish_article(section=edition.section)
        assert self.lead(get) == newest.get_absolute_url()
        row = self.choose(edition)
        assert self.lead(get) == edition.get_absolute_url()
        row.delete()
        assert self.lead(get) == newest.get_absolute_url()

    def test_shows_a_chosen_story_once_it_is_live_and_while_it_is(self, get, edition):
        draft = make_article(section=edition.section)
        self.choose(SimpleNamespace(article=draft))
        assert self.lead(get) == edition.get_absolute_url()
        chosen = publish_article(draft)
        assert self.lead(get) == chosen.get_absolute_url()
        publishing.withdraw(draft, by=make_editor())
        assert self.lead(get) == edition.get_absolute_url()

    def test_shows_chosen_sections_at_once(self, get, edition):
        for _ in range(14):
            publish_article(section=edition.section)
        assert 'id="b-world"' in get("/")[2]
        page, _made = FrontPage.objects.get_or_create()
        other = make_section("Sport")
        block = FrontBlock.objects.create(page=page, section=other)
        assert 'id="b-world"' not in get("/")[2]
        block.section = edition.section
        block.save()
        assert 'id="b-world"' in get("/")[2]

    def test_shows_a_pick_at_once_and_while_it_is_one(self, get, edition, opinion):
        for _ in range(13):
            publish_article(section=edition.section)
        comment, moderator = make_comment(edition.article, name="Dana W"), make_moderator()
        moderation.approve(comment, by=moderator)
        assert "Dana W" not in get("/")[2]
        moderation.feature(comment, by=moderator)
        assert "Dana W" in get("/")[2]
        assert "badge--pick" in get(edition.get_absolute_url())[2]
        moderation.reject(comment, by=moderator)
        assert "Dana W" not in get("/")[2]
        assert "badge--pick" not in get(edition.get_absolute_url())[2]

    def test_counts_what_is_discussed_without_being_rendered(self, get, edition):
        """The story has left the front page itself, so its comments change only that part."""
        for _ in range(20):
            publish_article(section=edition.section)
        get("/")
        moderation.approve(make_comment(edition.article), by=make_moderator())
        with CaptureQueriesContext(connection) as asked:
            status, _headers, text = get("/")
        assert status == 200
        assert edition.short_title in text
        assert len(asked) <= 2
        assert is_hit(get("/"))
        assert text == Client().get("/").text

    def test_follows_the_stories_that_are_discussed(self, get, edition):
        for _ in range(20):
            publish_article(section=edition.section)
        moderation.approve(make_comment(edition.article), by=make_moderator())
        assert edition.short_title in get("/")[2]
        article = edition.article
        article.short_title = "Ferry to run all year"
        article.save()
        publishing.publish(article, by=make_editor())
        assert "Ferry to run all year" in get("/")[2]
        publishing.withdraw(article, by=make_editor())
        assert "Ferry to run all year" not in get("/")[2]


class TestWhatLeadsOn:
    """Related stories, and the next one in the section."""

    @pytest.fixture
    def older(self, edition):
        """Nine stories on the topic and in the section, the oldest first."""
        start = timezone.now() - datetime.timedelta(days=2)
        return [
            publish_article(
                section=edition.section,
                topics=[edition.topics.get()],
                at=start + datetime.timedelta(minutes=number),
            )
            for number in range(9)
        ]

    def test_takes_a_new_story_without_rendering_the_page(self, get, edition, older):
        path = older[0].get_absolute_url()
        get(path)
        topic = edition.topics.get()
        new = publish_article(section=make_section("Sport"), topics=[topic])
        # A new section is in the navigation of every page.
        get(path)
        newer = publish_article(section=new.section, topics=[topic])
        with CaptureQueriesContext(connection) as asked:
            status, _headers, text = get(path)
        assert status == 200
        assert newer.short_title in text
        assert len(asked) <= 3
        assert is_hit(get(path))
        assert text == Client().get(path).text

    def test_changes_at_once_with_a_related_story(self, get, edition, older):
        elsewhere = publish_article(section=make_section("Sport"), topics=[edition.topics.get()])
        path = older[0].get_absolute_url()
        assert elsewhere.short_title in get(path)[2]
        article, editor = elsewhere.article, make_editor()
        article.short_title = "Ferry to run all year"
        article.save()
        publishing.publish(article, by=editor)
        assert "Ferry to run all year" in get(path)[2]
        article.topics.clear()
        publishing.publish(article, by=editor)
        assert "Ferry to run all year" not in get(path)[2]
        article.topics.set([edition.topics.get()])
        publishing.publish(article, by=editor)
        assert "Ferry to run all year" in get(path)[2]
        publishing.withdraw(article, by=editor)
        assert "Ferry to run all year" not in get(path)[2]

    def following(self, get, edition):
        text = get(edition.get_absolute_url())[2]
        return re.search(r'"following-h".*?<h3[^>]*><a href="([^"]*)"', text, re.DOTALL)[1]

    def test_goes_to_the_story_before(self, get, edition, older):
        first, second = (story.get_absolute_url() for story in older[:2])
        assert self.following(get, older[2]) == second
        editor = make_editor()
        publishing.withdraw(older[1].article, by=editor)
        assert self.following(get, older[2]) == first
        publishing.publish(older[1].article, by=editor)
        assert self.following(get, older[2]) == second
        between = older[1].first_published_at + datetime.timedelta(seconds=30)
        late = publish_article(section=edition.section, at=between)
        assert self.following(get, older[2]) == late.get_absolute_url()
        article = late.article
        article.section = make_section("Sport")
        article.save()
        publishing.publish(article, by=editor)
        assert self.following(get, older[2]) == second
        assert "following-h" not in get(first)[2]
        long_ago = older[0].first_published_at - datetime.timedelta(days=900)
        publish_article(section=edition.section, at=long_ago)
        assert "following-h" in get(first)[2]


class TestTheStoriesBesideAStory:
    def test_are_exchanged_without_rendering(self, get, edition, django_assert_num_queries):
        start = timezone.now() - datetime.timedelta(hours=30)
        old = [
            publish_article(section=edition.section, at=start + datetime.timedelta(hours=number))
            for number in range(9)
        ][:2]
        paths = [story.get_absolute_url() for story in old]
        for path in paths:
            get(path)
        publish_article(section=edition.section, short_title="Tunnel opens")
        assert "Tunnel opens" in get(paths[0])[2]
        with django_assert_num_queries(0):
            answer = get(paths[1])
        assert "Tunnel opens" in answer[2]
        assert is_hit(answer)
        assert answer[2] == Client().get(paths[1]).text

    def test_never_hold_the_story_itself(self, get, edition):
        path, title = edition.get_absolute_url(), edition.short_title
        other = publish_article(section=edition.section, short_title="Tunnel opens")
        for ask in (lambda: get(path)[2], lambda: Client().get(path).text):
            assert f">{title}</a>" not in ask()
            assert ">Tunnel opens</a>" in ask()
        assert f">{title}</a>" in get(other.get_absolute_url())[2]

    def test_of_the_newest_are_exchanged_without_rendering_too(
        self, get, edition, django_assert_num_queries
    ):
        # Not of this hour, in which a new one comes between.
        start = timezone.now() - datetime.timedelta(days=9)
        stories = [
            publish_article(section=edition.section, at=start + datetime.timedelta(days=number))
            for number in range(4)
        ]
        for story in stories:
            get(story.get_absolute_url())
        publish_article(section=edition.section, short_title="Tunnel opens")
        get(stories[0].get_absolute_url())
        for story in stories[1:]:
            with django_assert_num_queries(0):
                answer = get(story.get_absolute_url())
            assert "Tunnel opens" in answer[2]
            assert f">{story.short_title}</a>" not in answer[2]
            assert answer[2] == Client().get(story.get_absolute_url()).text

    def test_appear_when_the_first_other_is_published(self, get, edition):
        path = edition.get_absolute_url()
        assert 'class="aside"' not in get(path)[2]
        publish_article(section=edition.section, short_title="Tunnel opens")
        assert "Tunnel opens" in get(path)[2]
