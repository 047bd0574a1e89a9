"""What readers may not see is nowhere: every public page, asked for in every way.

A legal takedown is a withdrawal here: one state takes a story off every page at once, keeps the
record of what readers saw from them, and answers at its address with the newsroom's note.
"""

import datetime
import html as markup
import re
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from articles import publishing
from articles.models import FrontBlock, FrontPage, FrontStory, Image
from comments.models import Comment
from tests.factories import (
    COMMENT,
    make_agency,
    make_article,
    make_author,
    make_editor,
    make_page,
    make_publication,
    make_section,
    make_topic,
    picture_file,
    publish_article,
)

pytestmark = pytest.mark.django_db

#: Why a story is hidden. Each has words of its own in every field, so that one found tells which.
HIDDEN = ("draft", "scheduled", "embargoed", "cancelled", "withdrawn", "expired", "republished")
#: Words of a live story that are not live: of its working copy, its next and its last edition.
UNSEEN = ("reworked", "upcoming", "earlier")
FIELDS = ("headline", "short_title", "standfirst", "summary", "body", "slug", "key", "alt", "said")
#: Where a paper that shows what a story said before shows it.
HISTORY = {"history", "version", "comparison"}


def secret(why, field):
    """A word that stands nowhere else; of letters only, so that every search takes it whole."""
    return f"zq{why}x{field.replace('_', '')}qz"


def words(why):
    return {
        "headline": f"Winter ferry {secret(why, 'headline')}",
        "short_title": f"Ferry {secret(why, 'short_title')}",
        "standfirst": f"The ferry {secret(why, 'standfirst')}.",
        "summary": f"The ferry {secret(why, 'summary')}.",
        "body": f"<p>A ferry {secret(why, 'body')} crosses.</p>",
    }


@pytest.fixture
def stories(db):
    """A live story, and one story for each reason why readers may not see it."""
    make_publication(has_public_history=True, feed_content="full")
    editor, now = make_editor(), timezone.now()
    hour = datetime.timedelta(hours=1)
    shared = {
        "section": make_section("World"),
        "topics": [make_topic("Ferries")],
        "authors": [make_author("Mira Holt")],
        "agency": make_agency("IANS"),
    }

    def story(why):
        return make_article(
            **words(why),
            slug=f"ferry-{secret(why, 'slug')}",
            key_points=[secret(why, "key")],
            lead_image=make_picture(secret(why, "alt")),
            **shared,
        )

    def publish(article, at):
        return publish_article(article, by=editor, at=at)

    def discuss(article):
        for _number in range(3):
            Comment.objects.create(
                article=article,
                name="Petra",
                email="petra@example.org",
                body=f"{COMMENT} {article.slug.removeprefix('ferry-').replace('slug', 'said')}",
                status=Comment.Status.APPROVED,
            )

    made = {why: story(why) for why in HIDDEN}
    publish(made["scheduled"], now + hour)
    publish(made["embargoed"], now + 72 * hour)
    publish(made["cancelled"], now + hour)
    publishing.withdraw(made["cancelled"], by=editor)
    for why in ("withdrawn", "expired", "republished"):
        publish(made[why], now - 5 * hour)
        discuss(made[why])
        publishing.correct(made[why], by=editor, text=f"It was {secret(why, 'standfirst')}.")
    publishing.withdraw(made["withdrawn"], by=editor)
    # The clock took this one away, and nothing else has happened since.
    publishing.withdraw(made["expired"], by=editor, at=timezone.now())
    # And this one is to come back.
    publishing.withdraw(made["republished"], by=editor)
    made["republished"].save()
    publish(made["republished"], now + hour)

    live = story("earlier")
    live.slug = "winter-ferry"
    live.save()
    publish(live, now - 4 * hour)
    _rewrite(
        live, headline="Ferry open now", short_title="Ferry open now", standfirst="", summary=""
    )
    publish(live, now - 3 * hour)
    _rewrite(live, **words("upcoming"))
    publish(live, now + 2 * hour)
    _rewrite(live, **words("reworked"))
    discuss(live)
    made["live"] = live
    feature(made)
    make_page("Unfinished", is_published=False, body=f"<p>{secret('draft', 'body')}</p>")
    return made


