import datetime
import re
import threading
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from articles import publishing
from articles.public import bare_page
from comments import moderation
from comments.forms import CommentForm
from comments.models import Comment
from tests.factories import (
    COMMENT,
    make_article,
    make_comment,
    make_editor,
    make_moderator,
    publish_article,
)
from tests.valid_html import assert_valid

pytestmark = pytest.mark.django_db

TYPED = {"comment": COMMENT, "name": "Mira Holt", "email": "mira@example.com", "website": ""}
OWN = {"Sec-Fetch-Site": "same-origin"}
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def edition():
    return publish_article()


def post(edition, client=None, *, headers=OWN, address="192.0.2.1", to="comments/", **changes):
    return (client or Client(enforce_csrf_checks=True)).post(
        edition.get_absolute_url() + to,
        {**TYPED, **changes},
        headers=headers,
        REMOTE_ADDR=address,
    )


def words(response):
    return unescape(re.sub(r"<[^>]+>", "", response.content.decode()))


def hidden_fields(response):
    found = re.findall(
        r'<input type="hidden" name="([^"]+)" value="([^"]*)"', response.content.decode()
    )
    return {name: unescape(value) for name, value in found}


def assert_private(response):
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "Surrogate-Key" not in response.headers


class TestPosting:
    def test_sends_the_reader_on_to_a_page_of_their_own(self, edition):
        response = post(edition)
        comment = Comment.objects.get()
        assert response.status_code == 303
        assert response.headers["Location"] == comment.get_status_url()
        assert response.headers["Cache-Control"] == "private, no-store"
        page = Client().get(response.headers["Location"])
        assert page.status_code == 200
        assert COMMENT in words(page)

    def test_stores_what_was_written_as_pending(self, edition):
        post(edition, comment=f"  {COMMENT}\r\n\r\n\r\n{COMMENT}\r\n", name=" Mira\tHolt ")
        comment = Comment.objects.get()
        assert comment.status == "pending"
        assert comment.hold_reason == ""
        assert comment.article == edition.article
        assert comment.body == f"{COMMENT}\n\n{COMMENT}"
        assert (comment.name, comment.email) == ("Mira Holt", "mira@example.com")

    def test_shows_other_readers_nothing_until_it_is_approved(self, edition):
        post(edition)
        story = edition.get_absolute_url()
        assert COMMENT not in words(Client().get(story))
        moderation.approve(Comment.objects.get(), by=make_moderator())
        page = Client().get(story)
        assert COMMENT in words(page)
        assert "mira@example.com" not in page.content.decode()

    def test_ignores_fields_that_are_not_the_readers(self, edition):
        post(edition, status="approved", sender="me", hold_reason="no", article="99", id="7")
        comment = Comment.objects.get()
        assert comment.status == "pending"
        assert comment.sender not in {"", "me"}
        assert comment.article == edition.article

    def test_takes_four_statements_at_most(self, edition):
        for number in range(3):
            make_comment(edition.article, name=f"Reader {number}")
        with CaptureQueriesContext(connection) as asked:
            assert post(edition).status_code == 303
        # Within a test, what begins and ends a transaction is a savepoint.
        statements = [query for query in asked if "SAVEPOINT" not in query["sql"]]
        # Find the story, take turns, look at what they posted before, store.
        assert len(statements) == (4 if connection.vendor == "postgresql" else 3)

    def test_of_a_short_comment_gives_it_back_with_what_is_missing(self, edition):
        response = post(edition, comment="a" * 49, name="Mira <b>")
        html = response.content.decode()
        assert response.status_code == 422
        assert "Write at least 50 characters (you wrote 49, 1 more needed)." in html
        assert ">\n" + "a" * 49 + "</textarea>" in html.replace("\r\n", "\n")
        assert 'value="Mira &lt;b&gt;"' in html
        assert 'value="mira@example.com"' in html
        assert html.count("autofocus") == 1
        assert edition.headline in words(response)
        assert_private(response)
        assert not Comment.objects.exists()

    def test_leads_to_the_form_when_its_address_is_opened(self, edition):
        for ending in ("comments/", "comments/confirm/"):
            response = Client().get(edition.get_absolute_url() + ending)
            assert response.status_code == 302
            assert response.headers["Location"] == edition.get_absolute_url() + "#comment-form"

    @pytest.mark.parametrize("ending", ["comments/", "comments/confirm/"])
    def test_takes_no_other_method(self, edition, ending):
        response = Client().put(edition.get_absolute_url() + ending)
        assert response.status_code == 405

    @pytest.mark.parametrize("ending", ["comments/", "comments/confirm/"])
    def test_under_a_withdrawn_story_finds_it_gone(self, edition, ending):
        publishing.withdraw(edition.article, by=make_editor())
        assert post(edition, Client(), to=ending).status_code == 410
        assert Client().get(edition.get_absolute_url() + ending).status_code == 410
        assert not Comment.objects.exists()

    @pytest.mark.parametrize("ending", ["comments/", "comments/confirm/"])
    @pytest.mark.parametrize("story", ["/2026/01/08/no-such-story/", "/2026/02/30/no-such-day/"])
    def test_under_no_story_finds_nothing(self, story, ending):
        assert Client().post(story + ending, TYPED, headers=OWN).status_code == 404
        assert Client().get(story + ending).status_code == 404

    def test_under_a_scheduled_story_finds_nothing(self):
        tomorrow = timezone.now() + datetime.timedelta(days=1)
        scheduled = publishing.schedule(make_article(), by=make_editor(), at=tomorrow)
        assert post(scheduled).status_code == 404
        assert not Comment.objects.exists()

    @given(
        data=st.dictionaries(
            st.sampled_from(["comment", "name", "email", "website", "csrfmiddlewaretoken"]),
            st.text(max_size=90) | st.sampled_from(list(TYPED.values())),
        ),
        headers=st.dictionaries(
            st.sampled_from(["Sec-Fetch-Site", "Origin"]),
            st.sampled_from(["same-origin", "cross-site", "null", "http://testserver", "x", ""]),
        ),
    )
    def test_always_answers(self, data, headers):
        Comment.objects.all().delete()
        if not hasattr(self, "edition"):
            self.edition = publish_article()
        for ending in ("comments/", "comments/confirm/"):
            response = Client().post(
                self.edition.get_absolute_url() + ending, data, headers=headers
            )
            assert response.status_code in {200, 303, 403, 422}


