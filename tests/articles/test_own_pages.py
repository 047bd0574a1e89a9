"""The pages that editors write: what readers get, who may write them, what an address may be."""

import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from articles.addresses import is_taken
from articles.models import Page, Section
from tests.factories import (
    make_chief,
    make_editor,
    make_moderator,
    make_page,
    make_publication,
    make_section,
)
from tests.valid_html import assert_valid

pytestmark = pytest.mark.django_db

ADD = "admin:articles_page_add"
CHANGE = "admin:articles_page_change"
LIST = "admin:articles_page_changelist"
PATHS = ["/about/", "/about/ethics/", "/about/contact/"]
each_path = pytest.mark.parametrize("path", PATHS)


@pytest.fixture
def pages():
    return [
        make_page("About us", slug="about-us", kind="about", footer_position=1),
        make_page(
            "Our ethics",
            slug="ethics",
            kind="ethicsPolicy",
            footer_position=2,
            summary="What we take, and what we never take.",
            body="<h2>Gifts</h2><p>We take none from whom we write about.</p><script>x()</script>",
        ),
        make_page("Contact", slug="contact", kind="contact", footer_position=3),
        make_page("Secret plans", slug="plans", is_published=False),
    ]


def linked_data(html):
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html)
    return json.loads(found[1])["@graph"]


def typed(page=None, **changes):
    """What the form posts, with changes."""
    return {
        "title": "Our ethics",
        "slug": "ethics",
        "kind": "ethicsPolicy",
        "summary": "",
        "body": "<p>We take no gifts.</p>",
        "is_published": "on",
        "footer_position": "4",
        **changes,
    }


class TestReaders:
    def test_get_a_page_with_its_words(self, client, pages):
        html = client.get("/about/ethics/").text
        assert "<title>Our ethics | The Newsroom</title>" in html
        assert re.search(r"<h1[^>]*>Our ethics</h1>", html)
        assert "What we take, and what we never take." in html
        assert "<h2>Gifts</h2><p>We take none from whom we write about.</p>" in html
        assert "x()" not in html

    def test_find_the_page_about_the_paper_at_an_address_of_its_own(self, client, pages):
        assert '<h1 dir="auto">About us</h1>' in client.get("/about/").text
        assert client.get("/about/about-us/").status_code == 404
        assert pages[0].get_absolute_url() == "/about/"

    def test_get_a_list_where_nobody_wrote_about_the_paper(self, client, pages):
        pages[0].delete()
        html = client.get("/about/").text
        assert "About The Newsroom" in html
        assert "Our ethics" in html
        assert_valid(html)

    def test_find_nothing_where_nothing_is_written(self, client):
        assert client.get("/about/").status_code == 404
        assert client.get("/about/ethics/").status_code == 404

    def test_never_see_what_is_not_published(self, client, pages):
        assert client.get("/about/plans/").status_code == 404
        for path in ("/", *PATHS, "/sitemaps/pages.xml"):
            text = client.get(path).text
            assert "Secret plans" not in text
            assert "/plans/" not in text

    @each_path
    def test_find_the_others_at_the_foot_of_every_page(self, client, pages, path):
        html = client.get(path).text
        foot = html[html.index('<footer class="foot">') :]
        places = [foot.index(f">{page.title}</a>") for page in pages[:3]]
        assert places == sorted(places)

    @each_path
    def test_get_valid_html(self, client, pages, path):
        assert_valid(client.get(path).content)

    @each_path
    def test_all_get_the_same(self, client, pages, path):
        chief = Client()
        chief.force_login(make_chief())
        answers = [client.get(path), chief.get(path)]
        assert answers[0].content == answers[1].content
        for answer in answers:
            assert not answer.cookies
            assert answer.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
            assert set(answer.headers["Surrogate-Key"].split()) == {"sections", "publication"}

    def test_cost_two_queries_for_any_number_of_pages(
        self, client, pages, django_assert_num_queries
    ):
        for _ in range(20):
            make_page()
        for path in PATHS:
            with django_assert_num_queries(2):
                client.get(path)


