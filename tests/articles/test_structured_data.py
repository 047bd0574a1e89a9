"""What pages say to machines: JSON-LD, link previews, oEmbed."""

import json
import re
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from pyld import jsonld

from articles import publishing, structured_data
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

HOSTILE = "</script><script>alert(1)</script><!-- & \u2028 ]]> \"'"
SCHEMA = "https://schema.org/"
#: As much of schema.org's context document as our nodes need: a processor fetches nothing here.
CONTEXT = {
    "@context": {
        "@vocab": SCHEMA,
        "id": "@id",
        "type": "@type",
        **{
            name: {"@id": f"{SCHEMA}{name}", "@type": "@id"}
            for name in ("url", "item", "correctionsPolicy", "ethicsPolicy", "discussionUrl")
        },
        **{
            name: {"@id": f"{SCHEMA}{name}", "@type": f"{SCHEMA}DateTime"}
            for name in ("datePublished", "dateModified")
        },
    }
}


def local(url, options):
    assert url.rstrip("/") == "https://schema.org", f"A processor would fetch {url}"
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": CONTEXT,
    }


@pytest.fixture
def editor():
    return make_editor("lucia")


@pytest.fixture
def full(editor):
    return publish_article(
        make_article(
            section=make_section("World"),
            authors=[make_author("Mira Holt"), make_author("Jonas Berg")],
            topics=[make_topic("Ferries"), make_topic("Winter")],
            agency=make_agency("IANS"),
            lead_image=make_image(caption="The old ferry in March."),
            dateline_place="Washington",
            dateline_date="2026-01-08",
        ),
        by=editor,
    )


def data(path):
    """The nodes of a page's linked data, by type."""
    html = Client().get(path).text
    scripts = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    nodes = {}
    for each in map(json.loads, scripts):
        assert each["@context"] == "https://schema.org"
        for node in each.get("@graph", [each]):
            nodes[node["@type"]] = node
    return nodes


def comment_on(edition, number):
    Comment.objects.bulk_create(
        Comment(
            article=edition.article,
            name=f"Reader {place}",
            email="reader@example.org",
            body=COMMENT,
            status=Comment.Status.APPROVED,
        )
        for place in range(number)
    )


