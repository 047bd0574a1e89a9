"""Sitemaps, by the rules of the schemas at sitemaps.org and of Google's extension for news."""

import datetime
import re
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from articles import keys, publishing, sitemaps
from articles.models import Article, Edition
from tests.factories import make_article, make_editor, make_section, publish_article

pytestmark = pytest.mark.django_db

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"


@pytest.fixture
def editor():
    return make_editor("lucia")


def read(path):
    response = Client().get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
    # The protocol's limit, uncompressed.
    assert len(response.content) < 50 * 1024 * 1024
    root = ElementTree.fromstring(response.content)  # noqa: S314
    check(root)
    return root


def check(root):
    """Hold a file to siteindex.xsd, sitemap.xsd and sitemap-news.xsd."""
    children = {f"{SITEMAP}sitemapindex": "sitemap", f"{SITEMAP}urlset": "url"}
    name = children[root.tag]
    assert not root.attrib
    assert len(root) <= 50_000
    for child in root:
        assert child.tag == f"{SITEMAP}{name}"
        # A sequence: loc, then lastmod, changefreq, priority; then what other namespaces have.
        order = [f"{SITEMAP}{each}" for each in ("loc", "lastmod", "changefreq", "priority")]
        order += [f"{NEWS}news"]
        places = [order.index(each.tag) for each in child]
        assert places == sorted(set(places))
        assert places[0] == 0
        loc = child.findtext(f"{SITEMAP}loc")
        assert 12 <= len(loc) <= 2048
        assert urlsplit(loc)._replace(path="", query="").geturl() == "http://testserver"
        lastmod = child.findtext(f"{SITEMAP}lastmod")
        assert lastmod is None or parse_datetime(lastmod).tzinfo
        for news in child.findall(f"{NEWS}news"):
            check_news(news)
    locs = [child.findtext(f"{SITEMAP}loc") for child in root]
    assert len(set(locs)) == len(locs)


def check_news(news):
    tags = [each.tag.removeprefix(NEWS) for each in news]
    assert sorted(tags) == ["publication", "publication_date", "title"]
    publication = news.find(f"{NEWS}publication")
    assert [each.tag for each in publication] == [f"{NEWS}name", f"{NEWS}language"]
    assert publication.findtext(f"{NEWS}name")
    assert re.fullmatch("zh-cn|zh-tw|[a-z]{2,3}", publication.findtext(f"{NEWS}language"))
    assert parse_datetime(news.findtext(f"{NEWS}publication_date")).tzinfo
    assert news.findtext(f"{NEWS}title")


def locs(path):
    return [
        each.text.removeprefix("http://testserver") for each in read(path).iter(f"{SITEMAP}loc")
    ]