def feature(stories):
    """Have editors put every one of them on the front page."""
    page, _made = FrontPage.objects.get_or_create()
    for why, article in stories.items():
        place = {"draft": "lead", "live": "also"}.get(why, "top")
        FrontStory.objects.create(page=page, place=place, article=article)
    FrontBlock.objects.create(page=page, section=stories["live"].section)


def make_picture(alt):
    return Image.objects.add(picture_file(48, 32), alt=alt, credit="Test Desk")


def _rewrite(article, **fields):
    """Change the working copy; what isn't told becomes plain words."""
    article.lead_image = make_picture("A ferry")
    article.key_points.all().delete()
    for name, value in {"body": "<p>The ferry is open now.</p>", **fields}.items():
        setattr(article, name, value)
    article.save()


def address(article):
    """Where the story is, would be or was; a draft has no day yet, so today's."""
    day = article.published_on or timezone.localdate()
    return f"/{day:%Y/%m/%d}/{article.slug}/"


def each(stories, suffix=""):
    return [f"{address(article)}{suffix}" for article in stories.values()]


def lists(*paths):
    """A list, and its feed in each form where it has one."""
    return lambda stories: [
        path.format(day=timezone.localdate(), kind=kind)
        for path in paths
        for kind in (("xml", "atom", "json") if "{kind}" in path else ("",))
    ]


def searches(stories):
    """Everything in common, every secret word, each misspelt, and as a phrase."""
    secrets = [secret(why, field) for why in (*HIDDEN, *UNSEEN) for field in FIELDS]
    asked = ["ferry", "Winter ferry", '"ferry is open"', "ferry -open", ""]
    asked += secrets
    asked += [f"{word[:-3]}aqz" for word in secrets]
    asked += [f'"{secret(why, "headline")}"' for why in HIDDEN]
    found = [f"/search/?{urlencode({'q': query})}" for query in asked]
    found += ["/search/?section=world&order=newest", "/search/?author=mira-holt&q=ferry"]
    return found


def links(stories):
    return [
        f"/oembed?url={quote(f'http://testserver{path}')}&format={kind}"
        for path in each(stories)
        for kind in ("json", "xml")
    ]


#: Every public page by the name of its address, and all ways in which to ask for it that could
#: show a story. A new kind of page belongs in here: without it, the test of the addresses fails.
PAGES = {
    "front": lists("/"),
    "section": lists("/world/"),
    "topic": lists("/topics/ferries/"),
    "author": lists("/authors/mira-holt/"),
    "agency": lists("/agencies/ians/"),
    "archive": lists("/archive/"),
    "archive_year": lists("/{day:%Y}/"),
    "archive_month": lists("/{day:%Y/%m}/"),
    "archive_day": lists("/{day:%Y/%m/%d}/"),
    "article": each,
    "history": lambda stories: each(stories, "history/"),
    "version": lambda stories: [
        path for number in range(1, 5) for path in each(stories, f"history/{number}/")
    ],
    "comparison": lambda stories: [
        path
        for pair in ("from=1&to=2", "from=2&to=3", "from=1&to=3")
        for path in each(stories, f"history/compare/?{pair}")
    ],
    "corrections": lists("/corrections/"),
    "feed": lists("/feed.{kind}"),
    "section_feed": lists("/world/feed.{kind}"),
    "topic_feed": lists("/topics/ferries/feed.{kind}"),
    "author_feed": lists("/authors/mira-holt/feed.{kind}"),
    "oembed": links,
    "search": searches,
    "about": lists("/about/"),
    "page": lists("/about/unfinished/"),
    "part": lambda stories: [
        f"/parts/section:{stories['live'].section_id}/",
        *(f"/parts/topic:{topic.pk}/" for topic in stories["live"].topics.all()),
    ],
    "discussed": lists("/parts/discussed/"),
    "number": lambda stories: [f"/parts/comments:{story.pk}/" for story in stories.values()],
    "shortcuts": lists("/shortcuts/"),
    "sitemap": lists("/sitemap.xml"),
    "sitemap_pages": lists("/sitemaps/pages.xml"),
    "sitemap_news": lists("/sitemaps/news.xml"),
    "sitemap_stories": lists("/sitemaps/stories-0.xml"),
    "robots.txt": lists("/robots.txt"),
    "manifest": lists("/manifest.webmanifest"),
    # No address has this name: what is answered where there is nothing.
    "404": lists("/no/such/page/", "/no-such-section/", "/2026/01/08/never-written/"),
}
#: Those that show no story at all, or not this one.
WITHOUT_THE_LIVE_STORY = {
    "about",
    "archive",
    "corrections",
    "manifest",
    "number",
    "page",
    "robots.txt",
    "shortcuts",
    "sitemap",
    "sitemap_pages",
}


