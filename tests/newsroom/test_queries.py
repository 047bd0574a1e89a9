"""What each kind of public page asks the database, as a figure: more is noticed, and so is less."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver

from articles import publishing
from comments.models import Comment
from tests.factories import (
    COMMENT,
    make_agency,
    make_author,
    make_editor,
    make_image,
    make_page,
    make_publication,
    make_section,
    make_topic,
    publish_article,
)

pytestmark = pytest.mark.django_db

#: By the names of their addresses. Tests of each kind show that it stays so for any number of rows.
QUERIES = {
    "front": 5,
    "discussed": 2,
    "number": 2,
    "part": 3,
    "section": 4,
    "topic": 4,
    "author": 4,
    "agency": 4,
    "archive": 3,
    "archive_year": 4,
    "archive_month": 4,
    "archive_day": 4,
    "article": 6,
    "history": 3,
    "version": 4,
    "comparison": 4,
    "corrections": 3,
    "about": 2,
    "page": 2,
    "feed": 2,
    "section_feed": 3,
    "topic_feed": 3,
    "author_feed": 3,
    "oembed": 2,
    "sitemap": 2,
    "sitemap_pages": 1,
    "sitemap_news": 2,
    "sitemap_stories": 2,
    "robots.txt": 1,
    "shortcuts": 1,
    "manifest": 1,
}
#: How searching asks depends on the database; its own tests state how often at most.
STATED_ELSEWHERE = {"search"}


def public_views(resolver=None):
    """The names (or else the routes) of the views whose answers are the same for everybody."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            if hasattr(pattern.callback, "public_query"):
                yield pattern.name or str(pattern.pattern)
        elif str(pattern.pattern) != "admin/":
            yield from public_views(pattern)


@pytest.fixture
def edition(settings):
    make_page(kind="about", slug="about"), make_page(slug="ethics", kind="ethicsPolicy")
    editor, section, topic = make_editor(), make_section("World"), make_topic("Ferries")
    fields = {
        "by": editor,
        "section": section,
        "topics": [topic],
        "authors": [make_author("Mira Holt")],
        "agency": make_agency("IANS"),
        "lead_image": make_image(),
    }
    for _ in range(6):
        edition = publish_article(**fields)
    # With earlier versions of a story for readers to see.
    make_publication(name=settings.PUBLICATION_NAME, has_public_history=True)
    publishing.publish(edition.article, by=editor)
    for _ in range(6):
        publishing.correct(edition.article, by=editor, text="The bridge closed in 2024.")
    Comment.objects.bulk_create(
        Comment(
            article=edition.article,
            name="Mira",
            email="mira@example.com",
            body=COMMENT,
            status="approved",
        )
        for _ in range(500)
    )
    return edition


@pytest.fixture
def paths(edition):
    story = edition.get_absolute_url()
    year, month, day = story.strip("/").split("/")[:3]
    return {
        "front": "/",
        "discussed": "/parts/discussed/",
        "number": f"/parts/comments:{edition.article_id}/",
        "part": f"/parts/section:{edition.section_id}/",
        "section": "/world/",
        "topic": "/topics/ferries/",
        "author": "/authors/mira-holt/",
        "agency": "/agencies/ians/",
        "archive": "/archive/",
        "archive_year": f"/{year}/",
        "archive_month": f"/{year}/{month}/",
        "archive_day": f"/{year}/{month}/{day}/",
        "article": story,
        "history": f"{story}history/",
        "version": f"{story}history/1/",
        "comparison": f"{story}history/compare/?from=1&to=2",
        "corrections": "/corrections/",
        "about": "/about/",
        "page": "/about/ethics/",
        "feed": "/feed.xml",
        "section_feed": "/world/feed.atom",
        "topic_feed": "/topics/ferries/feed.json",
        "author_feed": "/authors/mira-holt/feed.xml",
        "oembed": f"/oembed?url=http://testserver{story}",
        "sitemap": "/sitemap.xml",
        "sitemap_pages": "/sitemaps/pages.xml",
        "sitemap_news": "/sitemaps/news.xml",
        "sitemap_stories": "/sitemaps/stories-0.xml",
        "robots.txt": "/robots.txt",
        "shortcuts": "/shortcuts/",
        "manifest": "/manifest.webmanifest",
    }


def number_of_queries(client, path, status=200):
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == status
    return len(asked)


class TestQueries:
    def test_are_stated_here_for_every_public_page(self):
        assert set(public_views()) == set(QUERIES) | STATED_ELSEWHERE

    def test_are_as_many_as_stated(self, client, paths):
        assert {name: number_of_queries(client, path) for name, path in paths.items()} == QUERIES

    def test_of_a_missing_page_are_those_of_a_list(self, client, edition):
        assert number_of_queries(client, "/no/such/page/", status=404) == 2

    def test_of_a_withdrawn_story_are_few(self, client, edition):
        publishing.withdraw(edition.article, by=make_editor())
        assert number_of_queries(client, edition.get_absolute_url(), status=410) == 4
