"""RSS, Atom and JSON Feed, as programs read them."""

import datetime
import json
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import feedparser
import pytest
from django.test import Client
from django.utils.dateparse import parse_datetime

from articles import feeds, publishing
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

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
HOSTILE = "<script>alert(1)</script> & \"' ]]> \x0b\x1b\ufffe </title>"
TYPES = {
    "xml": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
LISTS = {
    "everything": ("/", "The Newsroom"),
    "section": ("/world/", "World | The Newsroom"),
    "topic": ("/topics/ferries/", "Ferries | The Newsroom"),
    "author": ("/authors/mira-holt/", "Mira Holt | The Newsroom"),
}
each_list = pytest.mark.parametrize(("path", "title"), LISTS.values(), ids=LISTS)
each_kind = pytest.mark.parametrize("kind", TYPES)


@pytest.fixture
def editor():
    return make_editor("lucia")


@pytest.fixture
def edition(editor):
    return publish_article(
        by=editor,
        section=make_section("World", description="What happens elsewhere."),
        topics=[make_topic("Ferries")],
        authors=[make_author("Mira Holt"), make_author("Jonas Berg")],
        agency=make_agency("IANS", credit_line="IANS / Desk"),
        lead_image=make_image(),
        body='<p>A <a href="/world/">link</a> and <a href="https://example.org/?a=1&amp;b">one</a>.</p>',
    )


def get(path):
    response = Client().get(path)
    assert response.status_code == 200
    return response


class TestEveryFeed:
    @each_list
    @each_kind
    def test_parses_without_a_warning(self, edition, path, title, kind):
        response = get(f"{path}feed.{kind}")
        assert response.headers["Content-Type"] == TYPES[kind]
        if kind == "json":
            feed = json.loads(response.content)
            assert feed["title"] == title
            assert feed["home_page_url"] == f"http://testserver{path}"
            assert [item["url"] for item in feed["items"]] == [edition.absolute_url]
            return
        headers = {name.lower(): value for name, value in response.headers.items()}
        parsed = feedparser.parse(response.content, response_headers=headers)
        assert not parsed.bozo, parsed.get("bozo_exception")
        assert parsed.version == {"xml": "rss20", "atom": "atom10"}[kind]
        assert parsed.feed.title == title
        assert parsed.feed.link == f"http://testserver{path}"
        (entry,) = parsed.entries
        assert entry.link == entry.id == edition.absolute_url
        assert entry.title == edition.short_title
        assert entry.summary == edition.standfirst
        assert [author["name"] for author in entry.authors if author] == ["Mira Holt", "Jonas Berg"]

    @each_list
    @each_kind
    def test_is_the_same_for_everybody_and_says_what_it_was_made_from(
        self, edition, editor, path, title, kind
    ):
        address = f"{path}feed.{kind}"
        colleague = Client()
        colleague.force_login(editor)
        one, two = get(address), colleague.get(address)
        assert one.content == two.content
        assert not two.cookies
        assert one.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert "sections" in one.headers["Surrogate-Key"].split()
        assert parsedate_to_datetime(one.headers["Last-Modified"])

    @each_list
    @each_kind
    def test_is_not_sent_again_while_it_is_the_same(self, edition, editor, path, title, kind):
        address = f"{path}feed.{kind}"
        etag = get(address).headers["ETag"]
        again = Client().get(address, headers={"If-None-Match": etag})
        assert again.status_code == 304
        assert again.content == b""
        publishing.publish(edition.article, by=editor)
        assert Client().get(address, headers={"If-None-Match": etag}).status_code == 200

    @each_kind
    def test_is_never_called_the_same_by_its_date_alone(self, edition, editor, kind):
        """Of two versions within a second, the page cache alone knows which one somebody has."""
        address = f"/feed.{kind}"
        date = get(address).headers["Last-Modified"]
        publishing.withdraw(edition.article, by=editor)
        again = Client().get(address, headers={"If-Modified-Since": date})
        assert again.status_code == 200

    @each_list
    @each_kind
    @pytest.mark.parametrize("stories", [0, 60])
    def test_holds_fifty_stories_at_most_with_a_few_queries(
        self, editor, path, title, kind, stories, django_assert_max_num_queries
    ):
        fields = {
            "section": make_section("World"),
            "topics": [make_topic("Ferries")],
            "authors": [make_author("Mira Holt")],
            "lead_image": make_image(),
        }
        made = [publish_article(by=editor, **fields).absolute_url for _number in range(stories)]
        with django_assert_max_num_queries(3):
            content = get(f"{path}feed.{kind}").content
        if kind == "json":
            links = [item["url"] for item in json.loads(content)["items"]]
        else:
            links = [entry.link for entry in feedparser.parse(content).entries]
        assert links == made[: -feeds.FEED_LENGTH - 1 : -1]

    @each_kind
    @pytest.mark.parametrize("content", ["summary", "full"])
    def test_holds_hostile_words_as_text(self, editor, settings, kind, content):
        settings.FEED_CONTENT = content
        settings.PUBLICATION_NAME = "Fish & <Chips>"
        section = make_section("World", description=HOSTILE)
        article = make_article(
            section=section,
            headline=HOSTILE,
            short_title=HOSTILE,
            standfirst=HOSTILE,
            body=f"<p>{HOSTILE}</p>",
            authors=[make_author("A & <b>", slug="ab")],
            lead_image=make_image(alt=HOSTILE, credit=HOSTILE),
        )
        publish_article(article, by=editor)
        content = get(f"/world/feed.{kind}").content
        if kind == "json":
            assert json.loads(content)["items"][0]["title"].startswith("<script>")
            return
        parsed = feedparser.parse(content, sanitize_html=False)
        assert not parsed.bozo, parsed.get("bozo_exception")
        assert b"<script>" not in content
        root = ElementTree.fromstring(content)  # noqa: S314
        titles = [each.text for each in root.iter() if each.tag.rpartition("}")[2] == "title"]
        assert titles[-1].startswith("<script>alert(1)</script> & ")

    @pytest.mark.parametrize("path", ["/feed.rss", "/no/feed.xml", "/topics/no/feed.xml"])
    def test_that_is_not_there_is_a_404(self, client, path):
        assert client.get(path).status_code == 404

    @each_list
    def test_is_named_in_the_head_of_its_page(self, client, edition, path, title):
        html = client.get(path).text
        for kind, name in TYPES.items():
            link = (
                f'<link rel="alternate" type="{name.partition(";")[0]}" title="{title}"'
                f' href="{path}feed.{kind}">'
            )
            assert link in html

    @each_kind
    def test_names_the_hub_where_there_is_one(self, edition, settings, kind):
        assert b"hub" not in get(f"/feed.{kind}").content
        settings.WEBSUB_HUB = "https://hub.example/?a=1&b=2"
        content = get(f"/feed.{kind}").content
        if kind == "json":
            hubs = json.loads(content)["hubs"]
            assert hubs == [{"type": "WebSub", "url": "https://hub.example/?a=1&b=2"}]
        else:
            links = feedparser.parse(content).feed.links
            assert [link.href for link in links if link.rel == "hub"] == [settings.WEBSUB_HUB]

    @each_kind
    def test_gives_the_whole_text_where_the_paper_does(self, edition, settings, kind):
        settings.FEED_CONTENT = "full"
        content = get(f"/feed.{kind}").content
        if kind == "json":
            html = json.loads(content)["items"][0]["content_html"]
        else:
            (entry,) = feedparser.parse(content).entries
            html = entry.content[-1].value
        assert '<a href="http://testserver/world/"' in html
        assert "https://example.org/?a=1&amp;b" in html
        assert "IANS / Desk" in html


class TestRss:
    def test_has_what_the_specification_asks_for_in_its_namespaces(self, edition):
        root = ElementTree.fromstring(get("/feed.xml").content)  # noqa: S314
        assert (root.tag, root.attrib) == ("rss", {"version": "2.0"})
        (channel,) = root
        for name in ("title", "link", "description", "language", "lastBuildDate"):
            assert channel.findtext(name)
        (own,) = channel.findall(f"{ATOM}link")
        assert own.attrib == {
            "rel": "self",
            "type": "application/rss+xml",
            "href": "http://testserver/feed.xml",
        }
        (item,) = channel.findall("item")
        assert item.find("guid").attrib == {"isPermaLink": "true"}
        assert item.findtext("guid") == edition.absolute_url
        moment = edition.first_published_at.replace(microsecond=0)
        assert parsedate_to_datetime(item.findtext("pubDate")) == moment
        assert [each.text for each in item.findall(f"{DC}creator")] == ["Mira Holt", "Jonas Berg"]
        (picture,) = item.findall(f"{MEDIA}content")
        assert picture.attrib["url"].startswith("http://testserver/media/pictures/")
        known = {
            "title",
            "link",
            "guid",
            "pubDate",
            "category",
            "description",
            f"{ATOM}updated",
            f"{DC}creator",
            f"{MEDIA}content",
            f"{CONTENT}encoded",
        }
        assert {each.tag for each in item} <= known


class TestAtom:
    def test_has_what_rfc_4287_asks_for(self, edition, editor):
        publishing.publish(edition.article, by=editor)
        newer = edition.article.live_edition()
        root = ElementTree.fromstring(get("/feed.atom").content)  # noqa: S314
        assert root.tag == f"{ATOM}feed"
        # 4.1.1: one id, one title, one updated; an author, here or in each entry.
        for name in ("id", "title", "updated", "author"):
            assert len(root.findall(f"{ATOM}{name}")) == 1
        rels = [link.attrib["rel"] for link in root.findall(f"{ATOM}link")]
        assert sorted(rels) == ["alternate", "self"]
        (entry,) = root.findall(f"{ATOM}entry")
        for name in ("id", "title", "updated", "published", "summary"):
            assert len(entry.findall(f"{ATOM}{name}")) == 1
        published = parse_datetime(entry.findtext(f"{ATOM}published"))
        updated = parse_datetime(entry.findtext(f"{ATOM}updated"))
        assert published == edition.first_published_at.replace(microsecond=0)
        assert updated == newer.live_from.replace(microsecond=0) > published
        assert updated.tzinfo

    def test_without_stories_is_one_all_the_same(self):
        make_section("World")
        root = ElementTree.fromstring(get("/world/feed.atom").content)  # noqa: S314
        assert parse_datetime(root.findtext(f"{ATOM}updated"))
        assert not root.findall(f"{ATOM}entry")


class TestJsonFeed:
    def test_has_what_version_1_1_asks_for(self, edition):
        feed = json.loads(get("/feed.json").content)
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert feed["title"]
        assert feed["feed_url"] == "http://testserver/feed.json"
        (item,) = feed["items"]
        assert item["id"] == edition.absolute_url
        assert item["content_text"] == edition.standfirst
        assert item["authors"] == [
            {"name": "Mira Holt", "url": "http://testserver/authors/mira-holt/"},
            {"name": "Jonas Berg", "url": "http://testserver/authors/jonas-berg/"},
        ]
        assert item["tags"] == ["World"]
        assert item["image"].startswith("http://testserver/media/pictures/")
        for name in ("date_published", "date_modified"):
            assert parse_datetime(item[name]).utcoffset() == datetime.timedelta(0)

    def test_has_no_member_without_a_value(self, editor):
        publish_article(by=editor, standfirst="", summary="")
        (item,) = json.loads(get("/feed.json").content)["items"]
        assert "authors" not in item
        assert all(value not in ("", None, []) for value in item.values())