class TestAStory:
    def test_has_every_field_that_googles_documentation_recommends(self, full):
        node = data(full.get_absolute_url())["NewsArticle"]
        recommended = {"author", "dateModified", "datePublished", "headline", "image"}
        assert recommended <= set(node)
        assert node["headline"] == full.headline
        assert [author["@type"] for author in node["author"]] == ["Person", "Person"]
        assert [(author["name"], author["url"]) for author in node["author"]] == [
            ("Mira Holt", "http://testserver/authors/mira-holt/"),
            ("Jonas Berg", "http://testserver/authors/jonas-berg/"),
        ]
        for name in ("datePublished", "dateModified"):
            assert parse_datetime(node[name]).tzinfo

    def test_has_its_picture_in_three_shapes(self, full):
        images = data(full.get_absolute_url())["NewsArticle"]["image"]
        shapes = [round(image["width"] / image["height"], 1) for image in images]
        assert shapes == [1.8, 1.3, 1.0]
        for image in images:
            assert image["url"].startswith("http://testserver/media/pictures/")
            assert Client().get(image["url"].removeprefix("http://testserver")).status_code == 200
            assert image["caption"] == "The old ferry in March."
            assert image["creditText"] == "Test Desk"

    def test_says_what_the_newsroom_knows_of_it(self, full, settings):
        node = data(full.get_absolute_url())["NewsArticle"]
        assert node["url"] == node["mainEntityOfPage"]["@id"] == full.absolute_url
        assert node["dateline"] == "Washington, Jan 8"
        assert node["articleSection"] == "World"
        assert node["keywords"] == ["Ferries", "Winter"]
        assert node["wordCount"] == full.word_count
        assert node["timeRequired"] == f"PT{full.reading_minutes}M"
        assert node["isAccessibleForFree"] is True
        assert node["inLanguage"] == "en"
        assert node["publisher"]["@type"] == "NewsMediaOrganization"
        assert node["publisher"]["name"] == settings.PUBLICATION_NAME
        assert node["publisher"]["logo"]["url"] == "http://testserver/static/img/icon-512.png"

    def test_counts_its_comments_and_shows_the_newest(self, full):
        comment_on(full, 7)
        Comment.objects.filter(name="Reader 3").update(status=Comment.Status.PENDING)
        node = data(full.get_absolute_url())["NewsArticle"]
        assert node["commentCount"] == 6
        names = [comment["author"]["name"] for comment in node["comment"]]
        assert names == [f"Reader {place}" for place in (6, 5, 4, 2, 1)]
        html = Client().get(full.get_absolute_url()).text
        for comment in node["comment"]:
            assert comment["@type"] == "Comment"
            assert comment["text"] == COMMENT
            assert parse_datetime(comment["datePublished"]).tzinfo
            address, _mark, anchor = comment["url"].partition("#")
            assert address == full.absolute_url
            assert f'id="{anchor}"' in html

    def test_says_when_it_was_changed(self, full, editor, settings):
        settings.TIME_ZONE = "Asia/Tokyo"
        newer = publishing.publish(full.article, by=editor)
        node = data(full.get_absolute_url())["NewsArticle"]
        assert node["datePublished"].endswith("+09:00")
        assert parse_datetime(node["dateModified"]) == newer.live_from.replace(microsecond=0)
        assert node["dateModified"] == timezone.localtime(newer.live_from).isoformat("T", "seconds")

    def test_carries_corrections_that_are_handed_in(self, full):
        correction = {"@type": "CorrectionComment", "text": "It was another ferry."}
        node = structured_data.news_article(full, corrections=[correction])
        assert node["correction"] == [correction]

    def test_leaves_out_what_it_lacks(self, editor):
        bare = publish_article(by=editor, standfirst="", summary="", key_points=[])
        node = data(bare.get_absolute_url())["NewsArticle"]
        for name in ("image", "dateline", "description", "keywords", "correction", "comment"):
            assert name not in node
        assert all(value not in ("", None, []) for value in node.values())
        assert node["author"] == [node["publisher"]]
        assert node["commentCount"] == 0

    def test_without_a_byline_is_its_agencys(self, editor):
        story = publish_article(by=editor, agency=make_agency("IANS"))
        node = data(story.get_absolute_url())["NewsArticle"]
        assert node["author"] == [
            {"@type": "Organization", "name": "IANS", "url": "http://testserver/agencies/ians/"}
        ]

    def test_names_an_author_with_two_roles_once(self, editor):
        article = make_article(authors=[make_author("Mira Holt")])
        article.bylines.create(author=article.authors.get(), role="Pictures by", position=1)
        story = publish_article(article, by=editor)
        assert len(data(story.get_absolute_url())["NewsArticle"]["author"]) == 1

    def test_can_not_leave_its_element(self, editor):
        story = publish_article(
            by=editor,
            headline=HOSTILE,
            short_title=HOSTILE,
            standfirst=HOSTILE,
            authors=[make_author(HOSTILE, slug="hostile")],
            topics=[make_topic("<!--<script>")],
            section=make_section("</script>", slug="world"),
        )
        comment_on(story, 1)
        Comment.objects.update(name=HOSTILE, body=HOSTILE * 3)
        for path in (story.get_absolute_url(), "/world/", "/authors/hostile/"):
            html = Client().get(path).text
            assert_valid(html)
            assert "<script>alert" not in html
        node = data(story.get_absolute_url())["NewsArticle"]
        assert node["headline"] == story.headline
        assert node["comment"][0]["author"]["name"] == HOSTILE

    def test_names_policies_of_the_paper(self, full, settings):
        settings.PUBLICATION_POLICIES = {
            "correctionsPolicy": "/corrections/",
            "ethicsPolicy": "https://example.org/ethics",
        }
        publisher = data(full.get_absolute_url())["NewsArticle"]["publisher"]
        assert publisher["correctionsPolicy"] == "http://testserver/corrections/"
        assert publisher["ethicsPolicy"] == "https://example.org/ethics"

    def test_costs_no_query_for_each_thing_that_it_says(
        self, client, full, editor, django_assert_num_queries
    ):
        comment_on(full, 9)
        with django_assert_num_queries(6):
            client.get(full.get_absolute_url())


