"""Feeds, sitemaps and linked data against their schemas: all that is in them is allowed there.

The schemas under tests/schemas were written for these tests, after the specifications; so was the
part of schema.org's vocabulary below.
"""

import datetime
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from lxml import etree

from articles import publishing
from comments.models import Comment
from tests.factories import (
    COMMENT,
    make_agency,
    make_author,
    make_editor,
    make_image,
    make_publication,
    make_section,
    make_topic,
    publish_article,
)

pytestmark = pytest.mark.django_db

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
HOSTILE = "</title><script>alert(1)</script> & \"' ]]> \x0b\ufffe नौका \U0001f6a2"
LISTS = ["/", "/world/", "/topics/ferries/", "/authors/mira-holt/"]
SITEMAPS = [
    "/sitemap.xml",
    "/sitemaps/pages.xml",
    "/sitemaps/news.xml",
    "/sitemaps/stories-0.xml",
]


@pytest.fixture(params=["summary", "full"])
def stories(request):
    """A paper with a full story, a bare one, a hostile one, an agency's and a foreign one."""
    make_publication(
        name="Fish & <Chips>", feed_content=request.param, websub_hub="https://hub.example/?a=1&b=2"
    )
    editor = make_editor()
    shared = {
        "by": editor,
        "section": make_section("World"),
        "topics": [make_topic("Ferries")],
        "authors": [make_author("Mira Holt"), make_author("Jonas Berg")],
    }
    full = publish_article(
        agency=make_agency("IANS"),
        lead_image=make_image(caption="The old ferry in March."),
        dateline_place="Washington",
        dateline_date="2026-01-08",
        at=timezone.now() - datetime.timedelta(hours=1),
        **shared,
    )
    publishing.publish(full.article, by=editor)
    publishing.correct(full.article, by=editor, text="The bridge closed in 2024.")
    for _number in range(3):
        Comment.objects.create(
            article=full.article,
            name="Petra",
            email="petra@example.org",
            body=COMMENT,
            status=Comment.Status.APPROVED,
        )
    publish_article(standfirst="", summary="", key_points=[], **shared)
    publish_article(
        headline=HOSTILE,
        short_title=HOSTILE,
        standfirst=HOSTILE,
        lead_image=make_image(alt=HOSTILE, credit=HOSTILE),
        **shared,
    )
    publish_article(canonical_url="https://agency.example/story?a=1&b=2", **shared)
    publish_article(language="hi", **shared)
    return full.article.live_edition()


def get(path):
    response = Client().get(path)
    assert response.status_code == 200
    return response.content


def xml(content):
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))


def schema(name):
    tree = etree.parse(SCHEMAS / name)
    return etree.RelaxNG(tree) if name.endswith(".rng") else etree.XMLSchema(tree)


class TestFeeds:
    @pytest.mark.parametrize("path", LISTS)
    @pytest.mark.parametrize(("kind", "name"), [("xml", "rss.rng"), ("atom", "atom.rng")])
    def test_keep_to_their_schema(self, stories, path, kind, name):
        schema(name).assertValid(xml(get(f"{path}feed.{kind}")))

    @pytest.mark.parametrize(("kind", "name"), [("xml", "rss.rng"), ("atom", "atom.rng")])
    def test_keep_to_it_without_a_story(self, kind, name):
        schema(name).assertValid(xml(get(f"/feed.{kind}")))

    @pytest.mark.parametrize("lacking", ["id", "title", "updated", "author", "link"])
    def test_without_what_atom_asks_for_would_be_noticed(self, stories, lacking):
        tree = xml(get("/feed.atom"))
        for found in tree.findall(f".//{{*}}{lacking}"):
            found.getparent().remove(found)
        assert not schema("atom.rng").validate(tree)

    @pytest.mark.parametrize("lacking", ["title", "link", "description", "guid", "pubDate"])
    def test_without_what_rss_asks_for_would_be_noticed(self, stories, lacking):
        tree = xml(get("/feed.xml"))
        for found in tree.findall(f".//{lacking}"):
            found.getparent().remove(found)
        assert not schema("rss.rng").validate(tree)

    @pytest.mark.parametrize("path", LISTS)
    def test_as_json_keep_to_version_1_1(self, stories, path):
        feed = json.loads(get(f"{path}feed.json"))
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert feed["title"]
        addresses = [feed["home_page_url"], feed["feed_url"], feed["icon"]]
        for hub in feed["hubs"]:
            assert hub["type"] == "WebSub"
            addresses.append(hub["url"])
        assert len({item["id"] for item in feed["items"]}) == len(feed["items"]) == 5
        for item in feed["items"]:
            assert isinstance(item["id"], str)
            assert item.get("content_html") or item.get("content_text")
            addresses += [item["url"], *filter(None, [item.get("image")])]
            for name in ("date_published", "date_modified"):
                assert parse_datetime(item[name]).tzinfo
            for author in item["authors"]:
                assert author["name"]
                addresses.append(author["url"])
            assert all(isinstance(tag, str) for tag in item["tags"])
        for address in addresses:
            assert urlsplit(address).scheme in {"http", "https"}
            assert urlsplit(address).netloc


