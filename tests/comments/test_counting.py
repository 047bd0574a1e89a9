import threading
from collections import Counter

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from comments import moderation
from comments.counting import recount
from comments.models import ArticleCount, Comment, Decision, StatusCount
from tests.factories import COMMENT, make_comment, make_moderator, publish_article

pytestmark = pytest.mark.django_db

STATUSES = Comment.Status.values
DECISIONS = [Decision.Action.APPROVE, Decision.Action.REJECT, Decision.Action.SPAM]
STEPS = ["insert", "move", "decide", "delete"]


def kept():
    """The numbers that the database keeps, without noughts."""
    totals = {status: n for status, n in StatusCount.objects.totals().items() if n}
    return totals, dict(ArticleCount.objects.exclude(approved=0).values_list("pk", "approved"))


def counted():
    """The same numbers, counted row by row."""
    rows = list(Comment.objects.values_list("status", "article"))
    return (
        dict(Counter(status for status, _article in rows)),
        dict(Counter(article for status, article in rows if status == "approved")),
    )


def comments_of(*articles, number=2):
    return [
        Comment(article=article, name="Mira", email="m@example.com", body=COMMENT, status=status)
        for article in articles
        for status in STATUSES
        for _ in range(number)
    ]


@pytest.fixture
def articles():
    return [publish_article().article for _ in range(2)]


class TestNumbers:
    def test_are_none_without_comments(self, articles):
        assert kept() == ({}, {})

    def test_follow_a_comment_through_its_decisions(self):
        comment, moderator = make_comment(), make_moderator()
        assert kept() == ({"pending": 1}, {})
        moderation.approve(comment, by=moderator)
        assert kept() == ({"approved": 1}, {comment.article_id: 1})
        moderation.mark_spam(comment, by=moderator)
        assert kept() == ({"spam": 1}, {})

    def test_follow_many_that_come_and_are_decided_on_at_once(self, articles):
        comments = Comment.objects.bulk_create(comments_of(*articles))
        assert kept() == counted()
        moderation.decide(
            [comment.pk for comment in comments], Decision.Action.APPROVE, by=make_moderator()
        )
        assert kept() == counted() == ({"approved": 16}, {article.pk: 8 for article in articles})

    def test_leave_out_what_is_rolled_back(self, articles):
        with transaction.atomic():
            make_comment(articles[0], status="approved")
            transaction.set_rollback(True)
        assert kept() == ({}, {})

    def test_stay_as_they_are_when_other_things_change(self, articles):
        Comment.objects.bulk_create(comments_of(*articles))
        before = kept()
        Comment.objects.update(name="Somebody", hold_reason="Several links")
        assert kept() == before == counted()

    @given(
        st.lists(
            st.tuples(
                st.sampled_from("insert move decide delete".split()), *[st.integers(0, 7)] * 2
            )
        )
    )
    def test_are_those_of_a_count_whatever_happens(self, steps):
        with transaction.atomic():
            articles = [publish_article().article for _ in range(2)]
            for step, first, second in steps:
                some = Comment.objects.order_by("pk")
                some = some.filter(
                    pk__in=list(some.values_list("pk", flat=True)[first : first + 3])
                )
                status, article = STATUSES[second % 4], articles[second % 2]
                if step == "insert":
                    Comment.objects.bulk_create(comments_of(*articles)[first : first + second])
                elif step == "move":
                    some.update(article=article, status=status)
                elif step == "decide":
                    some.update(status=status)
                else:
                    some.delete()
            assert kept() == counted()
            transaction.set_rollback(True)

    def test_are_right_again_after_a_recount(self, articles):
        Comment.objects.bulk_create(comments_of(*articles))
        StatusCount.objects.update(number=7)
        ArticleCount.objects.all().delete()
        recount(connection)
        assert kept() == counted()
        make_comment(articles[0], status="approved")
        assert kept() == counted()


@pytest.mark.usefixtures("committed_db")
class TestNumbersOfARebuiltTable:
    def test_are_kept_on(self):
        if connection.vendor != "sqlite":
            pytest.skip("only SQLite rebuilds a table to alter it")
        comment = make_comment(status="approved")
        with connection.schema_editor() as editor:
            editor._remake_table(Comment)
        assert kept() == counted()
        Comment.objects.bulk_create(comments_of(comment.article))
        Comment.objects.filter(pk=comment.pk).update(status="rejected")
        assert kept() == counted()


@pytest.mark.usefixtures("committed_db")
class TestSeveralAtOnce:
    def test_lose_no_comment(self):
        """Two moderators decide on the same stories while two readers post under them."""
        articles = [publish_article().article for _ in range(3)]
        comments = Comment.objects.bulk_create(comments_of(*articles, number=4))
        moderators = [make_moderator(), make_moderator()]
        failures = []

        def run(work):
            try:
                work()
            except Exception as error:
                failures.append(error)
            finally:
                connection.close()

        def post():
            for _ in range(10):
                for article in articles:
                    make_comment(article)

        def decide(by, order):
            pks = [comment.pk for comment in comments[::order]]
            for start in range(0, len(pks), 7):
                for action in DECISIONS[::order]:
                    moderation.decide(pks[start : start + 9], action, by=by)

        works = [
            post,
            post,
            lambda: decide(moderators[0], 1),
            lambda: decide(moderators[1], -1),
        ]
        threads = [threading.Thread(target=run, args=[work]) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert kept() == counted()
        assert sum(kept()[0].values()) == len(comments) + 60
