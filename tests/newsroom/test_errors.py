import json
import re
from urllib.robotparser import RobotFileParser

import pytest
from django.contrib.staticfiles import finders
from django.db import OperationalError
from django.test import Client
from django.urls import path
from django.utils import translation
from PIL import Image as Picture

from newsroom import errors
from newsroom.urls import urlpatterns as site_urls
from tests.factories import make_editor, publish_article
from tests.valid_html import assert_valid

handler403, handler404, handler500 = (
    "newsroom.errors.forbidden",
    "newsroom.errors.not_found",
    "newsroom.errors.server_error",
)


def broken(request):
    raise RuntimeError("the press is jammed: password=hunter2")


def away(request):
    raise OperationalError("could not connect to server")


urlpatterns = [path("broken/", broken), path("away/", away), *site_urls]


class TestServerError:
    def test_needs_neither_the_database_nor_the_request(self, rf):
        # Without the db fixture any query fails.
        page = errors.server_error(rf.get("/"))
        assert page.status_code == 500
        assert page.headers["Cache-Control"] == "no-store"
        html = page.content.decode()
        assert_valid(html)
        assert "Something broke on our side" in html
        assert "Please try again in a minute." in html

    def test_says_in_which_language_it_is(self, rf):
        for language, start in (("en", '<html lang="en">'), ("ar", '<html lang="ar" dir="rtl">')):
            with translation.override(language):
                assert start in errors.server_error(rf.get("/")).content.decode()

    @pytest.mark.django_db
    def test_makes_no_query(self, rf, django_assert_num_queries):
        with django_assert_num_queries(0):
            errors.server_error(rf.get("/"))

    @pytest.mark.urls("tests.newsroom.test_errors")
    def test_is_what_readers_get_when_a_view_breaks(self, caplog):
        page = Client(raise_request_exception=False).get("/broken/")
        assert page.status_code == 500
        assert page.content == errors.server_error(None).content
        assert "hunter2" not in page.content.decode()
        assert "Set-Cookie" not in page.headers
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert "the press is jammed" in caplog.text

    @pytest.mark.urls("tests.newsroom.test_errors")
    def test_is_sent_for_every_method(self):
        client = Client(raise_request_exception=False)
        assert client.head("/broken/").status_code == 500
        assert client.post("/broken/").status_code == 500


@pytest.mark.urls("tests.newsroom.test_errors")
class TestDatabaseAway:
    def test_is_told_as_something_that_passes(self):
        page = Client().get("/away/")
        assert page.status_code == 503
        assert page.headers["Retry-After"] == "60"
        assert page.headers["Cache-Control"] == "no-store"
        assert_valid(page.text)
        assert "Please try again in a minute" in page.text

    def test_is_logged(self, caplog):
        Client().get("/away/")
        assert "could not connect to server" in caplog.text


def without_marks(html):
    return re.sub(b"<!--/?shared.*?-->", b"", html)


@pytest.mark.django_db
class TestNotFound:
    @pytest.mark.parametrize(
        "address",
        ["/nothing/", "/nothing", "/2026/13/40/x/", "/a/b/c/", "/media/nothing", "/%00/", "/é/"],
    )
    def test_says_so_in_the_papers_own_words(self, client, settings, address):
        assert settings.DEBUG is False
        page = client.get(address, follow=True)
        assert page.status_code == 404
        html = page.content.decode()
        assert_valid(html)
        assert "We can’t find that page" in html
        assert "Go to the front page" in html
        # The address isn't repeated: but for its marks, all missing addresses have the same page.
        others = client.get("/something-else/").content
        assert without_marks(page.content) == without_marks(others)

    def test_offers_the_three_newest_stories(self, client):
        editor = make_editor()
        titles = [publish_article(by=editor).short_title for _ in range(4)]
        html = client.get("/nothing/").content.decode()
        assert [title in html for title in titles] == [False, True, True, True]

    def test_answers_robots_and_people_alike(self, client):
        html = client.get("/nothing/").content.decode()
        assert '<meta name="robots" content="noindex">' in html


@pytest.mark.django_db
class TestForbidden:
    def test_says_so_and_is_kept_by_nobody(self, rf):
        page = errors.forbidden(rf.get("/"))
        assert page.status_code == 403
        assert page.headers["Cache-Control"] == "private, no-store"
        assert_valid(page.content)
        assert "That is not allowed" in page.content.decode()

    def test_explains_a_missing_cookie(self, settings):
        client = Client(enforce_csrf_checks=True)
        page = client.post("/admin/login/", {"username": "a", "password": "b"})
        assert page.status_code == 403
        assert "Allow cookies for this site" in page.content.decode()
        assert_valid(page.content)

    def test_answers_an_editor_who_may_not(self, client):
        client.force_login(make_editor())
        page = client.get("/admin/auth/user/")
        assert page.status_code == 403
        assert "That is not allowed" in page.content.decode()


@pytest.mark.django_db
class TestRobots:
    @pytest.fixture
    def page(self, client):
        return client.get("/robots.txt")

    def test_may_read_the_paper_and_nothing_personal(self, page):
        rules = RobotFileParser()
        rules.parse(page.content.decode().splitlines())
        for address in ("/", "/world/", "/2026/01/08/winter-ferry/", "/media/pictures/a.webp"):
            assert rules.can_fetch("Anybot", address)
        for address in ("/admin/", "/admin/login/", "/comments/1:token/"):
            assert not rules.can_fetch("Anybot", address)

    def test_get_plain_text_that_may_be_kept(self, page):
        assert page.headers["Content-Type"].startswith("text/plain")
        assert re.search("public, max-age=[0-9]+", page.headers["Cache-Control"])
        assert page.headers["Surrogate-Key"] == "robots publication"
        assert not page.cookies

    def test_learn_where_the_sitemap_is(self, page):
        rules = RobotFileParser()
        rules.parse(page.text.splitlines())
        assert rules.site_maps() == ["http://testserver/sitemap.xml"]

    @pytest.mark.parametrize("said", ["allow", "refuse"])
    def test_that_gather_texts_for_language_models_do_as_the_paper_says(
        self, client, settings, said
    ):
        settings.AI_CRAWLERS = said
        rules = RobotFileParser()
        rules.parse(client.get("/robots.txt").text.splitlines())
        for name in settings.AI_CRAWLER_NAMES:
            assert rules.can_fetch(name, "/world/") == (said == "allow")
            assert not rules.can_fetch(name, "/admin/") or said == "allow"
        assert rules.can_fetch("Googlebot", "/world/")

    def test_can_not_post(self, client):
        assert client.post("/robots.txt").status_code == 405


@pytest.mark.django_db
class TestTheManifest:
    def test_names_the_paper_and_icons_of_the_sizes_that_it_says(self, client, settings):
        response = client.get("/manifest.webmanifest")
        assert response.headers["Content-Type"].startswith("application/manifest+json")
        manifest = json.loads(response.content)
        assert manifest["name"] == settings.PUBLICATION_NAME
        assert manifest["start_url"] == "/"
        sizes = []
        for icon in manifest["icons"]:
            with Picture.open(finders.find(icon["src"].removeprefix("/static/"))) as picture:
                assert "{}x{}".format(*picture.size) == icon["sizes"]
                assert picture.format == "PNG"
            sizes.append((icon["sizes"], icon.get("purpose", "any")))
        assert sizes == [("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")]