class TestSitemaps:
    @pytest.mark.parametrize("path", SITEMAPS)
    def test_keep_to_their_schema(self, stories, path):
        schema("sitemap.xsd").assertValid(xml(get(path)))

    @pytest.mark.parametrize(
        ("path", "lacking"),
        [
            ("/sitemap.xml", "loc"),
            ("/sitemaps/stories-0.xml", "loc"),
            ("/sitemaps/news.xml", "publication"),
            ("/sitemaps/news.xml", "title"),
        ],
    )
    def test_without_what_is_asked_for_would_be_noticed(self, stories, path, lacking):
        tree = xml(get(path))
        for found in tree.findall(f".//{{*}}{lacking}"):
            found.getparent().remove(found)
        assert not schema("sitemap.xsd").validate(tree)


# As schema.org has them: what a type adds to the one that it is a kind of.
THING = {"name", "alternateName", "description", "image", "url", "mainEntityOfPage", "sameAs"}
THING |= {"potentialAction", "identifier"}
CREATIVE_WORK = THING | {
    "headline", "alternativeHeadline", "datePublished", "dateModified", "author", "publisher",
    "keywords", "timeRequired", "inLanguage", "isAccessibleForFree", "isBasedOn", "correction",
    "comment", "commentCount", "discussionUrl", "text", "creditText", "license",
}  # fmt: skip
ARTICLE = CREATIVE_WORK | {"articleSection", "articleBody", "wordCount", "speakable"}
MEDIA_OBJECT = CREATIVE_WORK | {"width", "height", "contentUrl", "caption"}
ORGANIZATION = THING | {
    "logo", "actionableFeedbackPolicy", "correctionsPolicy", "diversityPolicy",
    "diversityStaffingReport", "ethicsPolicy", "ownershipFundingInfo", "publishingPrinciples",
    "unnamedSourcesPolicy", "email", "telephone", "address", "slogan", "knowsLanguage",
    "contactPoint",
}  # fmt: skip
NEWS_MEDIA = ORGANIZATION | {
    "masthead", "missionCoveragePrioritiesPolicy", "noBylinesPolicy",
    "verificationFactCheckingPolicy",
}  # fmt: skip
VOCABULARY = {
    "NewsArticle": ARTICLE | {"dateline", "printEdition", "printPage", "printSection"},
    "WebPage": CREATIVE_WORK | {"breadcrumb"},
    "AboutPage": CREATIVE_WORK | {"breadcrumb"},
    "ContactPage": CREATIVE_WORK | {"breadcrumb"},
    "WebSite": CREATIVE_WORK,
    "Comment": CREATIVE_WORK | {"parentItem", "upvoteCount"},
    "CorrectionComment": CREATIVE_WORK | {"parentItem", "upvoteCount"},
    "ImageObject": MEDIA_OBJECT,
    "Person": THING | {"jobTitle", "worksFor", "email"},
    "ProfilePage": CREATIVE_WORK | {"breadcrumb", "mainEntity"},
    "Organization": ORGANIZATION,
    "NewsMediaOrganization": NEWS_MEDIA,
    "BreadcrumbList": THING | {"itemListElement", "numberOfItems"},
    "ListItem": THING | {"item", "position"},
    "SearchAction": THING | {"target", "query", "query-input"},
    "EntryPoint": THING | {"urlTemplate"},
}


def linked_data(path):
    html = get(path).decode()
    scripts = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    for each in map(json.loads, scripts):
        yield from each.get("@graph", [each])


def nodes(value):
    """All nodes in a value, however deep."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


class TestLinkedData:
    @pytest.mark.parametrize("path", ["story", *LISTS, "/archive/", "/corrections/"])
    def test_has_only_what_schema_org_knows_of_each_type(self, stories, path):
        path = stories.get_absolute_url() if path == "story" else path
        found = [node for each in linked_data(path) for node in nodes(each)]
        assert found
        for node in found:
            if set(node) == {"@id"}:
                # It only names a node that is told elsewhere.
                continue
            names = {name for name in node if not name.startswith("@")}
            assert names <= VOCABULARY[node["@type"]], node["@type"]

    def test_of_a_story_has_all_that_search_engines_ask_for(self, stories):
        story = next(
            each
            for each in linked_data(stories.get_absolute_url())
            if each["@type"] == "NewsArticle"
        )
        assert {
            "headline", "image", "datePublished", "dateModified", "author", "publisher",
            "dateline", "articleSection", "wordCount", "timeRequired", "comment", "commentCount",
            "correction", "mainEntityOfPage", "inLanguage", "keywords",
        } <= set(story)  # fmt: skip
        for author in story["author"]:
            assert author["@type"] == "Person"
            assert author["name"]
            assert urlsplit(author["url"]).netloc
        assert len(story["image"]) == 3
        for node in nodes(story):
            for name in ("datePublished", "dateModified"):
                assert name not in node or parse_datetime(node[name]).tzinfo
            for name in ("url", "item", "discussionUrl", "isBasedOn"):
                assert name not in node or urlsplit(node[name]).netloc