class TestOrigin:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
            {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
            {"Origin": settings.SITE_URL},
            {"Sec-Fetch-Site": "none", "Origin": settings.SITE_URL},
        ],
    )
    def test_of_our_own_pages_posts(self, edition, headers):
        assert post(edition, headers=headers).status_code == 303
        assert Comment.objects.exists()

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site", "Origin": settings.SITE_URL},
            {"Sec-Fetch-Site": "same-site", "Origin": "null"},
            {"Sec-Fetch-Site": "none", "Origin": "https://evil.example"},
            {"Origin": "https://evil.example"},
            {"Origin": f"{settings.SITE_URL}.evil.example"},
            {"Origin": f"{settings.SITE_URL}:8000"},
            {"Origin": settings.SITE_URL.replace("http:", "https:")},
            {"Origin": ""},
        ],
    )
    def test_of_a_foreign_page_stores_nothing_and_shows_the_text(self, edition, headers):
        response = post(edition, headers=headers, comment="Hello <b>there</b>")
        assert response.status_code == 403
        assert "Hello &lt;b&gt;there&lt;/b&gt;" in response.content.decode()
        assert "<form" not in response.content.decode().partition("<main")[2]
        assert not response.cookies
        assert_private(response)
        assert not Comment.objects.exists()

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "none"},
            {"Sec-Fetch-Site": "none", "Origin": "null"},
            {"Sec-Fetch-Site": "unheard-of"},
        ],
    )
    def test_unknown_is_asked_to_confirm_with_a_token(self, edition, headers):
        client = Client(enforce_csrf_checks=True)
        comment = f"“{COMMENT}” & <more>\r\n\r\n{COMMENT}"
        response = post(edition, client, headers=headers, comment=comment)
        assert response.status_code == 200
        assert "Please confirm your comment" in words(response)
        assert set(response.cookies) == {"csrftoken"}
        assert_private(response)
        assert not Comment.objects.exists()

        data = hidden_fields(response)
        assert set(data) == {"csrfmiddlewaretoken", *TYPED}
        action = re.search(r'method="post" action="([^"]+)"', response.content.decode())[1]
        # By then it is our own page that posts, even where the first post was redirected to us.
        from_us = {} if "Origin" not in headers else {"Origin": settings.SITE_URL}
        confirmed = client.post(action, data, headers=from_us)
        stored = Comment.objects.get()
        assert confirmed.status_code == 303
        assert confirmed.headers["Location"] == stored.get_status_url()
        assert stored.body == f"“{COMMENT}” & <more>\n\n{COMMENT}"
        assert (stored.name, stored.email) == ("Mira Holt", "mira@example.com")

    def test_unknown_is_first_told_what_to_mend(self, edition):
        response = post(edition, headers={}, comment="a" * 49)
        assert response.status_code == 422
        assert "1 more needed" in response.content.decode()
        assert not response.cookies

    @pytest.mark.parametrize("token", [None, "", "x" * 32, "x" * 64])
    def test_is_not_confirmed_without_the_right_token(self, edition, token):
        client = Client(enforce_csrf_checks=True)
        post(edition, client, headers={})
        changes = {} if token is None else {"csrfmiddlewaretoken": token}
        response = post(edition, client, headers={}, to="comments/confirm/", **changes)
        assert response.status_code == 403
        assert not Comment.objects.exists()

    @pytest.mark.parametrize("origin", ["null", "https://evil.example"])
    def test_is_not_confirmed_from_elsewhere(self, edition, origin):
        client = Client(enforce_csrf_checks=True)
        data = hidden_fields(post(edition, client, headers={}))
        response = post(edition, client, headers={"Origin": origin}, to="comments/confirm/", **data)
        assert response.status_code == 403
        assert not Comment.objects.exists()

    def test_is_not_confirmed_by_coming_from_our_own_page_alone(self, edition):
        response = post(edition, headers=OWN, to="comments/confirm/")
        assert response.status_code == 403
        assert not Comment.objects.exists()