def public_views(resolver=None):
    """The names (or else the routes) of the views whose answers are the same for everybody."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            if hasattr(pattern.callback, "public_query"):
                yield pattern.name or str(pattern.pattern)
        elif str(pattern.pattern) != "admin/":
            yield from public_views(pattern)


def read(path):
    response = Client().get(path)
    assert response.status_code < 500, path
    return markup.unescape(response.content.decode()).lower()


def leaks(path, text, allowed=()):
    """The secret words that an answer holds, besides those that its own address has."""
    found = set(re.findall("zq[a-z]+?x[a-z]+?qz", text))
    asked = set(re.findall("zq[a-z]+?x[a-z]+?qz", path.lower()))
    return {word for word in found - asked if not any(f"zq{why}x" in word for why in allowed)}


def test_every_public_address_is_in_the_table():
    assert set(public_views()) | {"404"} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
class TestNoPublicPage:
    def test_shows_what_readers_may_not_see(self, stories, name):
        texts = {path: read(path) for path in PAGES[name](stories)}
        allowed = {"earlier"} if name in HISTORY else ()
        found = {path: leaks(path, text, allowed) for path, text in texts.items()}
        assert {path: words for path, words in found.items() if words} == {}
        if name not in WITHOUT_THE_LIVE_STORY:
            shown = ("ferry open now", "/winter-ferry/")
            assert any(word in text for word in shown for text in texts.values())


class TestThePagesOfHiddenStories:
    """What is answered at the addresses themselves."""

    WANTED = {
        "draft": 404,
        "scheduled": 404,
        "embargoed": 404,
        "cancelled": 404,
        "withdrawn": 410,
        "expired": 410,
        "republished": 410,
        "live": 200,
    }

    @pytest.mark.parametrize("suffix", ["", "history/", "history/1/"])
    def test_have_the_status_of_their_state(self, stories, suffix):
        found = {
            why: Client().get(f"{address(article)}{suffix}").status_code
            for why, article in stories.items()
        }
        assert found == self.WANTED

    def test_take_no_comment(self, stories):
        typed = {"comment": COMMENT, "name": "Petra", "email": "petra@example.org"}
        before = Comment.objects.count()
        for why, article in stories.items():
            if why == "live":
                continue
            path = f"{address(article)}comments/"
            answer = Client().post(path, typed, headers={"Origin": "http://testserver"})
            assert answer.status_code in {404, 410}, why
            assert secret(why, "headline") not in answer.content.decode()
        assert Comment.objects.count() == before


class TestAPaperWithoutPublicHistory:
    def test_shows_the_words_of_an_earlier_edition_nowhere(self, stories):
        make_publication(has_public_history=False)
        for name in HISTORY | {"article"}:
            for path in PAGES[name](stories):
                assert leaks(path, read(path)) == set(), path
