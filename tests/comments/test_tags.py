import datetime

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import timezone

from articles import publishing
from articles.models import Edition
from comments import moderation
from comments.templatetags.comments import (
    comment_counts,
    comment_list,
    most_discussed,
    reader_said,
)
from tests.factories import COMMENT, make_comment, make_editor, make_moderator, publish_article

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</p></article><h1>Mine</h1>",
    "{{ settings.SECRET_KEY }}{% load x %}",
    "javascript:alert(1)",
    "&lt;b&gt; &amp; '\"",
]
hostile = pytest.mark.parametrize("words", HOSTILE)


@pytest.fixture
def edition():
    return publish_article()


def pks(comments):
    return [comment.pk for comment in comments]


def thread(*comments):
    template = Template("{% load comments %}{% comment_thread comments %}")
    return template.render(Context({"comments": list(comments)}))


class TestCounts:
    def test_come_in_one_query_and_hold_approved_comments_only(
        self, edition, django_assert_num_queries
    ):
        quiet, unlisted = publish_article(), publish_article()
        for status in ("approved", "approved", "pending", "rejected", "spam"):
            make_comment(edition.article, status=status)
        make_comment(quiet.article)
        make_comment(unlisted.article, status="approved")
        with django_assert_num_queries(1):
            counts = comment_counts([edition, quiet])
        assert {pk: number for pk, number in counts.items() if number} == {edition.article_id: 2}

    def test_of_no_stories_need_no_query(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert comment_counts([]) == {}


class TestList:
    def test_holds_approved_comments_of_this_story_oldest_first(
        self, edition, django_assert_num_queries
    ):
        now = timezone.now()
        article = edition.article
        second = make_comment(article, status="approved", created_at=now - DAY)
        third = make_comment(article, status="approved", created_at=now)
        first = make_comment(article, status="approved", created_at=now - 2 * DAY)
        same_moment = make_comment(article, status="approved", created_at=now)
        for status in ("pending", "rejected", "spam"):
            make_comment(article, status=status)
        make_comment(status="approved")
        with django_assert_num_queries(1):
            assert pks(comment_list(edition)) == pks([first, second, third, same_moment])

    def test_goes_with_the_story_from_edition_to_edition(self, edition):
        comment = make_comment(edition.article, status="approved")
        newer = publish_article(edition.article, at=timezone.now())
        assert pks(comment_list(newer)) == [comment.pk]


class TestThread:
    def test_shows_name_time_and_paragraphs(self, edition):
        moment = datetime.datetime(2026, 1, 8, 12, 30, tzinfo=datetime.UTC)
        comment = make_comment(
            edition.article, name="Mira Holt", body=f"{COMMENT}\n\nSecond.", created_at=moment
        )
        html = thread(comment)
        assert f'id="{comment.anchor}"' in html
        assert f"<p>{COMMENT}</p><p>Second.</p>" in html
        assert ">Mira Holt</h3>" in html
        assert ">M</span>" in html
        assert 'datetime="2026-01-08T' in html
        assert "mira@example.com" not in html

    def test_invites_the_first(self):
        assert "No comments yet. Start the discussion." in thread()

    def test_lets_each_comment_run_in_its_own_direction(self, edition):
        html = thread(make_comment(edition.article, name="\u0639\u0645\u0631"))
        assert '<h3 class="comment__name" dir="auto">' in html
        assert '<div class="comment__text" dir="auto">' in html

    @hostile
    def test_shows_hostile_words_as_words(self, edition, words):
        body = f"{words} {COMMENT}"
        html = thread(make_comment(edition.article, name=words[:80], body=body))
        harmless = thread(make_comment(edition.article))
        # Whatever is written, no element, attribute or comment more comes of it.
        assert html.count("<") == harmless.count("<")
        assert html.count('"') == harmless.count('"')
        for char, reference in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
            words = words.replace(char, reference)
        assert words.replace("'", "&#x27;") in html


class TestForm:
    @hostile
    def test_gives_hostile_words_back_as_words(self, edition, words):
        response = Client().post(
            f"{edition.get_absolute_url()}comments/",
            {"comment": words[:40], "name": words, "email": words, "website": words},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        html = response.content.decode()
        assert response.status_code == 422
        for part in ("<script>alert", "<img src=x", "<h1>Mine", 'value=""><'):
            assert part not in html

    def test_goes_to_its_own_story(self, edition):
        other = publish_article()
        html = Client().get(edition.get_absolute_url()).content.decode()
        assert f'action="{edition.get_absolute_url()}comments/"' in html
        assert f'action="{other.get_absolute_url()}comments/"' not in html

    def test_is_the_same_under_every_reading_of_a_story(self, edition):
        template = Template("{% load comments %}{% comment_form edition %}")
        pages = {
            template.render(Context({"edition": Edition.objects.get(pk=edition.pk)}))
            for _ in range(2)
        }
        assert len(pages) == 1
        assert "csrf" not in pages.pop()


class TestMostDiscussed:
    def editions(self):
        return most_discussed()["editions"]

    def discuss(self, edition, number):
        for _ in range(number):
            make_comment(edition.article, status="approved")

    def test_are_ranked_by_their_comments_then_the_newest(self, django_assert_num_queries):
        stories = [publish_article() for _number in range(5)]
        for edition, number in zip(stories, (1, 3, 0, 1, 2), strict=True):
            self.discuss(edition, number)
        make_comment(stories[2].article)
        with django_assert_num_queries(1):
            found = self.editions()
        assert [edition.pk for edition in found] == [stories[n].pk for n in (1, 4, 3)]
        assert [edition.comments for edition in found] == [3, 2, 1]
        with django_assert_num_queries(0):
            assert [edition.section.accent for edition in found]
            assert [edition.get_absolute_url() for edition in found]

    def test_are_live(self):
        old, gone, new = (publish_article() for _number in range(3))
        for edition in (old, gone, new):
            self.discuss(edition, 1)
        publishing.withdraw(gone.article, by=make_editor())
        assert [edition.pk for edition in self.editions()] == [new.pk, old.pk]

    def test_say_nothing_where_nobody_spoke(self):
        publish_article()
        template = Template("{% load comments %}{% most_discussed %}")
        assert template.render(Context()).strip() == ""


class TestReaderSaid:
    @pytest.fixture
    def moderator(self):
        return make_moderator()

    def pick(self, moderator, edition=None, **fields):
        edition = edition or publish_article()
        comment = make_comment(edition.article, **fields)
        moderation.approve(comment, by=moderator)
        moderation.feature(comment, by=moderator)
        return comment

    def test_is_the_last_pick(self, moderator, django_assert_num_queries):
        self.pick(moderator)
        last = self.pick(moderator, name="Dana W")
        context = Context({"surrogate_keys": []})
        with django_assert_num_queries(1):
            said = reader_said(context)
            assert said.edition.get_absolute_url()
        assert (said.by, said.words, said.anchor) == ("Dana W", COMMENT, last.anchor)
        assert context["surrogate_keys"] == ["picks"]

    def test_is_under_a_live_story(self, moderator):
        earlier = self.pick(moderator)
        edition = publish_article()
        self.pick(moderator, edition)
        publishing.withdraw(edition.article, by=make_editor())
        assert reader_said(Context()).anchor == earlier.anchor

    def test_is_nothing_without_a_pick(self, moderator):
        moderation.approve(make_comment(), by=moderator)
        assert reader_said(Context()) is None

    def test_is_quoted_in_few_words(self, moderator):
        self.pick(moderator, body="word " * 100)
        words = reader_said(Context()).words
        assert words.split() == ["word"] * 45 + ["…"]