class TestOtherPages:
    def test_say_the_way_to_them(self, full):
        ways = {
            full.section.get_absolute_url(): ["The Newsroom", "World"],
            "/topics/ferries/": ["The Newsroom", "Ferries"],
            "/authors/mira-holt/": ["The Newsroom", "Mira Holt"],
            full.get_absolute_url(): ["The Newsroom", "World", full.short_title],
        }
        for path, names in ways.items():
            items = data(path)["BreadcrumbList"]["itemListElement"]
            assert [item["name"] for item in items] == names
            assert [item["position"] for item in items] == list(range(1, len(names) + 1))
            assert items[-1]["item"] == f"http://testserver{path}"

    def test_of_the_archive_lead_from_year_to_day(self, full):
        on = full.article.published_on
        items = data(f"/{on:%Y/%m/%d}/")["BreadcrumbList"]["itemListElement"]
        paths = ["/", "/archive/", f"/{on:%Y}/", f"/{on:%Y/%m}/", f"/{on:%Y/%m/%d}/"]
        assert [item["item"] for item in items] == [f"http://testserver{path}" for path in paths]

    def test_the_front_page_says_what_site_it_is(self, full, settings):
        node = data("/")["WebSite"]
        assert node["name"] == settings.PUBLICATION_NAME
        assert node["url"] == "http://testserver/"
        assert node["publisher"]["@type"] == "NewsMediaOrganization"

    def test_can_be_searched(self, full):
        action = data("/")["WebSite"]["potentialAction"]
        address = action["target"]["urlTemplate"].replace("{search_term_string}", "ferry")
        assert Client().get(address.removeprefix("http://testserver")).status_code == 200


class TestAJsonLdProcessor:
    @pytest.fixture
    def paths(self, full, settings):
        settings.PUBLICATION_POLICIES = {"correctionsPolicy": "/corrections/"}
        comment_on(full, 2)
        return ["/", full.get_absolute_url(), "/world/", "/topics/ferries/", "/archive/"]

    def test_reads_what_we_mean_and_writes_it_again(self, paths):
        options = {"documentLoader": local}
        for path in paths:
            nodes = [{"@context": SCHEMA, **node} for node in data(path).values()]
            assert nodes
            for node in nodes:
                expanded = jsonld.expand(node, options)
                assert expanded[0]["@type"] == [f"{SCHEMA}{node['@type']}"]
                again = jsonld.compact(expanded, CONTEXT, options)
                assert jsonld.normalize(
                    node, {**options, "algorithm": "URDNA2015"}
                ) == jsonld.normalize(again, {**options, "algorithm": "URDNA2015"})

    def test_finds_no_property_without_a_meaning(self, full):
        options = {"documentLoader": local}
        node = {"@context": SCHEMA, **data(full.get_absolute_url())["NewsArticle"]}
        (expanded,) = jsonld.expand(node, options)
        named = {name.removeprefix(SCHEMA) for name in expanded if not name.startswith("@")}
        assert named == {name for name in node if not name.startswith("@")}


class TestLinkPreviews:
    def meta(self, path):
        html = Client().get(path).text
        found = re.findall(r'<meta (?:name|property)="([^"]*)" content="([^"]*)">', html)
        return dict(found), html

    def test_have_title_words_picture_and_card(self, full):
        meta, _html = self.meta(full.get_absolute_url())
        assert meta["og:type"] == "article"
        assert meta["og:title"] == full.short_title
        assert meta["og:url"] == full.absolute_url
        assert meta["og:image"].startswith("http://testserver/media/pictures/")
        assert int(meta["og:image:width"]) / int(meta["og:image:height"]) == pytest.approx(
            16 / 9, abs=0.01
        )
        assert meta["twitter:card"] == "summary_large_image"
        assert meta["article:section"] == "World"
        assert meta["robots"] == "max-image-preview:large"

    def test_name_every_author_and_topic(self, full):
        _meta, html = self.meta(full.get_absolute_url())
        assert re.findall('"article:author" content="([^"]*)"', html) == [
            "http://testserver/authors/mira-holt/",
            "http://testserver/authors/jonas-berg/",
        ]
        assert re.findall('"article:tag" content="([^"]*)"', html) == ["Ferries", "Winter"]

    def test_without_a_picture_are_small_cards(self, editor):
        meta, _html = self.meta(publish_article(by=editor).get_absolute_url())
        assert meta["twitter:card"] == "summary"
        assert "og:image" not in meta