class TestMachines:
    def test_learn_the_policies_by_their_addresses(self, client, pages):
        (page, crumbs) = linked_data(client.get("/about/ethics/").text)
        assert page["@type"] == "WebPage"
        assert page["about"]["ethicsPolicy"] == "http://testserver/about/ethics/"
        assert "contact" not in page["about"]
        names = [item["name"] for item in crumbs["itemListElement"]]
        assert names == ["The Newsroom", "About The Newsroom", "Our ethics"]

    @pytest.mark.parametrize(
        ("path", "kind"), [("/about/", "AboutPage"), ("/about/contact/", "ContactPage")]
    )
    def test_learn_what_a_page_is(self, client, pages, path, kind):
        assert linked_data(client.get(path).text)[0]["@type"] == kind

    def test_find_them_in_the_sitemap(self, client, pages):
        text = client.get("/sitemaps/pages.xml").text
        for path in PATHS:
            assert f"<loc>http://testserver{path}</loc>" in text

    def test_learn_where_the_paper_is_elsewhere(self, client, pages):
        make_publication(socials=[["Mastodon", "https://social.example/@post"]])
        page = linked_data(client.get("/about/").text)[0]
        assert page["about"]["sameAs"] == ["https://social.example/@post"]


class TestWriting:
    def test_makes_a_page_that_readers_see(self, client):
        client.force_login(make_chief())
        assert client.get(reverse(LIST)).status_code == 200
        response = client.post(reverse(ADD), typed(body="<p onclick=x()>None.</p>"))
        assert response.status_code == 302
        page = Page.objects.get()
        assert page.body_html == "<p>None.</p>"
        assert client.get("/about/ethics/").status_code == 200
        change = client.get(reverse(CHANGE, args=[page.pk])).text
        assert 'href="/about/ethics/"' in change
        client.post(reverse(CHANGE, args=[page.pk]), typed(is_published=""))
        assert client.get("/about/ethics/").status_code == 404
        assert '/about/ethics/" class' not in client.get(reverse(CHANGE, args=[page.pk])).text

    def test_keeps_what_was_typed_when_something_is_wrong(self, client, pages):
        client.force_login(make_chief())
        response = client.post(reverse(ADD), typed(slug="gifts", body="<p>Long and careful.</p>"))
        assert response.status_code == 200
        assert "There is a page of this kind already." in response.text
        assert "Long and careful." in response.text

    @pytest.mark.parametrize("make", [make_editor, make_moderator])
    def test_is_the_chief_editors_alone(self, client, pages, make):
        client.force_login(make())
        for address in (
            reverse(LIST),
            reverse(ADD),
            reverse(CHANGE, args=[pages[0].pk]),
            reverse("admin:articles_page_delete", args=[pages[0].pk]),
        ):
            assert client.get(address).status_code == 403
            assert client.post(address, typed()).status_code == 403
        assert Page.objects.count() == len(pages)

    def test_allows_one_page_of_a_kind(self, pages):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_page(kind="ethicsPolicy")
        make_page(kind="")
        make_page(kind="")


class TestSectionsAddress:
    @pytest.mark.parametrize(
        "slug",
        "search archive topics authors agencies about admin comments media static sitemaps 2026"
        " sitemap feed oembed robots manifest healthz readyz metrics accent logo".split(),
    )
    def test_is_none_that_the_site_has_for_something_else(self, slug):
        with pytest.raises(ValidationError) as refused:
            Section(name="Clash", slug=slug).full_clean()
        assert "slug" in refused.value.message_dict

    @pytest.mark.parametrize("slug", ["world", "about-town", "topic", "202", "20266", "searching"])
    def test_may_be_any_other(self, slug):
        Section(name="Fine", slug=slug).full_clean()
        assert not is_taken(slug)

    def test_is_refused_beside_the_field(self, client):
        client.force_login(make_chief())
        section = make_section("World")
        response = client.post(
            reverse("admin:articles_section_change", args=[section.pk]),
            {"name": "World", "slug": "search", "accent": "world", "position": "1"},
        )
        assert "The site has something else at this address." in response.text
        section.refresh_from_db()
        assert section.slug == "world"