class TestTheIndex:
    def test_leads_to_every_public_page_once(self, editor):
        section = make_section("World")
        made = [publish_article(by=editor, section=section) for _number in range(3)]
        files = locs("/sitemap.xml")
        assert files == [
            "/sitemaps/pages.xml",
            "/sitemaps/news.xml",
            "/sitemaps/stories-0.xml",
        ]
        found = [loc for path in files if "news" not in path for loc in locs(path)]
        assert sorted(found) == sorted(
            [
                "/",
                "/world/",
                "/archive/",
                "/corrections/",
                *(edition.get_absolute_url() for edition in made),
            ]
        )
        assert {Client().get(path).status_code for path in found} == {200}

    def test_without_stories_names_the_other_pages_alone(self):
        assert locs("/sitemap.xml") == ["/sitemaps/pages.xml"]

    def test_has_a_file_for_each_range_of_articles_that_holds_a_story(self, editor, monkeypatch):
        monkeypatch.setattr(keys, "SITEMAP_LENGTH", 2)
        made = [publish_article(by=editor) for _number in range(6)]
        gone = [edition for edition in made if edition.article_id // 2 == made[2].article_id // 2]
        for edition in gone:
            publishing.withdraw(edition.article, by=editor)
        left = [edition for edition in made if edition not in gone]
        files = [path for path in locs("/sitemap.xml") if "stories" in path]
        numbers = sorted({edition.article_id // 2 for edition in left})
        assert files == [f"/sitemaps/stories-{number}.xml" for number in numbers]
        found = [loc for path in files for loc in locs(path)]
        assert found == [edition.get_absolute_url() for edition in left]
        assert max(len(locs(path)) for path in files) <= 2

    def test_needs_two_queries_for_any_number_of_files(
        self, client, editor, monkeypatch, django_assert_num_queries
    ):
        monkeypatch.setattr(keys, "SITEMAP_LENGTH", 1)
        for _number in range(20):
            publish_article(by=editor)
        with django_assert_num_queries(2):
            client.get("/sitemap.xml")


class TestAFileOfStories:
    def test_says_when_each_was_last_changed(self, editor):
        edition = publish_article(by=editor, at=timezone.now() - datetime.timedelta(days=3))
        newer = publishing.publish(edition.article, by=editor)
        (url,) = read("/sitemaps/stories-0.xml")
        lastmod = parse_datetime(url.findtext(f"{SITEMAP}lastmod"))
        assert lastmod == newer.live_from.replace(microsecond=0)

    def test_changes_with_its_own_stories_alone(self, editor, monkeypatch):
        monkeypatch.setattr(keys, "SITEMAP_LENGTH", 1)
        first, second = publish_article(by=editor), publish_article(by=editor)
        for edition, other in ((first, second), (second, first)):
            path = f"/sitemaps/stories-{edition.article_id}.xml"
            named = set(Client().get(path).headers["Surrogate-Key"].split())
            assert named & keys.touched_by(edition)
            assert not named & keys.touched_by(other)

    def test_leaves_out_what_others_published_first(self, editor):
        publish_article(by=editor, canonical_url="https://agency.example/story")
        assert Client().get("/sitemaps/stories-0.xml").status_code == 404
        assert locs("/sitemap.xml") == ["/sitemaps/pages.xml"]
        assert locs("/sitemaps/news.xml") == []

    @pytest.mark.parametrize("number", ["7", "99999999999999999999999999", "1000000000"])
    def test_without_stories_is_a_404(self, client, number):
        assert client.get(f"/sitemaps/stories-{number}.xml").status_code == 404

    @pytest.mark.parametrize("stories", [1, 40])
    def test_needs_two_queries(self, client, editor, stories, django_assert_num_queries):
        for _number in range(stories):
            publish_article(by=editor)
        # One for the stories, one for those of them that were corrected.
        with django_assert_num_queries(2):
            client.get("/sitemaps/stories-0.xml")

    @pytest.mark.usefixtures("real_sitemap")
    def test_holds_a_thousand_stories(self, client, editor):
        """The largest file there is keeps the limits of the protocol."""
        edition = publish_article(by=editor)
        number = 5
        first = number * keys.SITEMAP_LENGTH
        article = edition.article
        articles = []
        for place in range(keys.SITEMAP_LENGTH):
            article.pk, article.slug = first + place, f"story-{place}-{'a' * 100}"
            values = {each.attname: getattr(article, each.attname) for each in article._meta.fields}
            articles.append(Article(**values))
        Article.objects.bulk_create(articles, 500)
        values = {each.attname: getattr(edition, each.attname) for each in edition._meta.fields}
        values.pop("id")
        Edition.objects.bulk_create(
            (Edition(**{**values, "article_id": each.pk}) for each in articles), 500
        )
        assert len(read(f"/sitemaps/stories-{number}.xml")) == keys.SITEMAP_LENGTH


class TestTheNewsSitemap:
    def test_has_the_stories_of_two_days_newest_first(self, editor):
        now = timezone.now()
        ages = {
            "old": keys.NEWS_AGE + datetime.timedelta(seconds=5),
            "young": keys.NEWS_AGE - datetime.timedelta(minutes=1),
            "new": datetime.timedelta(minutes=1),
        }
        made = {
            name: publish_article(by=editor, at=now - age, slug=name) for name, age in ages.items()
        }
        publishing.publish(made["old"].article, by=editor)
        assert locs("/sitemaps/news.xml") == [
            made["new"].get_absolute_url(),
            made["young"].get_absolute_url(),
        ]
        url = read("/sitemaps/news.xml")[0]
        title = url.findtext(f"{NEWS}news/{NEWS}title")
        assert title == made["new"].short_title
        said = parse_datetime(url.findtext(f"{NEWS}news/{NEWS}publication_date"))
        assert said == made["new"].first_published_at.replace(microsecond=0)

    def test_is_cut_after_every_thousand_stories(self, editor, monkeypatch):
        monkeypatch.setattr(sitemaps, "NEWS_LENGTH", 2)
        made = [publish_article(by=editor).get_absolute_url() for _number in range(5)]
        files = [path for path in locs("/sitemap.xml") if "news" in path]
        assert len(files) == 3
        assert [len(locs(path)) for path in files] == [2, 2, 1]
        assert [loc for path in files for loc in locs(path)] == made[::-1]

    def test_needs_two_queries(self, client, editor, django_assert_num_queries):
        for _number in range(5):
            publish_article(by=editor)
        # One for the stories, one for the name of the paper.
        with django_assert_num_queries(2):
            client.get("/sitemaps/news.xml")

    def test_names_no_more_keys_than_a_header_holds(self, client, editor):
        for _number in range(5):
            publish_article(by=editor)
        named = client.get("/sitemaps/news.xml").headers["Surrogate-Key"]
        assert named.split() == [keys.FRONT, keys.NEWS, keys.PUBLICATION]

    @pytest.mark.parametrize(
        ("code", "said"),
        [("en-gb", "en"), ("hi", "hi"), ("zh-hans", "zh-cn"), ("zh-hant", "zh-tw")],
    )
    def test_names_the_language_as_the_schema_has_it(self, editor, settings, code, said):
        settings.LANGUAGE_CODE = code
        publish_article(make_article(), by=editor)
        root = read("/sitemaps/news.xml")
        assert root.find(f".//{NEWS}language").text == said