class TestSender:
    def test_is_kept_as_a_hash_never_as_an_address(self, edition):
        post(edition, address="192.0.2.77")
        row = Comment.objects.values().get()
        assert re.fullmatch("[0-9a-f]{64}", row["sender"])
        assert "192.0.2.77" not in str(row)

    def test_depends_on_the_key_of_the_site(self, edition, settings):
        post(edition)
        settings.SECRET_KEY = "another key"
        post(edition, comment=COMMENT + COMMENT)
        assert Comment.objects.values("sender").distinct().count() == 2

    @pytest.mark.parametrize(
        ("one", "other", "is_same"),
        [
            ("192.0.2.1", "192.0.2.1", True),
            ("192.0.2.1", "192.0.2.2", False),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
            ("::ffff:192.0.2.1", "192.0.2.1", True),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
            ("fe80::1%eth0", "fe80::2%eth0", True),
            ("", "", True),
        ],
    )
    def test_is_a_network(self, edition, one, other, is_same):
        post(edition, address=one)
        assert post(edition, address=other, comment=COMMENT + COMMENT).status_code == 303
        assert Comment.objects.order_by().values("sender").distinct().count() == 2 - is_same


class TestLimit:
    @pytest.fixture(autouse=True)
    def two_in_five_minutes(self, settings):
        settings.COMMENTS_LIMIT = 2
        settings.COMMENTS_LIMIT_MINUTES = 5

    def test_asks_to_wait_and_keeps_the_text(self, edition):
        for number in range(2):
            assert post(edition, comment=f"{COMMENT} {number}").status_code == 303
        response = post(edition, comment=f"{COMMENT} <third>", name="Jonas")
        html = response.content.decode()
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "300"
        assert "Please wait a moment" in html
        assert "try again in 5 minutes" in html
        assert f"{COMMENT} &lt;third&gt;</textarea>" in html
        assert 'value="Jonas"' in html
        assert_private(response)
        assert not response.cookies
        assert Comment.objects.count() == 2

    def test_counts_under_all_stories_together(self, edition):
        post(edition)
        post(publish_article())
        assert post(publish_article()).status_code == 429

    def test_leaves_other_addresses_alone(self, edition):
        for number in range(3):
            post(edition, comment=f"{COMMENT} {number}")
        assert post(edition, address="192.0.2.2").status_code == 303

    def test_ends_with_time(self, edition):
        for number in range(2):
            post(edition, comment=f"{COMMENT} {number}")
        Comment.objects.update(created_at=timezone.now() - 4 * MINUTE)
        assert post(edition).status_code == 429
        Comment.objects.update(created_at=timezone.now() - 6 * MINUTE)
        assert post(edition).status_code == 303

    def test_holds_for_confirmed_comments_too(self, edition):
        for number in range(2):
            post(edition, comment=f"{COMMENT} {number}")
        client = Client(enforce_csrf_checks=True)
        data = hidden_fields(post(edition, client, headers={}))
        response = post(edition, client, headers={}, to="comments/confirm/", **data)
        assert response.status_code == 429

    def test_is_not_used_up_by_refused_comments(self, edition):
        for _ in range(3):
            assert post(edition, comment="short").status_code == 422
        assert post(edition).status_code == 303

    def test_still_finds_what_was_posted_before(self, edition):
        first = post(edition)
        post(edition, comment=COMMENT + COMMENT)
        assert post(edition).headers["Location"] == first.headers["Location"]


