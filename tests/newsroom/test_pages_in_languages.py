"""Every kind of page is valid HTML in each language that the site offers."""

import pytest
from django.conf import settings as site_settings

from articles import publishing
from comments.models import Comment
from tests.factories import (
    make_agency,
    make_article,
    make_author,
    make_comment,
    make_editor,
    make_image,
    make_section,
    make_topic,
    publish_article,
)
from tests.valid_html import assert_valid

LANGUAGES = [code for code, _name in site_settings.LANGUAGES]
PATHS = [
    "/",
    "/world/",
    "/topics/ferries/",
    "/authors/mira-holt/",
    "/agencies/ians/",
    "/archive/",
    "/search/?q=ferry",
    "/search/?q=nothing+of+it&section=world",
    "/corrections/",
    "/nowhere/at/all/",
]


@pytest.fixture
def edition(db):
    article = make_article(
        section=make_section("World"),
        authors=[make_author("Mira Holt")],
        topics=[make_topic("Ferries")],
        agency=make_agency("IANS"),
        lead_image=make_image(),
        dateline_place="Washington",
        dateline_date="2026-01-08",
        pull_quote="“We can plan again.”",
    )
    edition = publish_article(article)
    for language in LANGUAGES:
        publish_article(language=language)
    article.refresh_from_db()
    publishing.correct(article, by=make_editor(), text="The year was wrong.")
    for status in Comment.Status.values:
        make_comment(article, status=status)
    return edition


@pytest.fixture(params=LANGUAGES)
def read(request, client, settings, edition):
    settings.LANGUAGE_CODE = request.param

    def read(path):
        html = client.get(path).content.decode()
        assert f'<html lang="{request.param}"' in html
        assert ('<html lang="ar" dir="rtl"' in html) == (request.param == "ar")
        return html

    return read


class TestValidity:
    @pytest.mark.parametrize("path", PATHS)
    def test_of_pages(self, read, path):
        assert_valid(read(path))

    @pytest.mark.parametrize("form", ["%Y", "%Y/%m", "%Y/%m/%d"])
    def test_of_the_archive(self, read, edition, form):
        assert_valid(read(f"/{edition.article.published_on.strftime(form)}/"))

    def test_of_a_story(self, read, edition):
        assert_valid(read(edition.get_absolute_url()))

    def test_of_a_commenters_page(self, read):
        for comment in Comment.objects.all():
            assert_valid(read(comment.get_status_url()))
