"""Earlier versions of a story: as readers saw them, where the paper shows them."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from articles import publishing
from tests.factories import (
    make_agency,
    make_author,
    make_editor,
    make_image,
    make_publication,
    make_section,
    publish_article,
)
from tests.valid_html import assert_valid

pytestmark = pytest.mark.django_db

HOSTILE = "</ins><script>alert(1)</script> & \"' <del>"


@pytest.fixture
def is_shown(settings):
    """A paper that shows earlier versions."""
    return make_publication(name=settings.PUBLICATION_NAME, has_public_history=True)


@pytest.fixture
def editor():
    return make_editor("lucia")


@pytest.fixture
def edition(editor, is_shown):
    """The third edition of a story."""
    first = publish_article(
        by=editor,
        section=make_section("World"),
        authors=[make_author("Mira Holt")],
        agency=make_agency("IANS"),
        lead_image=make_image(caption="The old ferry."),
        headline="The ferry stops",
        at=timezone.now() - datetime.timedelta(days=2),
    )
    at = timezone.now() - datetime.timedelta(days=1)
    again(first, "The ferry may stop", editor, at=at, backdated=True)
    return again(first, "The ferry runs on", editor)


def again(edition, headline, editor, **when):
    article = edition.article
    article.headline = headline
    article.save()
    return publishing.publish(article, by=editor, **when)


def numbers(edition):
    """The versions that the history names, by their headlines."""
    html = Client().get(edition.history_url).text
    assert_valid(html)
    return re.findall(r'<h3 dir="auto">([^<]*)</h3>', html)


def pages(edition):
    return [
        edition.history_url,
        f"{edition.history_url}1/",
        f"{edition.history_url}{edition.number}/",
        f"{edition.history_url}compare/?from=1&to={edition.number}",
    ]


class TestTheHistory:
    def test_lists_what_readers_saw_newest_first(self, client, edition):
        assert numbers(edition) == ["The ferry runs on", "The ferry may stop", "The ferry stops"]
        html = client.get(edition.history_url).text
        for address in ("1/", "2/", "compare/?from=1&amp;to=2", "compare/?from=2&amp;to=3"):
            assert f'href="{edition.history_url}{address}"' in html
        assert f'href="{edition.history_url}3/"' not in html

    def test_offers_any_two_where_there_are_more_than_two(self, client, edition, editor):
        assert "<form" in client.get(edition.history_url).text
        other = publish_article(section=edition.section)
        again(other, "Twice", editor)
        assert "<form" not in client.get(other.history_url).text

    def test_never_shows_what_is_scheduled_or_was_cancelled(self, client, edition, editor):
        later = timezone.now() + datetime.timedelta(hours=1)
        cancelled = again(edition, "A cancelled scoop", editor, at=later)
        scheduled = again(edition, "Tomorrow's scoop", editor, at=later)
        assert numbers(edition) == ["The ferry runs on", "The ferry may stop", "The ferry stops"]
        for secret in (cancelled, scheduled):
            assert client.get(f"{edition.history_url}{secret.number}/").status_code == 404
            query = {"from": 1, "to": secret.number}
            assert client.get(f"{edition.history_url}compare/", query).status_code == 404
        for path in pages(edition):
            assert "scoop" not in client.get(path).text

    def test_never_shows_the_working_copy(self, client, edition):
        article = edition.article
        article.headline = "A draft"
        article.body = "<p>Drafted words.</p>"
        article.save()
        for path in pages(edition):
            text = client.get(path).text
            assert "A draft" not in text
            assert "Drafted" not in text

    def test_of_a_withdrawn_story_is_none(self, client, edition, editor):
        publishing.withdraw(edition.article, by=editor, note="It was the wrong ferry.")
        for path in pages(edition):
            response = client.get(path)
            assert response.status_code == 410
            assert "It was the wrong ferry." in response.text
            assert "The ferry" not in response.text

    def test_begins_anew_when_a_withdrawn_story_comes_back(self, client, edition, editor):
        publishing.withdraw(edition.article, by=editor)
        back = again(edition, "The ferry runs, we are sure", editor)
        assert numbers(back) == ["The ferry runs, we are sure"]
        for number in (1, 2, 3):
            assert client.get(f"{back.history_url}{number}/").status_code == 404

    def test_of_a_paper_that_shows_none_is_not_there(self, client, edition, is_shown):
        is_shown.has_public_history = False
        is_shown.save()
        for path in pages(edition):
            assert client.get(path).status_code == 404
        assert "history/" not in client.get(edition.get_absolute_url()).text

    def test_is_found_from_a_story_that_changed(self, client, edition):
        link = f'href="{edition.history_url}"'
        assert link in client.get(edition.get_absolute_url()).text
        other = publish_article(section=edition.section)
        assert "history/" not in client.get(other.get_absolute_url()).text


class TestAVersion:
    def test_is_shown_as_it_was(self, client, edition):
        html = client.get(f"{edition.history_url}1/").text
        assert_valid(html)
        assert '<h1 dir="auto">The ferry stops</h1>' in html
        assert "You are reading an earlier version of this story" in html
        assert f'href="{edition.get_absolute_url()}" dir="auto">{edition.short_title}</a>' in html
        assert "compare/?from=1&amp;to=3" in html

    def test_that_is_live_says_so(self, client, edition):
        html = client.get(f"{edition.history_url}3/").text
        assert_valid(html)
        assert "This is the story as it is on the site now" in html

    def test_carries_the_corrections_of_the_story(self, client, edition, editor):
        publishing.correct(edition.article, by=editor, text="The ferry never stopped.")
        html = client.get(f"{edition.history_url}1/").text
        assert_valid(html)
        assert "The ferry never stopped." in html

    def test_is_no_page_for_search_engines(self, client, edition):
        for path in pages(edition):
            html = client.get(path).text
            assert '<meta name="robots" content="noindex">' in html
            assert f'<link rel="canonical" href="{edition.absolute_url}">' in html
            assert "ld+json" not in html
            assert "og:title" not in html

    @pytest.mark.parametrize("number", ["0", "4", "99999999999999999999", "-1", "x", "1.0"])
    def test_that_is_not_there_is_a_404(self, client, edition, number):
        assert client.get(f"{edition.history_url}{number}/").status_code == 404

    def test_of_another_story_is_a_404(self, client, edition):
        other = publish_article(section=edition.section)
        assert client.get(f"{other.history_url}3/").status_code == 404


class TestAComparison:
    def text(self, edition, older=1, newer=3):
        path = f"{edition.history_url}compare/"
        response = Client().get(path, {"from": older, "to": newer})
        assert response.status_code == 200
        assert_valid(response.text)
        return re.sub(r'<span class="vh">[^<]*</span>', "", response.text)

    def test_marks_the_words_that_changed(self, edition):
        assert "The ferry <del>stops</del><ins>runs on</ins>" in self.text(edition)

    def test_has_the_older_version_first_whichever_is_asked_for_first(self, edition):
        assert self.text(edition, 3, 1) == self.text(edition, 1, 3)

    def test_leaves_out_what_is_the_same(self, edition):
        html = self.text(edition)
        labels = re.findall(r'<h2 class="rail label"[^>]*>([^<]*)</h2>', html)
        assert labels == ["Headline"]
        assert edition.standfirst not in html

    def test_says_when_the_words_are_the_same(self, edition, editor):
        publishing.publish(edition.article, by=editor)
        assert "The words are the same." in self.text(edition, 3, 4)

    def test_covers_all_that_readers_read(self, edition, editor):
        article = edition.article
        article.standfirst, article.summary = "Another standfirst.", "Another summary."
        article.body = article.body.replace("four times", "five times")
        article.key_points.all().delete()
        article.key_points.create(text="Another point")
        article.bylines.all().delete()
        newer = again(edition, "Another headline", editor)
        html = self.text(newer, 3, 4)
        labels = re.findall(r'<h2 class="rail label"[^>]*>([^<]*)</h2>', html)
        wanted = ["Headline", "Standfirst", "Byline", "In brief", "Key Points", "Text"]
        assert labels == wanted
        assert "will cross <del>four </del><ins>five </ins>times a day" in html
        assert "paragraphs are the same" in html

    def test_holds_hostile_words_as_text(self, edition, editor):
        article = edition.article
        article.standfirst = article.summary = HOSTILE
        article.body = f"<p>{HOSTILE.replace('<', '&lt;')}</p>"
        newer = again(edition, HOSTILE, editor)
        article.key_points.create(text=HOSTILE)
        newest = again(edition, f"{HOSTILE} once more", editor)
        for older, number in ((3, newer.number), (newer.number, newest.number)):
            html = self.text(edition, older, number)
            assert "<script>alert" not in html
            assert "&lt;script&gt;" in html or "&lt;" in html

    @pytest.mark.parametrize(
        "query",
        [{}, {"from": "1"}, {"to": "2"}, {"from": "1", "to": "x"}, {"from": "9", "to": "1"}],
    )
    def test_of_what_is_not_there_is_a_404(self, client, edition, query):
        assert client.get(f"{edition.history_url}compare/", query).status_code == 404

    @given(older=st.text(max_size=20), newer=st.text(max_size=20))
    def test_never_breaks_on_a_query(self, client, edition, older, newer):
        response = client.get(f"{edition.history_url}compare/", {"from": older, "to": newer})
        assert response.status_code in {200, 404}


class TestEveryReader:
    def test_gets_the_same_page(self, edition, editor):
        colleague = Client()
        colleague.force_login(editor)
        colleague.get("/admin/")
        for path in pages(edition):
            one, two = Client().get(path), colleague.get(path)
            assert one.status_code == 200
            assert one.content == two.content
            assert not two.cookies
            assert editor.first_name not in one.text
            assert "csrf" not in one.text.lower()
            assert one.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
            assert f"article:{edition.article_id}" in one.headers["Surrogate-Key"].split()

    @pytest.mark.parametrize("editions", [0, 20])
    def test_costs_few_queries(
        self, client, edition, editor, editions, django_assert_max_num_queries
    ):
        for number in range(editions):
            again(edition, f"Headline {number}", editor)
        live = edition.article.live_edition()
        for path in pages(live):
            with django_assert_max_num_queries(4):
                assert client.get(path).status_code == 200