class TestPressingTwice:
    def test_leads_to_the_first_comment(self, edition):
        first = post(edition)
        second = post(edition, comment=f"\r\n{COMMENT}  ")
        assert second.status_code == 303
        assert second.headers["Location"] == first.headers["Location"]
        assert Comment.objects.count() == 1

    def test_posts_the_same_words_under_another_story_or_from_another_address(self, edition):
        post(edition)
        post(publish_article())
        post(edition, address="192.0.2.2")
        assert Comment.objects.count() == 3


class TestScreening:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"website": "https://spam.example"}, "Filled in the hidden field"),
            ({"comment": f"{COMMENT} http://a.example www.b.example"}, "Several links"),
            ({"comment": "1234567890 " * 10}, "No letters"),
            ({"comment": "\N{GRINNING FACE}" * 50}, "No letters"),
        ],
    )
    def test_holds_with_a_reason_yet_tells_the_sender_nothing(self, edition, changes, reason):
        response = post(edition, **changes)
        comment = Comment.objects.get()
        assert response.status_code == 303
        assert (comment.status, comment.hold_reason) == ("pending", reason)
        page = Client().get(comment.get_status_url())
        assert reason not in words(page)
        assert "Your comment is waiting for review." in words(page)

    def test_gives_every_reason(self, edition):
        post(edition, website="x", comment="http://1 www.2 " * 10)
        assert Comment.objects.get().hold_reason.startswith("Filled in the hidden field; Several")

    @pytest.mark.parametrize(
        "comment",
        [
            f"{COMMENT} https://a.example",
            "\u0928\u092e\u0938\u094d\u0924\u0947\u092d\u093e\u0930\u0924" * 5,
            "\u0645\u0631\u062d\u0628\u0627" * 10,
            "\u4f60\u597d" * 25,
        ],
    )
    def test_lets_ordinary_comments_be(self, edition, comment):
        post(edition, comment=comment)
        assert Comment.objects.get().hold_reason == ""


class TestStatusPage:
    @pytest.mark.parametrize(
        ("status", "told"),
        [
            ("pending", "Thank you, Mira Holt. Your comment is waiting for review."),
            ("spam", "Thank you, Mira Holt. Your comment is waiting for review."),
            ("approved", "Thank you, Mira Holt. Your comment is published."),
            ("rejected", "Mira Holt, your comment was not published."),
        ],
    )
    def test_tells_the_sender(self, client, edition, status, told):
        comment = make_comment(edition.article, status=status)
        response = client.get(comment.get_status_url())
        assert response.status_code == 200
        assert told in words(response)
        assert COMMENT in words(response)
        assert "mira@example.com" not in response.content.decode()
        assert edition.get_absolute_url() in response.content.decode()
        assert not response.cookies
        assert_private(response)
        assert '<meta name="robots" content="noindex">' in response.content.decode()

    def test_is_the_same_for_spam_as_for_what_waits(self, client, edition):
        comment = make_comment(edition.article)
        waiting = client.get(comment.get_status_url()).content
        moderation.mark_spam(comment, by=make_moderator())
        assert client.get(comment.get_status_url()).content == waiting

    def test_gives_no_reason_and_no_name_of_a_moderator(self, client, edition):
        comment = make_comment(edition.article)
        moderation.reject(comment, by=make_moderator("secretly"), reason="Personal attack")
        told = words(client.get(comment.get_status_url()))
        assert "Personal attack" not in told
        assert "secretly" not in told

    def test_says_how_long_it_takes_when_that_is_set(self, client, edition, settings):
        url = make_comment(edition.article).get_status_url()
        settings.COMMENTS_REVIEW_TIME = "usually within two hours"
        sentence = "A moderator reads every comment before it appears"
        assert f"{sentence}, usually within two hours." in words(client.get(url))
        settings.COMMENTS_REVIEW_TIME = ""
        assert f"{sentence}." in words(client.get(url))

    @pytest.mark.parametrize("status", ["pending", "approved", "rejected", "spam"])
    def test_outlives_the_story(self, client, edition, status):
        comment = make_comment(edition.article, status=status)
        publishing.withdraw(edition.article, by=make_editor())
        response = client.get(comment.get_status_url())
        assert response.status_code == 200
        assert COMMENT in words(response)
        assert edition.get_absolute_url() not in response.content.decode()

    def test_shows_nothing_of_a_draft(self, client, edition):
        comment = make_comment(edition.article)
        publishing.withdraw(edition.article, by=make_editor())
        edition.article.headline = "Not for readers yet"
        edition.article.save()
        assert "Not for readers yet" not in words(client.get(comment.get_status_url()))

    @pytest.mark.parametrize("token", ["1", "1:forged", "x", "%00", "1%3A", "9" * 500])
    def test_of_a_made_up_address_is_not_found(self, client, token):
        make_comment()
        assert client.get(f"/comments/{token}/").status_code == 404

    def test_takes_no_post(self, client, edition):
        url = make_comment(edition.article).get_status_url()
        assert client.post(url).status_code == 405

    def test_takes_few_queries(self, client, edition, django_assert_max_num_queries):
        url = make_comment(edition.article).get_status_url()
        with django_assert_max_num_queries(4):
            client.get(url)