class TestTheCanonicalAddress:
    def test_is_our_own(self, client, full):
        html = client.get(full.get_absolute_url()).text
        assert html.count('rel="canonical"') == 1
        assert f'<link rel="canonical" href="{full.absolute_url}">' in html

    def test_is_the_originals_where_the_story_names_one(self, client, editor):
        address = "https://agency.example/story?a=1&b=2"
        story = publish_article(by=editor, canonical_url=address)
        html = client.get(story.get_absolute_url()).text
        assert '<link rel="canonical" href="https://agency.example/story?a=1&amp;b=2">' in html
        assert data(story.get_absolute_url())["NewsArticle"]["isBasedOn"] == address
        article = story.article
        article.canonical_url = ""
        article.save()
        assert story.canonical == address
        publishing.publish(article, by=editor)
        assert article.live_edition().canonical == story.absolute_url


class TestOembed:
    def ask(self, **query):
        return Client().get(f"/oembed?{urlencode(query)}")

    @pytest.mark.parametrize("kind", ["json", "xml", None])
    def test_says_how_to_show_a_link_to_a_story(self, full, kind):
        query = {"url": full.absolute_url, **({"format": kind} if kind else {})}
        response = self.ask(**query)
        if kind == "xml":
            assert response.headers["Content-Type"].startswith("text/xml")
            root = ElementTree.fromstring(response.content)  # noqa: S314
            assert root.tag == "oembed"
            answer = {each.tag: each.text for each in root}
        else:
            assert response.headers["Content-Type"] == "application/json"
            answer = json.loads(response.content)
        assert answer["version"] == "1.0"
        assert answer["type"] == "link"
        assert answer["title"] == full.short_title
        assert answer["author_name"] == "Mira Holt"
        assert answer["author_url"] == "http://testserver/authors/mira-holt/"
        assert answer["provider_name"] == "The Newsroom"
        assert int(answer["thumbnail_width"]) >= int(answer["thumbnail_height"]) > 0

    def test_is_found_from_the_story(self, client, full):
        html = client.get(full.get_absolute_url()).text
        for kind, media in (("json", "application/json"), ("xml", "text/xml")):
            (href,) = re.findall(f'type="{media}\\+oembed"[^>]* href="([^"]*)"', html)
            path = href.replace("&amp;", "&").removeprefix("http://testserver")
            assert path == f"/oembed?{urlencode({'url': full.absolute_url, 'format': kind})}"
            assert client.get(path).status_code == 200

    def test_keeps_to_the_size_that_is_asked_for(self, full):
        answer = json.loads(self.ask(url=full.absolute_url, maxwidth=200).content)
        assert "thumbnail_url" not in answer

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "x",
            "http://testserver/",
            "http://testserver/world/",
            "http://testserver/admin/",
            "http://[",
            "http://testserver/2026/01/08/none/",
            "http://testserver/2026/99/99/none/",
            "//testserver/2026/01/08/none/",
            "\0",
        ],
    )
    def test_knows_nothing_but_stories(self, full, url):
        assert self.ask(url=url).status_code == 404

    def test_knows_no_story_of_another_site(self, full):
        for site in ("https://evil.example", "http://testserver:80", "https://testserver"):
            assert self.ask(url=f"{site}{full.get_absolute_url()}").status_code == 404

    def test_knows_no_other_form(self, full):
        assert self.ask(url=full.absolute_url, format="yaml").status_code == 501

    def test_reads_an_address_with_signs_in_it(self, full):
        path = f"/oembed?url={quote(full.absolute_url, safe='')}&maxwidth=x&maxheight=-1"
        assert Client().get(path).status_code == 200
