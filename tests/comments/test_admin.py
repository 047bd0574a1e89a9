import datetime
import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from comments import moderation
from comments.models import Comment, Decision
from tests.factories import (
    COMMENT,
    make_article,
    make_comment,
    make_editor,
    make_moderator,
    make_user,
    publish_article,
)

pytestmark = pytest.mark.django_db

QUEUE = "/admin/comments/comment/"
DETAIL = "admin:comments_comment_change"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def moderator():
    return make_moderator("omar")


@pytest.fixture
def desk(client, moderator):
    client.force_login(moderator)
    return client


@pytest.fixture
def article():
    return publish_article(headline="Ferry stays through the winter").article


def make_viewer():
    """Staff who may look at comments and nothing more."""
    viewer = make_user(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_comment"))
    return viewer


def names(response):
    """The commenters on the page, in its order."""
    return re.findall(r'<h2 id="who-\d+" dir="auto">([^<]*)</h2>', response.content.decode())


def words(response):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def status_of(comment):
    return Comment.objects.get(pk=comment.pk).status


class TestQueue:
    def test_shows_what_waits_longest_first(self, desk, article):
        now = timezone.now()
        make_comment(article, name="Second", created_at=now - DAY)
        make_comment(article, name="Third", created_at=now)
        make_comment(article, name="First", created_at=now - 2 * DAY)
        make_comment(article, name="Shown", status="approved")
        make_comment(article, name="Hidden", status="rejected")
        assert names(desk.get(QUEUE)) == ["First", "Second", "Third"]

    def test_shows_whole_comments_beside_their_headline(self, desk, article):
        body = f"{COMMENT}\n\n{'word ' * 500}the very end"
        make_comment(article, body=body, hold_reason="Several links")
        page = words(desk.get(QUEUE))
        assert "Ferry stays through the winter" in page
        assert COMMENT in page
        assert "the very end" in page
        assert "Several links" in page

    @pytest.mark.parametrize("status", ["approved", "rejected", "spam"])
    def test_has_a_tab_for_what_was_decided_newest_first(self, desk, article, status):
        now = timezone.now()
        make_comment(article, name="Older", status=status, created_at=now - DAY)
        make_comment(article, name="Newer", status=status, created_at=now)
        make_comment(article, name="Waiting")
        assert names(desk.get(QUEUE, {"status": status})) == ["Newer", "Older"]

    def test_counts_every_tab_and_marks_the_open_one(self, desk, article):
        for status, number in (("pending", 1), ("approved", 2), ("spam", 3)):
            for _ in range(number):
                make_comment(article, status=status)
        html = desk.get(QUEUE, {"status": "spam"}).content.decode()
        tabs = re.findall(r'<a href="\?status=(\w+)"( aria-current="page")?>[^<]*<span>(\d+)', html)
        assert [(status, int(number)) for status, _, number in tabs] == [
            ("pending", 1),
            ("approved", 2),
            ("rejected", 0),
            ("spam", 3),
        ]
        assert [status for status, current, _ in tabs if current] == ["spam"]

    def test_says_that_it_is_clear(self, desk):
        assert "The queue is clear." in words(desk.get(QUEUE))
        assert "There is nothing here." in words(desk.get(QUEUE, {"status": "spam"}))

    @pytest.mark.parametrize("query", ["holt", "BAKERY", "Mira Holt"])
    def test_finds_names_and_words(self, desk, article, query):
        make_comment(article, name="Mira Holt", body=f"{COMMENT} Come to the bakery.")
        make_comment(article, name="Jonas Berg")
        assert names(desk.get(QUEUE, {"q": query})) == ["Mira Holt"]

    def test_searches_within_the_open_tab(self, desk, article):
        make_comment(article, name="Mira Waiting")
        make_comment(article, name="Mira Spam", status="spam")
        assert names(desk.get(QUEUE, {"q": "mira", "status": "spam"})) == ["Mira Spam"]
        assert "matches “nobody”" in words(desk.get(QUEUE, {"q": "nobody"}))

    def test_never_finds_by_email(self, desk, article):
        make_comment(article, email="findme@example.com")
        response = desk.get(QUEUE, {"q": "findme"})
        assert names(response) == []
        assert "findme@example.com" not in desk.get(QUEUE).content.decode()

    def test_is_shown_in_pages(self, desk, article):
        for number in range(27):
            make_comment(article, name=f"Reader {number}")
        assert len(names(desk.get(QUEUE))) == 25
        assert names(desk.get(QUEUE, {"p": "2"})) == ["Reader 25", "Reader 26"]

    def test_escapes_what_readers_wrote(self, desk, article):
        make_comment(article, name="<script>name", body="<script>body" + COMMENT)
        html = desk.get(QUEUE).content.decode()
        assert "<script>name" not in html
        assert "<script>body" not in html
        assert "&lt;script&gt;body" in html

    def test_takes_as_many_queries_for_any_number_of_comments(self, desk, article):
        def queries():
            with CaptureQueriesContext(
                connection,
            ) as captured:
                desk.get(QUEUE)
            return len(captured)

        make_comment(article)
        few = queries()
        for _ in range(20):
            make_comment(make_article())
        assert queries() == few
        assert few <= 8

    def test_changes_nothing_when_it_is_opened(self, desk, article):
        comment = make_comment(article)
        for decide in ("approve", f"approve:{comment.pk}"):
            desk.get(QUEUE, {"decide": decide, "chosen": comment.pk})
            desk.get(reverse(DETAIL, args=[comment.pk]), {"decide": decide})
            desk.head(QUEUE, {"decide": decide})
        assert status_of(comment) == "pending"
        assert not Decision.objects.exists()


class TestDeciding:
    @pytest.mark.parametrize(
        ("action", "status", "told"),
        [
            ("approve", "approved", "1 comment approved. Readers see it now."),
            ("reject", "rejected", "1 comment rejected."),
            ("spam", "spam", "1 comment marked as spam."),
        ],
    )
    def test_carries_out_the_button_of_one_comment(
        self, desk, moderator, article, action, status, told
    ):
        comment, other = make_comment(article), make_comment(article)
        response = desk.post(
            QUEUE, {"decide": f"{action}:{comment.pk}", "chosen": other.pk}, follow=True
        )
        assert told in words(response)
        assert (status_of(comment), status_of(other)) == (status, "pending")
        decision = Decision.objects.get()
        assert (decision.comment, decision.by, decision.action) == (comment, moderator, action)

    @pytest.mark.parametrize(
        ("action", "status", "told"),
        [
            ("approve", "approved", "2 comments approved. Readers see them now."),
            ("reject", "rejected", "2 comments rejected."),
            ("spam", "spam", "2 comments marked as spam."),
        ],
    )
    def test_carries_out_the_button_for_all_ticked(self, desk, article, action, status, told):
        ticked = [make_comment(article) for _ in range(2)]
        other = make_comment(article)
        response = desk.post(
            QUEUE, {"decide": action, "chosen": [comment.pk for comment in ticked]}, follow=True
        )
        assert told in words(response)
        assert [status_of(comment) for comment in ticked] == [status, status]
        assert status_of(other) == "pending"
        assert Decision.objects.count() == 2

    def test_comes_back_to_the_same_queue(self, desk, article):
        comment = make_comment(article, status="spam")
        response = desk.post(f"{QUEUE}?status=spam&q=mira", {"decide": f"approve:{comment.pk}"})
        assert response.status_code == 302
        assert response.headers["Location"] == f"{QUEUE}?status=spam&q=mira"

    def test_keeps_the_reason_for_rejecting(self, desk, article):
        comment, other = make_comment(article), make_comment(article)
        desk.post(
            QUEUE,
            {
                "decide": f"reject:{comment.pk}",
                f"reason-{comment.pk}": "Personal attack",
                f"reason-{other.pk}": "Hate",
            },
        )
        assert Decision.objects.get().reason == "Personal attack"

    def test_keeps_no_reason_for_another_decision(self, desk, article):
        comment = make_comment(article)
        data = {"decide": f"approve:{comment.pk}", f"reason-{comment.pk}": "Hate"}
        desk.post(QUEUE, data)
        assert Decision.objects.get().reason == ""

    def test_asks_to_tick_first(self, desk, article):
        comment = make_comment(article)
        response = desk.post(QUEUE, {"decide": "approve"}, follow=True)
        assert "Tick the comments that you have decided on first." in words(response)
        assert status_of(comment) == "pending"

    def test_says_when_somebody_was_faster(self, desk, article):
        comment = make_comment(article)
        moderation.approve(comment, by=make_moderator())
        response = desk.post(QUEUE, {"decide": f"approve:{comment.pk}"}, follow=True)
        assert "Somebody has decided that already. Nothing was changed." in words(response)
        assert Decision.objects.count() == 1

    @pytest.mark.parametrize("button", ["", "delete", "pin", "approved", ":", "approve;", "\0"])
    def test_refuses_what_is_no_decision(self, desk, article, button):
        comment = make_comment(article)
        for decide in (button, f"{button}:{comment.pk}"):
            response = desk.post(QUEUE, {"decide": decide, "chosen": comment.pk}, follow=True)
            assert "That is no decision. Press one of the buttons." in words(response)
        desk.post(QUEUE)
        assert status_of(comment) == "pending"

    @pytest.mark.parametrize(
        "pk", ["x", "-1", "0", "1.5", "²", "٣", "\0", "9" * 19, "9" * 30, "9" * 5000, " 1", "None"]
    )
    def test_passes_over_junk(self, desk, article, pk):
        comment = make_comment(article)
        for data in ({"decide": f"approve:{pk}"}, {"decide": "approve", "chosen": pk}):
            assert desk.post(QUEUE, data).status_code == 302
        assert status_of(comment) == "pending"
        desk.post(QUEUE, {"decide": "approve", "chosen": [pk, comment.pk]})
        assert status_of(comment) == "approved"

    @pytest.mark.parametrize("reason", ["\0", "Hate\0", "x" * 999, "Because I say so", "<b>"])
    def test_keeps_only_reasons_that_it_offers(self, desk, article, reason):
        comment = make_comment(article)
        data = {"decide": f"reject:{comment.pk}", f"reason-{comment.pk}": reason}
        assert desk.post(QUEUE, data).status_code == 302
        assert status_of(comment) == "rejected"
        assert Decision.objects.get().reason == ""

    @given(
        query=st.dictionaries(
            st.sampled_from(["status", "q", "p", "o", "all", "e", "_popup", "_to_field", "name"]),
            st.text(max_size=20) | st.sampled_from(["pending", "spam", "1", "-1", "9" * 20]),
        ),
        data=st.dictionaries(
            st.sampled_from(["decide", "chosen", "reason-1", "action", "_save", "index"]),
            st.text(max_size=20) | st.sampled_from(["approve", "reject:1", "spam:x", "1"]),
        ),
    )
    def test_always_answers(self, query, data):
        if not hasattr(self, "desk"):
            self.desk = Client()
            self.desk.force_login(make_moderator())
            make_comment()
        assert self.desk.get(QUEUE, query).status_code in {200, 302, 400}
        assert self.desk.post(QUEUE, data, query_params=query).status_code == 302

    def test_needs_a_token(self, moderator, article):
        client = Client(enforce_csrf_checks=True)
        client.force_login(moderator)
        comment = make_comment(article)
        response = client.post(QUEUE, {"decide": f"approve:{comment.pk}"})
        assert response.status_code == 403
        assert status_of(comment) == "pending"


class TestOneComment:
    def test_is_shown_with_its_record(self, desk, article):
        comment = make_comment(article)
        moderation.mark_spam(comment, by=make_moderator("petra"))
        moderation.reject(comment, by=make_moderator("jonas"), reason="Off-topic")
        page = words(desk.get(reverse(DETAIL, args=[comment.pk])))
        assert COMMENT in page
        assert "Ferry stays through the winter" in page
        record = page.partition("Record")[2]
        assert record.index("jonas") < record.index("petra")
        assert "Off-topic" in record
        assert "before: Spam" in record
        assert "before: Pending" in record

    def test_says_when_nobody_has_decided(self, desk, article):
        comment = make_comment(article)
        assert "Nobody has decided yet." in words(desk.get(reverse(DETAIL, args=[comment.pk])))

    def test_is_decided_on_its_own_page(self, desk, article):
        comment, other = make_comment(article), make_comment(article)
        url = reverse(DETAIL, args=[comment.pk])
        response = desk.post(url, {"decide": f"approve:{comment.pk}"})
        assert (response.status_code, response.headers["Location"]) == (302, url)
        assert status_of(comment) == "approved"
        desk.post(url, {"decide": f"approve:{other.pk}"})
        assert status_of(other) == "pending"

    def test_keeps_the_reason_given_on_its_own_page(self, desk, article):
        comment = make_comment(article)
        desk.post(
            reverse(DETAIL, args=[comment.pk]),
            {"decide": f"reject:{comment.pk}", f"reason-{comment.pk}": "Hate"},
        )
        assert Decision.objects.get().reason == "Hate"

    @pytest.mark.parametrize("pk", ["0", "x", "99999", "9" * 30, "-1", "1.5", "_00"])
    def test_that_does_not_exist_is_not_found(self, desk, pk):
        assert desk.get(f"{QUEUE}{pk}/change/").status_code == 404
        assert desk.post(f"{QUEUE}{pk}/change/", {"decide": "approve"}).status_code == 404

    def test_takes_as_many_queries_for_any_number_of_decisions(self, desk, article):
        comment = make_comment(article)

        def queries():
            with CaptureQueriesContext(connection) as captured:
                desk.get(reverse(DETAIL, args=[comment.pk]))
            return len(captured)

        moderation.approve(comment, by=make_moderator())
        few = queries()
        for verb in (moderation.reject, moderation.mark_spam, moderation.approve):
            verb(comment, by=make_moderator())
        assert queries() == few


class TestRights:
    def pages(self, comment):
        return [QUEUE, reverse(DETAIL, args=[comment.pk])]

    def test_let_moderators_in(self, desk, article):
        for url in self.pages(make_comment(article)):
            assert desk.get(url).status_code == 200

    def test_keep_editors_out(self, client, article):
        comment = make_comment(article)
        client.force_login(make_editor())
        for url in self.pages(comment):
            assert client.get(url).status_code == 403
            assert client.post(url, {"decide": f"approve:{comment.pk}"}).status_code == 403
        assert status_of(comment) == "pending"

    @pytest.mark.parametrize("is_reader", [True, False])
    def test_send_everybody_else_to_log_in(self, client, article, is_reader):
        comment = make_comment(article)
        if is_reader:
            client.force_login(make_user())
        for url in self.pages(comment):
            for response in (client.get(url), client.post(url, {"decide": "approve:1"})):
                assert response.status_code == 302
                assert "/login/" in response.headers["Location"]
        assert status_of(comment) == "pending"

    def test_let_viewers_read_but_not_decide(self, client, article):
        comment = make_comment(article)
        client.force_login(make_viewer())
        for url in self.pages(comment):
            response = client.get(url)
            assert response.status_code == 200
            assert COMMENT in words(response)
            assert 'name="decide"' not in response.content.decode()
            assert 'name="chosen"' not in response.content.decode()
            assert client.post(url, {"decide": f"approve:{comment.pk}"}).status_code == 403
        assert status_of(comment) == "pending"
        assert not Decision.objects.exists()

    def test_let_nobody_add_change_or_erase(self, admin_client, desk, article):
        comment = make_comment(article)
        data = {"body": "x" * 60, "name": "Changed", "status": "approved", "post": "yes"}
        for client in (admin_client, desk):
            for url in (f"{QUEUE}add/", f"{QUEUE}{comment.pk}/delete/"):
                assert client.get(url).status_code == 403
                assert client.post(url, data).status_code == 403
            client.post(reverse(DETAIL, args=[comment.pk]), data)
            action = {"action": "delete_selected", "_selected_action": comment.pk, "post": "yes"}
            client.post(QUEUE, action)
        assert Comment.objects.get().name == comment.name
        assert status_of(comment) == "pending"

    def test_show_moderators_nothing_but_comments(self, desk):
        html = desk.get("/admin/").content.decode()
        links = set(re.findall(r'href="(/admin/[a-z]+/[a-z]+/)"', html))
        assert links == {QUEUE}
        for name in ("articles_article", "auth_user", "auth_group"):
            try:
                url = reverse(f"admin:{name}_changelist")
            except NoReverseMatch:
                continue
            assert desk.get(url).status_code == 403


class TestPicks:
    def press(self, client, comment, action):
        address = reverse("admin:comments_comment_change", args=[comment.pk])
        return client.post(address, {"decide": f"{action}:{comment.pk}"}, follow=True)

    def test_are_made_and_unmade_by_a_button(self, client):
        client.force_login(make_moderator())
        comment = make_comment(status="approved")
        page = self.press(client, comment, "feature").text
        assert "An editor’s pick now." in page
        assert "No longer a pick" in page
        comment.refresh_from_db()
        assert comment.featured_at
        page = self.press(client, comment, "unfeature").text
        assert "Make it an editor’s pick" in page
        comment.refresh_from_db()
        assert comment.featured_at is None

    @pytest.mark.parametrize("action", ["feature", "unfeature"])
    def test_are_made_one_by_one(self, client, action):
        client.force_login(make_moderator())
        picked = [make_comment(status="approved") for _number in range(2)]
        chosen = {"decide": action, "chosen": [comment.pk for comment in picked]}
        answer = client.post(reverse("admin:comments_comment_changelist"), chosen, follow=True)
        assert "That is no decision. Press one of the buttons." in answer.text
        assert not Comment.objects.filter(featured_at__isnull=False).exists()

    def test_of_what_readers_do_not_see_are_refused(self, client):
        client.force_login(make_moderator())
        comment = make_comment()
        page = self.press(client, comment, "feature").text
        assert "Only a published comment can be an editor’s pick." in page
        assert "Make it an editor’s pick" not in page

    def test_are_for_moderators_alone(self, client):
        reader = make_user("looker", is_staff=True)
        reader.user_permissions.add(Permission.objects.get(codename="view_comment"))
        client.force_login(reader)
        comment = make_comment(status="approved")
        assert self.press(client, comment, "feature").status_code == 403
        comment.refresh_from_db()
        assert comment.featured_at is None