class TestCookies:
    def test_are_set_by_no_answer_but_the_page_to_confirm(self, edition):
        story = edition.get_absolute_url()
        status = make_comment(edition.article).get_status_url()
        answers = [
            post(edition),
            post(edition, comment="short"),
            post(edition, headers={"Sec-Fetch-Site": "cross-site"}),
            Client().get(story),
            Client().get(f"{story}comments/"),
            Client().get(f"{story}comments/confirm/"),
            Client().get(status),
        ]
        assert [answer.status_code for answer in answers] == [303, 422, 403, 200, 302, 302, 200]
        assert not any(answer.cookies for answer in answers)


@pytest.mark.usefixtures("committed_db")
class TestManyAtOnce:
    @pytest.fixture(autouse=True)
    def on_postgresql(self):
        if connection.vendor != "postgresql":
            pytest.skip("concurrency is tested on PostgreSQL")

    def post_together(self, edition, comments):
        start = threading.Barrier(len(comments))
        answers = []

        def press(comment):
            try:
                start.wait()
                answers.append(post(edition, comment=comment))
            finally:
                connection.close()

        threads = [threading.Thread(target=press, args=[comment]) for comment in comments]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def test_stores_exactly_as_many_as_the_limit_allows(self, edition, settings):
        settings.COMMENTS_LIMIT = 4
        answers = self.post_together(edition, [f"{COMMENT} {number}" for number in range(10)])
        assert sorted(answer.status_code for answer in answers) == [303] * 4 + [429] * 6
        assert Comment.objects.count() == 4

    def test_stores_the_same_words_once(self, edition):
        answers = self.post_together(edition, [COMMENT] * 4)
        assert len({urlsplit(answer.headers["Location"]).path for answer in answers}) == 1
        assert Comment.objects.count() == 1


class TestWithoutADatabase:
    """The database goes away somewhere on the way, and comes back later."""

    @pytest.fixture(params=["find_edition", "take_turn"])
    def away(self, request, edition, monkeypatch):
        # Asked for while the database was there: its address needs its day.
        edition.get_absolute_url()
        with monkeypatch.context() as patch:

            def fail(*arguments, **fields):
                raise OperationalError("the connection was closed")

            patch.setattr(f"comments.views.{request.param}", fail)
            yield patch

    def test_says_so_and_keeps_what_was_typed(self, edition, away):
        response = post(edition, comment=f"<b>{COMMENT}</b>")
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "60"
        assert response.headers["Cache-Control"] == "no-store"
        assert_valid(response.text)
        assert "Your text is kept below" in words(response)
        assert f"&lt;b&gt;{COMMENT}&lt;/b&gt;" in response.text
        assert 'value="Mira Holt"' in response.text
        assert 'value="mira@example.com"' in response.text

    def test_offers_to_send_it_again(self, edition, away):
        response = post(edition)
        assert f'action="{edition.get_absolute_url()}comments/"' in response.text
        away.undo()
        assert post(edition).status_code == 303
        assert Comment.objects.get().body == COMMENT

    def test_needs_no_database_to_say_so(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            form = CommentForm(TYPED, action="/")
            assert bare_page("comments/unavailable.html", {"form": form}, status=503).content
